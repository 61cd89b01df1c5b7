/// How senders ask whether they may send, before they send.
///
/// Spec: CloudEvents Webhook §4
public struct HandshakeSettings: Sendable, Equatable {
    /// What becomes of a sender that isn't let in and offers an address for a later consent.
    public enum Callback: String, Sendable, CaseIterable {
        /// The sender waits for an operator's consent; nobody is called before.
        case manual
        /// A sender that is let in is told so at its address, if that is at a host of
        /// ``callbackHosts``; any other waits for an operator.
        case auto
        /// The sender is refused.
        case off
    }

    /// Who may send: a name, `*.` and what a name ends with, or `*`; in lower case, never empty.
    public var origins: [String] = []
    /// The most requests of each of them in a minute; 0 for no limit.
    public var rate = 0
    /// Whether requests must say which of these they are from.
    public var requiresOrigin = false
    /// What becomes of a sender that isn't let in and offers an address for a later consent.
    public var callback = Callback.manual
    /// The hosts that are called with ``Callback/auto``, with a port where it isn't 443.
    public var callbackHosts: [String] = []
    /// A PEM file with the only authorities to trust where a sender is called; nil trusts the
    /// system's.
    public var ca: String?
    /// Whether a sender may be called on this machine or nearby.
    public var allowPrivateAddresses = false

    /// A handshake with nobody yet.
    public init() {}
}

/// How many requests a source takes.
public struct RateLimitSettings: Sendable, Equatable {
    /// In the long run.
    public var requestsPerSecond: Int
    /// At once.
    public var burst: Int

    /// A limit.
    public init(requestsPerSecond: Int, burst: Int) {
        self.requestsPerSecond = requestsPerSecond
        self.burst = burst
    }
}

/// How long a source remembers the events that it has taken.
public struct DuplicateSettings: Sendable, Equatable {
    /// For how long; 0 remembers nothing.
    public var window = Duration.seconds(600)
    /// How many at most.
    public var entries = 1_000_000

    /// The defaults.
    public init() {}
}
