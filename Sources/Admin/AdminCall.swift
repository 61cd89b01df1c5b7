public import HTTP

/// One call of the operators' interface below `/api/v1`.
///
/// Whoever has something to tell or to change makes one and gives it to ``AdminServer``. A `GET`
/// is answered on every listener of the operators'; `POST` and `DELETE` change something and are
/// answered on the control socket alone.
public struct AdminCall {
    /// What a call does.
    public enum Method: String, Sendable {
        /// Reads.
        case get = "GET"
        /// Changes something.
        case post = "POST"
        /// Takes something away.
        case delete = "DELETE"
    }

    /// Answers once, at once or later on main's loop.
    public typealias Reply = (Response) -> Void

    /// What it does.
    public var method: Method
    /// Its path, such as `/api/v1/sinks/{name}/enable`; a segment in braces takes any text.
    public var path: String
    /// The names of the parameters that it understands; a request with others is refused.
    public var parameters: Set<String>
    /// Answers a request, or refuses it.
    public var answer: (AdminRequest, @escaping Reply) throws(AdminRefusal) -> Void

    /// A call, answered by `answer`.
    public init(
        _ method: Method, _ path: String, parameters: Set<String> = [],
        answer: @escaping (AdminRequest, @escaping Reply) throws(AdminRefusal) -> Void
    ) {
        self.method = method
        self.path = path
        self.parameters = parameters
        self.answer = answer
    }
}

/// Why a call isn't answered as it was asked.
public struct AdminRefusal: Error {
    /// What is told.
    public var problem: Problem

    /// A refusal with a problem.
    public init(status: Int, code: String, detail: String) {
        problem = Problem(status: status, code: code, detail: detail)
    }

    /// The refusal of a parameter's value.
    public static func parameter(_ name: String, _ detail: String) -> AdminRefusal {
        AdminRefusal(status: 400, code: "malformed_parameter", detail: "\(name): \(detail)")
    }
}

/// What a call was asked.
public struct AdminRequest: Sendable {
    /// The texts in place of the path's segments in braces, by their names.
    public var segments: [String: String] = [:]
    /// The query's parameters.
    public var parameters: [String: String] = [:]
    /// The body, at most 64 KiB.
    public var body: [UInt8] = []

    /// A segment of the path; empty where the path has none of that name.
    public func segment(_ name: String) -> String { segments[name] ?? "" }

    /// A parameter that is a whole number in a range.
    public func integer(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(AdminRefusal) -> Int64? {
        guard let text = parameters[name] else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw .parameter(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A parameter that is `true` or `false`; false where it's left out.
    public func flag(_ name: String) throws(AdminRefusal) -> Bool {
        guard let text = parameters[name] else { return false }
        guard let flag = Bool(text) else { throw .parameter(name, "true or false") }
        return flag
    }
}

extension Response {
    /// A response that is JSON.
    public static func json(_ text: String, status: Int = 200) -> Response {
        Response(
            status: status, contentType: "application/json; charset=utf-8", body: text + "\n")
    }
}
