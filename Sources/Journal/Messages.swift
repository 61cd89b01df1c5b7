public import CloudEvents
public import EventLoops

/// A stored event's place in the journal: positive, growing, never used twice.
public typealias SequenceNumber = Int64

/// A set of sinks, each by its place in the configuration's list of sinks.
public struct SinkSet: OptionSet, Hashable, Sendable {
    /// The most sinks that a configuration can have: a bit each, and the sign is left alone.
    public static let sinksLimit = 63

    /// A bit for each sink.
    public let rawValue: UInt64

    /// Takes a bit for each sink.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The set of one sink.
    public init(sink: Int) {
        precondition(0..<Self.sinksLimit ~= sink)
        rawValue = 1 << sink
    }
}

/// The events of one request, or of one page of a poller: stored together or not at all.
public struct Submission: Sendable {
    /// An event, and where the routes send it.
    public struct Item: Sendable, Equatable {
        /// What to store.
        public var event: Event
        /// Those who must acknowledge it; none where no route wants it, to be kept for people.
        public var sinks: SinkSet

        /// An event that goes to these sinks.
        public init(event: Event, sinks: SinkSet) {
            self.event = event
            self.sinks = sinks
        }
    }

    /// The events, in the order they came in.
    public var items: [Item]
    /// The name of the source that took them in.
    public var origin: String
    /// What the submitter calls the submission; it comes back in the ``Receipt``.
    public var ticket: UInt64
    /// Where the receipt goes; it has room for every submission that may be under way.
    public var receipts: Mailbox<Receipt>
    /// One for each event, where the journal remembers those of the source.
    var fingerprints: [Fingerprint] = []
    /// How far the source has read with these events; stored with them, or not at all.
    public var checkpoint: String?
    /// In which term of leadership it was read, where only a leader may; then the receipt for
    /// events comes when the Lease tells of them.
    public var fence: Fence?

    /// A submission of these events.
    public init(
        items: [Item], origin: String, ticket: UInt64, receipts: Mailbox<Receipt>,
        checkpoint: String? = nil, fence: Fence? = nil
    ) {
        self.items = items
        self.origin = origin
        self.ticket = ticket
        self.receipts = receipts
        self.checkpoint = checkpoint
        self.fence = fence
    }

    /// How much memory the events hold.
    public var bytes: Int {
        items.reduce(checkpoint?.utf8.count ?? 0) { $0 + $1.event.octets.count + 64 }
    }
}

/// The journal's answer to one ``Submission``.
public struct Receipt: Sendable, Equatable {
    /// What became of a submission.
    public enum Result: Sendable, Equatable {
        /// Durable mode: the events are on stable storage. Memory mode: all sinks have them.
        case accepted
        /// Nothing was stored; the sender may try again later.
        case refused(Refusal)
    }

    /// Why nothing was stored.
    public enum Refusal: String, Sendable {
        /// `journal.bytesLimit` is reached.
        case full = "journal_full"
        /// The file system has no room.
        case diskFull = "disk_full"
        /// Writing failed; nothing is accepted until the process was started again.
        case failed = "journal_failed"
        /// Only a leader may store this, and this process isn't it any more.
        case notLeading = "not_leading"
        /// Memory mode: a sink could not be reached in time.
        case sinkUnavailable = "sink_unavailable"
        /// Memory mode: a sink refused the event for good.
        case sinkRefused = "sink_refused"
    }

    /// The submission's ticket.
    public var ticket: UInt64
    /// What became of it.
    public var result: Result

    /// An answer to the submission of this ticket.
    public init(ticket: UInt64, result: Result) {
        self.ticket = ticket
        self.result = result
    }
}

/// An event on its way from the journal to the sinks.
public struct StoredEvent: Sendable {
    /// Its place in the journal.
    public var sequence: SequenceNumber
    /// What to deliver.
    public var event: Event
    /// Those who have not settled it yet.
    public var sinks: SinkSet
    /// The name of the source that took it in.
    public var origin: String
    /// When it was taken in, in milliseconds since 1970.
    public var receivedMilliseconds: Int64

