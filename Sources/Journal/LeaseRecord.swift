/// What a Lease says of the pages that leaders have read.
///
/// A leader's page counts once the Lease tells of it: the write that says so is what commits it,
/// and what the page's own journal holds before is a preparation. What a record says stays true
/// for ever, so that an old one decides nothing wrongly.
public struct LeaseRecord: Sendable, Equatable {
    /// The last page of which a leader told in its term; 0 where it told a checkpoint alone.
    public struct TermEnd: Sendable, Equatable {
        /// The term's number.
        public var term: Int64
        /// The page's number, from 1 in each term.
        public var page: Int64

        /// Pages up to this one were told in a term.
        public init(term: Int64, page: Int64) {
            self.term = term
            self.page = page
        }
    }

    /// Of how many terms a record tells, for each source; of those in which something was told.
    public static let termsLimit = 8

    /// The Lease's own name, which no other has, not even one that takes its place.
    public var lease: String
    /// The number of the last term that began.
    public var term: Int64
    /// How terms ended, or the last one goes on, by the sources' names; the last term last.
    public var ends: [String: [TermEnd]]

    /// A record of a Lease in which a term has begun.
    public init(lease: String, term: Int64, ends: [String: [TermEnd]] = [:]) {
        self.lease = lease
        self.term = term
        self.ends = ends
    }

    /// What is to become of a page in preparation.
    public enum Fate: Sendable, Equatable {
        /// It was told: nobody else reads its events again.
        case committed
        /// It wasn't told, and can't be any more: a later leader reads its events again.
        case void
        /// It wasn't told yet, as far as is known.
        case undecided
        /// The record doesn't reach back to it.
        case unknown
    }

    /// Decides on a page.
    public func fate(of page: PreparedPage) -> Fate {
        guard page.term.lease == lease else { return .unknown }
        let (number, ends) = (page.term.number, ends[page.source] ?? [])
        // A write of an earlier term names a version of the Lease that is gone by now.
        let isOver = term > number
        if let end = ends.last(where: { $0.term == number }) {
            if end.page >= page.number { return .committed }
            return isOver ? .void : .undecided
        }
        guard isOver else { return .undecided }
        // A term without an entry told nothing: that is believed where an earlier one has told, for
        // then its entry wasn't left out, and a later leader has gone on from before this page;
        // and of the first page only, since the next is read when the one before it is told.
        return page.number == 1 && ends.contains { $0.term < number } ? .void : .unknown
    }
}

/// A page of a source's events that only a leader may store, as it waits for the Lease.
public struct PreparedPage: Sendable, Equatable {
    /// The source's name.
    public var source: String
    /// In which term it was read.
    public var term: CheckpointTerm
    /// Its number in the term, from 1.
    public var number: Int64
    /// How many events it has.
    public var eventsCount: Int
    /// How much of the journal's room it takes, about.
    var bytes = 0

    /// A page of so many events.
    public init(source: String, term: CheckpointTerm, number: Int64, eventsCount: Int) {
        self.source = source
        self.term = term
        self.number = number
        self.eventsCount = eventsCount
    }
}

/// How far a source was read in a term, to be told to whoever leads next.
public struct SourceProgress: Sendable, Equatable {
    /// The source's name.
    public var source: String
    /// Its checkpoint.
    public var checkpoint: String
    /// The term.
    public var term: CheckpointTerm
    /// The number of the last page that the checkpoint covers; 0 before the first of the term.
    public var page: Int64
}

/// How far a source was read, as the journal has it.
public struct TermCheckpoint: Sendable, Equatable {
    /// The checkpoint in the source's own words.
    public var text: String
    /// In which term it was written, where a leader wrote it.
    public var term: CheckpointTerm?

    /// A checkpoint of a term, or of none.
    public init(text: String, term: CheckpointTerm? = nil) {
        self.text = text
        self.term = term
    }
}
