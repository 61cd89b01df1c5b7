public import HTTP

/// The most that an HTTP/2 connection takes from its peer; each is inclusive.
public struct HTTP2Limits: Sendable {
    /// Which `:scheme` a request may have.
    public enum Scheme: Sendable {
        /// That of a connection in clear.
        case http
        /// That of a connection over TLS.
        case https
        /// Any: a proxy that ends TLS in front of us tells what the client asked for.
        case any

        var name: StaticString? {
            switch self {
            case .http: "http"
            case .https: "https"
            case .any: nil
            }
        }
    }

    /// A request's head.
    public var head = RequestHeadLimits()
    /// Octets of a body.
    public var bodyBytes = 1024 * 1024
    /// Which `:scheme` a request may have.
    public var scheme = Scheme.http
    /// Requests under way at one time, also those that were reset and are still worked on.
    public var streams = 100
    /// After so many streams the connection is drained.
    public var streamsPerConnection = 10_000
    /// Octets of all heads that are kept at one time.
    public var heldHeadBytes = 256 * 1024
    /// Octets of bodies that the peer may send ahead, besides ``initialWindowBytes`` a stream.
    ///
    /// The oldest request may always be sent to its end, so up to ``bodyBytes`` may come on top.
    public var bodyBudgetBytes = 1024 * 1024
    /// Octets that each stream's body may have without asking.
    public var initialWindowBytes = 8 * 1024
    /// Octets of the compression's table.
    public var headerTableBytes = 4096
    /// Resets that were received or caused.
    public var resets = Rate(burst: 200, perSecond: 20)
    /// Pings and settings.
    public var pings = Rate(burst: 100, perSecond: 10)
    /// Things that no sane peer does.
    public var glitches = Rate(burst: 100, perSecond: 10)
    /// Frames with nothing in them, one after the other.
    public var emptyFrames = 1
    /// Octets received beyond eight times the fields and bodies in them.
    public var overheadBytes = 8 * 1024 * 1024
    /// From a stream's first octet to the end of its request, in nanoseconds; and how long a peer
    /// may take nothing of a response.
    public var streamDeadline = 30_000_000_000
    /// How long the peer may take to acknowledge our settings, in nanoseconds.
    public var settingsTimeout = 10_000_000_000
    /// The least that the bodies may bring together on average, after ``bodyGrace``.
    public var bodyBytesPerSecond = 240
    /// How long bodies may be slower, in nanoseconds.
    public var bodyGrace = 5_000_000_000

    /// How often something may happen.
    public struct Rate: Sendable {
        /// At once.
        public var burst: Int
        /// In the long run.
        public var perSecond: Int

        /// So many at once, and so many a second.
        public init(burst: Int, perSecond: Int) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }

    /// The defaults.
    public init() {}
}
