internal import HTTP

/// Why a source's bounds keep a request out.
enum BoundRefusal: Error, Equatable {
    /// There were too many; the nanoseconds to wait.
    case rateLimited(Int)
    /// Requests must name the system that they're from, and this one doesn't.
    case originMissing
    /// The system that it's from isn't let in.
    case originNotAllowed
    /// A field of a handshake can't be read.
    case handshakeMalformed(String)
    /// The source lets nobody in by a handshake.
    case handshakeOff

    /// A stable name for machines.
    var code: String {
        switch self {
        case .rateLimited: "rate_limited"
        case .originMissing: "origin_missing"
        case .originNotAllowed: "origin_not_allowed"
        case .handshakeMalformed: "handshake_malformed"
        case .handshakeOff: "handshake_off"
        }
    }

    /// What to tell the sender.
    var problem: Problem {
        switch self {
        case .rateLimited:
            Problem(
                status: 429, code: code, detail: "There are too many requests; send less often.")
        case .originMissing:
            Problem(
                status: 403, code: code,
                detail: "The request needs a WebHook-Request-Origin field with one value.")
        case .originNotAllowed:
            Problem(status: 403, code: code, detail: "This origin is not let in here.")
        case .handshakeMalformed(let field):
            Problem(status: 400, code: code, detail: "The field \(field) can't be read.")
        case .handshakeOff:
            Problem(status: 405, code: code, detail: "No permission is given here.")
        }
    }

    /// Adds the fields that the response must have.
    ///
    /// Spec: CloudEvents Webhook §2.2, RFC 9110 §15.5.6
    func addFields(to response: inout Response) {
        switch self {
        case .rateLimited(let wait):
            response.add("Retry-After", "\(max(1, (wait + 999_999_999) / 1_000_000_000))")
        case .handshakeOff: response.add("Allow", "POST")
        default: break
        }
    }
}
