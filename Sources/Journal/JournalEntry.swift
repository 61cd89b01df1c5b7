public import CloudEvents

/// An event as it stands in the journal, for people and their tools.
public struct JournalEntry: Sendable, Equatable {
    /// How far an event has come.
    public enum State: String, Sendable, CaseIterable {
        /// Some sink hasn't settled it; others may have given it up.
        case pending
        /// Nobody waits for it, and at least one sink gave it up.
        case dead
        /// Every sink has it; it's kept for a while.
        case delivered
        /// No route wanted it; it's kept for a while.
        case unrouted
    }

    /// A sink that gave an event up.
    public struct DeadLetter: Sendable, Equatable {
        /// The sink's name.
        public var sink: String
        /// When it gave up, in milliseconds since 1970.
        public var failedMilliseconds: Int64
        /// Why.
        public var reason: DeadLetterReason
    }

    /// The event's place in the journal.
    public var sequence: SequenceNumber
    /// When it was taken in, in milliseconds since 1970.
    public var receivedMilliseconds: Int64
    /// The name of the source that took it in.
    public var origin: String
    /// The event's `id`, as far as it can be read.
    public var id: String
    /// The event's `source`, as far as it can be read.
    public var source: String
    /// The event's `type`, as far as it can be read.
    public var type: String
    /// The event; nothing where what is stored isn't what was accepted.
    public var event: Event?
    /// The names of the sinks that haven't settled it.
    public var pendingSinks: [String]
    /// The sinks that gave it up, in the order of their names.
    public var deadLetters: [DeadLetter]
    /// When the last sink settled it, in milliseconds since 1970, where that is kept.
    public var settledMilliseconds: Int64?
    /// Whether no route wanted it.
    var isUnrouted = false

    /// How far it has come.
    public var state: State {
        if !pendingSinks.isEmpty { return .pending }
        if !deadLetters.isEmpty { return .dead }
        return isUnrouted ? .unrouted : .delivered
    }
}

/// Which events of a journal to look at.
public struct JournalQuery: Sendable, Equatable {
    /// Only events in this state.
    public var state: JournalEntry.State?
    /// Only events that wait for this sink or that it gave up.
    public var sink: String?
    /// Only events with higher numbers.
    public var after: SequenceNumber = 0
    /// The most events to answer with.
    public var limit = 100

    /// The first events of any kind.
    public init() {}
}

/// What is in a journal, in numbers.
public struct JournalStatistics: Sendable, Equatable {
    /// The version of the file's format.
    public var format: Int
    /// The bytes of the database's file, of which `freeBytes` hold nothing.
    public var fileBytes: Int
    /// The bytes that new events can fill before the file grows.
    public var freeBytes: Int
    /// The bytes of the write-ahead log, most of them set aside rather than used.
    public var logBytes: Int
    /// The last number given out.
    public var lastSequence: SequenceNumber
    /// All events.
    public var events: Int
    /// Events that some sink hasn't settled.
    public var pendingEvents: Int
    /// Events that are kept though every sink has them.
    public var deliveredEvents: Int
    /// Events that are kept though no route wanted them.
    public var unroutedEvents: Int
    /// Events that wait for the Lease, and are in none of the numbers above.
    public var preparedEvents: Int
    /// When the oldest pending event was taken in, in milliseconds since 1970.
    public var oldestMilliseconds: Int64?
    /// How many events wait for each sink.
    public var pendingBySink: [String: Int]
    /// How many events each sink gave up.
    public var deadLettersBySink: [String: Int]
}

/// What reading all of a journal found.
public struct JournalVerification: Sendable, Equatable {
    /// How many events were read.
    public var events = 0
    /// What isn't as it was written, a sentence each; at most 1,000.
    public var problems: [String] = []

    /// Whether everything is as it was written.
    public var isWhole: Bool { problems.isEmpty }

    mutating func note(_ problem: String) {
        if problems.count < 1_000 { problems.append(problem) }
    }
}
