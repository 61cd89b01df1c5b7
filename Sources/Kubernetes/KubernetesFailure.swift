internal import FoundationEssentials
public import Outbound

/// Why the API server didn't do what it was asked for.
public enum KubernetesFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// No whole answer came.
    case unreachable(CurlError)
    /// The answer is no; `reason` and `message` are the server's words.
    case refused(status: Int, reason: String, message: String, retryAfter: Duration?)
    /// The answer isn't what was asked for.
    case unreadable(String)
    /// There is no token to ask with.
    case noToken(String)
    /// Too many requests wait already.
    case busy

    /// A stable word, or the status, for metrics and logs.
    public var code: String {
        switch self {
        case .unreachable(let error): error.kind.rawValue
        case .refused(let status, _, _, _): "\(status)"
        case .unreadable: "unreadable"
        case .noToken: "no_token"
        case .busy: "busy"
        }
    }

    /// The status of a refusal.
    public var status: Int? {
        if case .refused(let status, _, _, _) = self { status } else { nil }
    }

    /// A sentence for people, on one line.
    public var description: String {
        switch self {
        case .unreachable(let error): "the API server can't be reached: \(error.text)"
        case .refused(let status, let reason, let message, _):
            "the API server answered \(status) \(reason): \(message)"
        case .unreadable(let text): "the API server's answer can't be read: \(text)"
        case .noToken(let text): text
        case .busy: "too many requests to the API server wait"
        }
    }

    /// What an answer that is no success says.
    init(status: Int, body: [UInt8], retryAfter: String? = nil) {
        let said = try? JSONDecoder().decode(Status.self, from: Data(body))
        let text = said?.message ?? String(decoding: body.prefix(200), as: UTF8.self)
        let message = text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) }
        self = .refused(
            status: status, reason: said?.reason ?? "", message: String(message.prefix(500)),
            retryAfter: retryAfter.flatMap { Int($0) }.map { .seconds(max(0, min($0, 3_600))) })
    }

    private struct Status: Decodable {
        var reason: String?
        var message: String?
    }
}
