/// What a ``Journal`` needs to know before it opens.
public struct JournalParameters: Sendable, Equatable {
    /// What a receipt that says "accepted" means.
    public enum Mode: Sendable, Equatable {
        /// The events are on stable storage.
        case durable
        /// Every sink has the events; nothing is stored.
        case memory
    }

    /// The least `bytesLimit` that a durable journal works with.
    public static let bytesLimitMinimum = 4 * 1024 * 1024

    /// The directory that holds the journal, and nothing else; made where it's missing.
    public var path: String
    /// What a receipt that says "accepted" means.
    public var mode = Mode.durable
    /// The most bytes that the journal may take on disk; at least ``bytesLimitMinimum``.
    public var bytesLimit = 10 * 1024 * 1024 * 1024
    /// How long delivered events are kept; zero removes them when they're delivered.
    public var keepDelivered = Duration.zero
    /// How long events that no route wanted are kept; zero doesn't store them at all.
    public var keepUnrouted = Duration.zero
    /// The most bytes of delivered and unrouted events that are kept; the oldest go first.
    public var historyBytesLimit = 1024 * 1024 * 1024
    /// How long dead letters are kept; nothing keeps them until they're replayed or purged.
    public var keepDeadLetters: Duration?
    /// The names of the sinks, each once, in the order that a ``SinkSet`` speaks of.
    ///
    /// At most ``SinkSet/sinksLimit``.
    public var sinks: [String]
    /// The most submissions that may wait to be stored, or in memory mode to be delivered.
    public var queueRequests = 8_192
    /// The most bytes of events that may wait to be stored, or in memory mode to be delivered.
    public var queueBytes = 32 * 1024 * 1024
    /// What is remembered of events, by the name of their source, so that none is stored twice.
    public var duplicates: [String: DuplicateLimits] = [:]

    /// Parameters with the defaults of the configuration.
    public init(path: String, sinks: [String]) {
        self.path = path
        self.sinks = sinks
    }
}
