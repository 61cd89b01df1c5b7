internal import Authentication
internal import CloudEvents
internal import HTTP
internal import Journal
internal import Webhooks

/// Why a source doesn't take a request that could be read.
enum Refusal {
    case methodNotAllowed
    /// Its client's address isn't let in.
    case peerNotAllowed
    /// Its client got its credentials wrong too often, and has to wait.
    case tooManyAttempts(seconds: Int)
    /// It proves no right to send.
    case unauthenticated(AuthenticationFailure)
    /// Its signature isn't good.
    case signature(SignatureFailure)
    /// No event can be made of it.
    case adapter(AdapterFailure)
    /// The request holds no valid event.
    case event(EventFailure)
    /// It can't be stored or handed on now.
    case unavailable(code: String)
    /// Memory mode: a sink will never take it.
    case sinkRefused
    /// There were too many, or it's from nobody who may send.
    case bound(BoundRefusal)

    init(_ refusal: Receipt.Refusal) {
        self = refusal == .sinkRefused ? .sinkRefused : .unavailable(code: refusal.rawValue)
    }

    /// A stable name for machines.
    var code: String {
        switch self {
        case .methodNotAllowed: "method_not_allowed"
        case .peerNotAllowed: "peer_not_allowed"
        case .tooManyAttempts: "too_many_failed_attempts"
        case .unauthenticated(let failure): failure.code
        case .signature(let failure): failure.rawValue
        case .adapter(let failure): failure.code
        case .event(let failure): failure.code.rawValue
        case .unavailable(let code): code
        case .sinkRefused: "sink_refused"
        case .bound(let refusal): refusal.code
        }
    }

    /// What to tell the sender.
    ///
    /// - Parameter isRouter: whether to answer with the statuses of the original router.
    func problem(isRouter: Bool) -> Problem {
        switch self {
        case .methodNotAllowed:
            return Problem(status: 405, code: code, detail: "Events are sent by POST.")
        case .peerNotAllowed:
            return Problem(
                status: 403, code: code, detail: "Nothing is taken from this client's address.")
        case .tooManyAttempts:
            return Problem(
                status: 429, code: code,
                detail: "Credentials were wrong too often; come back later with the right ones.")
        case .unauthenticated(let failure):
            return Problem(status: failure.status, code: code, detail: failure.sentence)
        case .signature(.certificateUnavailable):
            return Problem(
                status: 503, code: code,
                detail: "The signature can't be checked yet; send the request again after a while.")
        case .signature:
            // Which of its reasons it is would help whoever tries.
            return Problem(
                status: 401, code: "unauthorized",
                detail: "The request needs a valid signature.")
        case .adapter(let failure): return failure.problem
        case .event(let failure):
            let status = isRouter ? failure.routerStatus : failure.status
            var problem = Problem(status: status, code: code, detail: failure.sentence)
            if let attribute = failure.attribute {
                problem.members.append(("attribute", .text(attribute)))
            }
            if let index = failure.index { problem.members.append(("index", .number(index))) }
            return problem
        case .unavailable:
            return Problem(
                status: 503, code: code,
                detail: "The event was not accepted; send it again after a while.")
        case .sinkRefused:
            return Problem(
                status: 502, code: code, detail: "The event's receiver refused it for good.")
        case .bound(let refusal): return refusal.problem
        }
    }
}

extension AuthenticationFailure {
    /// A stable name for machines: as little as the status says.
    fileprivate var code: String {
        switch reason {
        case .ambiguous: "credentials_ambiguous"
        case .scope: "insufficient_scope"
        case .certificate: "certificate_not_allowed"
        case .keysUnavailable: "keys_unavailable"
        default: "unauthorized"
        }
    }

    fileprivate var sentence: String {
        switch reason {
        case .ambiguous: "The request has more than one token or Authorization field; send one."
        case .scope: "The token is good, but not for sending events here."
        case .certificate:
            "The request needs a client certificate with a name that is let in here."
        case .keysUnavailable:
            "The token can't be checked yet; send the event again after a while."
        default: "The request needs valid credentials in its Authorization field."
        }
    }
}

extension AdapterFailure {
    /// Says what to send, or to have the operator change.
    fileprivate var problem: Problem {
        var problem = Problem(status: status, code: code, detail: sentence)
        if let attribute { problem.members.append(("attribute", .text(attribute))) }
        if let place { problem.members.append(("place", .text(place))) }
        if let index { problem.members.append(("index", .number(index))) }
        return problem
    }
}

extension EventFailure {
    /// What the original router answered.
    ///
    /// It read a binary request without a version it knew as no event at all, and took what it
    /// could not parse for a mistake of its own.
    fileprivate var routerStatus: Int {
        let isBinary = offset == nil
        return switch code {
        case .attributeMissing where isBinary && attribute == "specversion": 415
        case .specversionUnsupported where isBinary: 415
        case .jsonMalformed, .jsonTypeUnexpected: 500
        case .attributeValueInvalid where isBinary && attribute == "time": 500
        default: status
        }
    }
}
