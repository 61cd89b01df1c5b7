public import Journal

/// What replicas know of each other: one object that each of them reads and one of them writes.
///
/// Spec: Kubernetes Lease §coordination.k8s.io.v1
public struct Lease: Sendable, Equatable {
    /// The object itself; one that was deleted and made again is another.
    public var uid = ""
    /// Changes with each write; a write that names another is refused.
    public var version = ""
    /// Who leads, or an empty text.
    public var holder = ""
    /// How long after the last renewal others have to wait, in seconds.
    public var durationSeconds = 0
    /// When the term began, by the holder's clock; nobody else's business.
    public var acquired = ""
    /// When it was last renewed, by the holder's clock: whether it changes counts, and not when.
    public var renewed = ""
    /// How often a term began: the number of the term.
    public var transitions: Int64 = 0
    /// The checkpoints of sources, by the sources' names.
    public var checkpoints: [String: SharedCheckpoint] = [:]
    /// How terms ended, by the sources' names, see ``LeaseRecord/ends``.
    public var ends: [String: [LeaseRecord.TermEnd]] = [:]
    /// The whole object, of which all else is kept as it is.
    var object = JSONTree.object([:])

    /// A lease that nobody holds.
    public init() {}

    /// What it says of the pages that its leaders have read.
    public var record: LeaseRecord { LeaseRecord(lease: uid, term: transitions, ends: ends) }

    /// Tells how far a source was read in the term that is going on.
    mutating func tell(_ reached: Reached, of source: String) {
        checkpoints[source] = SharedCheckpoint(term: transitions, text: reached.text)
        let before = (ends[source] ?? []).filter { $0.term != transitions }
        ends[source] =
            before.suffix(LeaseRecord.termsLimit - 1)
            + [LeaseRecord.TermEnd(term: transitions, page: reached.page)]
    }

    /// Whether all of it is told already.
    func tells(_ reached: Reached, of source: String) -> Bool {
        checkpoints[source] == SharedCheckpoint(term: transitions, text: reached.text)
            && ends[source]?.last == LeaseRecord.TermEnd(term: transitions, page: reached.page)
    }

    /// How far a source was read.
    struct Reached: Sendable, Equatable {
        var text: String
        var page: Int64
    }

    /// What changes when its holder renews it.
    struct Sign: Equatable {
        var uid, holder, acquired, renewed: String
        var transitions: Int64
    }

    var sign: Sign {
        Sign(
            uid: uid, holder: holder, acquired: acquired, renewed: renewed,
            transitions: transitions)
    }
}

/// How far a source was read, as the leader tells its successor.
public struct SharedCheckpoint: Sendable, Equatable {
    /// The number of the term in which it was reached.
    public var term: Int64
    /// In the source's own words.
    public var text: String

    /// A checkpoint that was reached in a term.
    public init(term: Int64, text: String) {
        self.term = term
        self.text = text
    }
}