    /// An event in the journal.
    public init(
        sequence: SequenceNumber, event: Event, sinks: SinkSet, origin: String,
        receivedMilliseconds: Int64
    ) {
        self.sequence = sequence
        self.event = event
        self.sinks = sinks
        self.origin = origin
        self.receivedMilliseconds = receivedMilliseconds
    }
}

/// What the journal tells the delivery, in one mailbox and so in the order it happened.
public enum Announcement: Sendable {
    /// Events that were just stored, in the order of their numbers.
    ///
    /// `after` is the last number that was stored before these. While this mailbox is full the
    /// journal announces nothing; a receiver that knows no number as high as `after` has missed
    /// the events between and reads them up. There may be no events but only such news.
    case stored([StoredEvent], after: SequenceNumber)
    /// The answer to ``JournalRequest/read(sink:after:limit:)``.
    ///
    /// `through` is how far was looked: events of this sink up to it that aren't in the page are
    /// settled. `isLast` says that nothing was stored after it.
    case page([StoredEvent], sink: Int, through: SequenceNumber, isLast: Bool)
}

/// What became of one event at one sink.
public struct Outcome: Sendable, Equatable {
    /// The end of an event's way to one sink.
    public enum Result: Sendable, Equatable {
        /// The sink has it.
        case delivered
        /// It's given up; kept with the reason, to be looked at and sent again.
        case deadLetter(DeadLetterReason)
    }

    /// Which event.
    public var sequence: SequenceNumber
    /// Which sink.
    public var sink: Int
    /// What became of it.
    public var result: Result
    /// What is stored together with a dead letter, for its route's dead letter sink.
    public var copy: Submission.Item?

    /// The outcome of an event at a sink.
    public init(
        sequence: SequenceNumber, sink: Int, result: Result, copy: Submission.Item? = nil
    ) {
        self.sequence = sequence
        self.sink = sink
        self.result = result
        self.copy = copy
    }

    /// How much memory the copy holds.
    var copyBytes: Int { copy.map { $0.event.octets.count + 64 } ?? 0 }
}

/// Why an event was given up.
public struct DeadLetterReason: Sendable, Equatable {
    /// A stable code, such as `refused`, `attempts_exhausted` or `sink_removed`.
    public var code: String
    /// The status of the sink's last answer, where it gave one.
    public var status: Int?
    /// The last answer's body or the last error, at most 1,024 octets.
    public var detail: String
    /// How often it was sent.
    public var attempts: Int

    /// A reason, to be shown to people.
    public init(code: String, status: Int?, detail: String, attempts: Int) {
        self.code = code
        self.status = status
        self.detail = detail
        self.attempts = attempts
    }
}

/// What decides on pages in preparation.
public enum PageNews: Sendable {
    /// What the Lease says now.
    case lease(LeaseRecord)
    /// This process leads no more: who waits for the Lease needn't any longer.
    case termEnded
    /// There is no election: what is left of one is stored.
    case noElection
}

/// What other threads ask of the journal's.
public enum JournalRequest: Sendable {
    /// Store events and send a receipt.
    case store(Submission)
    /// Settle deliveries, in the next transaction; never answered.
    case settle([Outcome])
    /// Send announcements to this mailbox from now on; there is one receiver.
    case announce(to: Mailbox<Announcement>)
    /// Announce a page of events that a sink has not settled, in the order of their numbers.
    case read(sink: Int, after: SequenceNumber, limit: Int)
    /// Tell about kept events, or do something with some of them.
    case kept(KeptRequest)
    /// Take news of pages in preparation, and call the function, on the journal's thread, with
    /// what is stored, once no page is left that waits for a decision.
    case pages(PageNews, then: (@Sendable ([String: TermCheckpoint]) -> Void)? = nil)
    /// Commit what waits, close the file and end the thread.
    case stop
}
