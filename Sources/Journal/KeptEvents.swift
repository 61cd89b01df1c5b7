/// Which of the events that the journal keeps for people: those given up, delivered, or unrouted.
public enum KeptKind: String, Sendable, CaseIterable {
    /// A sink gave the event up.
    case dead
    /// Every sink has the event.
    case delivered
    /// No route wanted the event.
    case unrouted
}

/// A text, or the beginning of one.
public enum TextPattern: Sendable, Equatable {
    /// The whole text.
    case exactly(String)
    /// All texts that begin so.
    case prefix(String)

    /// Reads a pattern: a text, or its beginning with a `*` after it.
    public init(_ text: String) {
        self = text.hasSuffix("*") ? .prefix(String(text.dropLast())) : .exactly(text)
    }
}

/// Which of the kept events are meant; what is left out matters not.
public struct KeptFilter: Sendable, Equatable {
    /// The sink that gave it up; dead letters only.
    public var sink: String?
    /// Why; dead letters only.
    public var code: String?
    /// The name of the source that took it in.
    public var origin: String?
    /// The event's `type`.
    public var type: TextPattern?
    /// The event's `source`.
    public var source: TextPattern?
    /// The event's `subject`.
    public var subject: TextPattern?
    /// The event's `id`.
    public var id: String?
    /// Not before this, in milliseconds since 1970: when a dead letter was given up, or when
    /// another event was taken in.
    public var since: Int64?
    /// Before this.
    public var until: Int64?

    /// All of them.
    public init() {}

    /// Whether a dead letter is meant, as far as that depends on its sink.
    func matches(_ letter: JournalEntry.DeadLetter) -> Bool {
        letter.sink == sink ?? letter.sink && letter.reason.code == code ?? letter.reason.code
            && letter.failedMilliseconds >= since ?? .min
            && letter.failedMilliseconds < until ?? .max
    }
}

/// A part of the kept events, in the order of their numbers.
public struct KeptQuery: Sendable, Equatable {
    /// Which kind of them.
    public var kind: KeptKind
    /// Which of those.
    public var filter = KeptFilter()
    /// Only events with higher numbers.
    public var after: SequenceNumber = 0
    /// Only events up to this number.
    public var through = SequenceNumber.max
    /// The most events to find.
    public var limit = 100

    /// The first of a kind.
    public init(_ kind: KeptKind) { self.kind = kind }
}

/// What to do with kept events.
public enum KeptAction: Sendable, Equatable {
    /// Tell what they are.
    case list
    /// Send them again, to these sinks or, where none are named, to those that gave them up.
    ///
    /// An event gets a new number, and what is replayed is no longer kept under the old one: all
    /// in one transaction, so that it's kept or waits for its sinks, whatever happens.
    case replay(to: [String])
    /// Forget them.
    case purge
}

/// A question about kept events, or an order to do something with a part of them.
public struct KeptRequest: Sendable {
    /// The most events that one request does something with; more would keep others waiting.
    public static let eventsLimit = 1_000

    /// Which events; `limit` is at most ``eventsLimit``.
    public var query: KeptQuery
    /// What to do.
    public var action: KeptAction
    /// Whether to tell only what would be done.
    public var isDryRun: Bool
    /// Called on the journal's thread, once, with what was done.
    public var answer: @Sendable (KeptReport) -> Void

    /// A request.
    public init(
        _ query: KeptQuery, _ action: KeptAction, isDryRun: Bool = false,
        answer: @escaping @Sendable (KeptReport) -> Void
    ) {
        self.query = query
        self.action = action
        self.isDryRun = isDryRun
        self.answer = answer
    }
}

/// What a ``KeptRequest`` came to.
public struct KeptReport: Sendable, Equatable {
    /// Why an event was left as it is.
    public enum Obstacle: String, Sendable, CaseIterable {
        /// What is stored isn't what was accepted.
        case damaged
        /// The sink that gave it up is configured no more, and no other was named.
        case sinkRemoved = "sink_removed"
    }

    /// An event that was stored again.
    public struct Replay: Sendable, Equatable {
        /// Its number before.
        public var sequence: SequenceNumber
        /// Its number now; nothing in a dry run.
        public var stored: SequenceNumber?
        /// The names of the sinks that get it.
        public var sinks: [String]
    }

    /// The events found, where they were to be listed.
    public var entries: [JournalEntry] = []
    /// What was replayed.
    public var replays: [Replay] = []
    /// The numbers of the events that were purged.
    public var purged: [SequenceNumber] = []
    /// What was left alone.
    public var obstacles: [Obstacle: Int] = [:]
    /// Where to go on: after this number; nothing where all was looked at.
    public var next: SequenceNumber?
    /// The last number that was given out before this.
    public var last: SequenceNumber = 0
    /// Why nothing was done, if nothing could be.
    public var refusal: Refusal?

    /// Why nothing was done.
    public enum Refusal: Sendable, Equatable {
        /// There is no journal that keeps anything.
        case memory
        /// No sink has this name.
        case unknownSink(String)
        /// There is no room, or the journal failed; the text tells an operator more.
        case journal(Receipt.Refusal, detail: String)
    }

    /// A report of nothing.
    public init() {}

    init(refusal: Refusal) { self.refusal = refusal }
}
