/// Finds the call for a request.
///
/// Pure: text in, a call out.
struct AdminRouter {
    /// What was found for a method and a path.
    enum Finding {
        case call(AdminCall, segments: [String: String])
        /// The path has calls, but for these methods only.
        case otherMethods([String])
        case nothing
    }

    /// Where calls live.
    static let prefix = "/api/v1/"

    private let calls: [AdminCall]

    init(_ calls: [AdminCall]) { self.calls = calls }

    /// Finds the call; HEAD is answered as GET is.
    func find(_ method: String, _ path: String) -> Finding {
        let wanted = method == "HEAD" ? "GET" : method
        var methods: [String] = []
        for call in calls {
            guard let segments = Self.match(call.path, path) else { continue }
            if call.method.rawValue == wanted { return .call(call, segments: segments) }
            methods += call.method == .get ? ["GET", "HEAD"] : [call.method.rawValue]
        }
        return methods.isEmpty ? .nothing : .otherMethods(methods)
    }

    /// What stands in place of the pattern's segments in braces, if the path is like it.
    private static func match(_ pattern: String, _ path: String) -> [String: String]? {
        let pattern = pattern.split(separator: "/", omittingEmptySubsequences: false)
        let path = path.split(separator: "/", omittingEmptySubsequences: false)
        guard pattern.count == path.count else { return nil }
        var segments: [String: String] = [:]
        for (wanted, found) in zip(pattern, path) {
            if wanted.hasPrefix("{") {
                guard let text = decoded(found), !text.isEmpty else { return nil }
                segments[String(wanted.dropFirst().dropLast())] = text
            } else if wanted != found {
                return nil
            }
        }
        return segments
    }

    /// Reads a query; each parameter once.
    static func parameters(of query: String) throws(AdminRefusal) -> [String: String] {
        var parameters: [String: String] = [:]
        for part in query.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(halves[0], isForm: true),
                let value = decoded(halves.count > 1 ? halves[1] : "", isForm: true)
            else {
                throw AdminRefusal(
                    status: 400, code: "malformed_parameter",
                    detail: "The query is not percent-encoded UTF-8.")
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw .parameter(name, "it's there twice")
            }
        }
        return parameters
    }

    /// Undoes percent-encoding; in a form's fields a plus stands for a blank.
    private static func decoded(_ text: Substring, isForm: Bool = false) -> String? {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "+") where isForm: octets.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard rest.count >= 2, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
                    let value = UInt8(digits, radix: 16)
                else { return nil }
                octets.append(value)
                rest = rest.dropFirst(2)
            default: octets.append(octet)
            }
        }
        return String(validating: octets, as: UTF8.self)
    }
}
