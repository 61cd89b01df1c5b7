internal import CloudEvents
internal import Outbound
internal import SOAP

/// What is asked of a vCenter.
enum VCenterCall: Equatable, Sendable {
    case retrieveServiceContent
    case login
    case logout
    case currentTime
    /// Begins to collect the events that were created since then.
    case createCollector(since: Timestamp)
    /// How many of the latest events a collector shows.
    case setPageSize(collector: String, Int)
    /// The next of a collector's events, oldest first.
    case readNext(collector: String, limit: Int)
    /// Begins to watch the latest events of a collector.
    case createFilter(collector: String)
    /// Waits for a change of what is watched; an empty version is the first.
    case waitForUpdates(version: String, seconds: Int)
    case destroyFilter(String)
    case destroyCollector(String)
    case latestEvent
    /// The events that were created then, without a collector.
    case query(since: Timestamp, until: Timestamp?, limit: Int)

    /// The method's name on the wire.
    var method: String {
        switch self {
        case .retrieveServiceContent: "RetrieveServiceContent"
        case .login: "Login"
        case .logout: "Logout"
        case .currentTime: "CurrentTime"
        case .createCollector: "CreateCollectorForEvents"
        case .setPageSize: "SetCollectorPageSize"
        case .readNext: "ReadNextEvents"
        case .createFilter: "CreateFilter"
        case .waitForUpdates: "WaitForUpdatesEx"
        case .destroyFilter: "DestroyPropertyFilter"
        case .destroyCollector: "DestroyCollector"
        case .latestEvent: "RetrievePropertiesEx"
        case .query: "QueryEvents"
        }
    }

    /// Whether an answer that gets lost is lost for good.
    var movesCursor: Bool { if case .readNext = self { true } else { false } }

    /// Whether it may not be sent again by itself: each wrong password counts.
    var isSentOnce: Bool { movesCursor || self == .login }

    /// How long the whole answer may take.
    var timeout: Duration {
        switch self {
        case .logout, .destroyFilter, .destroyCollector: .seconds(5)
        case .waitForUpdates(_, let seconds): .seconds(seconds + 30)
        case .readNext, .query, .createCollector: .seconds(120)
        default: .seconds(30)
        }
    }
}

/// What a vCenter says of itself.
struct ServiceContent: Equatable, Sendable {
    /// The product's name and version.
    var product = ""
    var apiVersion = ""
    var rootFolder = "group-d1"
    var propertyCollector = "propertyCollector"
    var sessionManager = "SessionManager"
    var eventManager = "EventManager"
}

/// What came back, and what it says.
enum VCenterAnswer: Sendable {
    case done
    case content(ServiceContent)
    case time(Timestamp)
    /// The reference to what was made.
    case object(String)
    case events([VCenterEvent])
    /// What changed since the version before; nothing at all, if there are no events.
    case updates(version: String, [VCenterEvent])
    /// Nothing changed in time.
    case noUpdate
}

/// Why a call brought no answer.
enum VCenterFailure: Error, Equatable, Sendable {
    /// No whole response came, maybe because of a certificate.
    case unreachable(String, TLSFault? = nil)
    /// A response that isn't SOAP's.
    case status(Int)
    /// A response that can't be read, or is larger than we take.
    case unreadable(String)
    case fault(SOAPFault)

    /// Whether the session isn't open, or not any more.
    var isSessionGone: Bool {
        guard case .fault(let fault) = self else { return false }
        return fault.type == "NotAuthenticated"
    }

    /// Whether nobody may log in so.
    var isRefusedLogin: Bool {
        guard case .fault(let fault) = self else { return false }
        return ["InvalidLogin", "NoPermission", "PasswordExpired"].contains(fault.type)
    }
}

extension VCenterFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(let detail, _): detail
        case .status(let status): "status \(status)"
        case .unreadable(let detail): "unreadable response: \(detail)"
        case .fault(let fault): fault.type.isEmpty ? fault.text : "\(fault.type): \(fault.text)"
        }
    }
}
