/// Tells a client what is wrong with its request, for its program and for its operator.
///
/// Spec: RFC 9457 §3
public struct Problem: Sendable, Equatable {
    /// The response's status.
    public var status: Int
    /// A stable name; the problem's type is `urn:veer:problem:` and this.
    public var code: String
    /// What is wrong and what to do, in a sentence.
    public var detail: String
    /// Members of its own, such as the attribute that is wrong.
    public var members: [(name: String, value: Value)] = []

    /// A member's value.
    public enum Value: Sendable, Equatable {
        /// A text.
        case text(String)
        /// A number.
        case number(Int)
    }

    /// A problem with no members of its own.
    public init(status: Int, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    /// The problem of a request that couldn't be read.
    public init(_ failure: RequestFailure) {
        self.init(status: failure.status, code: failure.code, detail: failure.sentence)
    }

    /// The response that tells it.
    public var response: Response {
        var text = "{\"type\":\"urn:veer:problem:\(code)\",\"status\":\(status),\"detail\":"
        text += JSONText.quoted(detail)
        for (name, value) in members {
            text += ",\(JSONText.quoted(name)):"
            switch value {
            case .text(let value): text += JSONText.quoted(value)
            case .number(let value): text += "\(value)"
            }
        }
        return Response(
            status: status, contentType: "application/problem+json", body: text + "}\n")
    }

    /// Whether two problems say the same.
    public static func == (one: Problem, other: Problem) -> Bool { one.response == other.response }
}

/// Text as JSON has it.
public enum JSONText {
    /// A string literal with its quotes; controls are escaped, so it's also safe in a log line.
    ///
    /// Spec: RFC 8259 §7
    public static func quoted(_ text: some StringProtocol) -> String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                quoted += "\\u00"
                quoted.unicodeScalars.append(digits[Int(scalar.value >> 4)])
                quoted.unicodeScalars.append(digits[Int(scalar.value & 15)])
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
