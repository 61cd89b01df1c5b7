internal import Synchronization

/// Whether this process leads, for those who store on other threads.
///
/// It's asked by the clock and not by messages: a process that was stopped for a while knows at
/// once, on each thread, that its time is over. One writes, any thread asks.
public final class Leadership: Sendable {
    private let origin = ContinuousClock.now
    private let term = Atomic<Int64>(0)
    /// Nanoseconds from `origin` on.
    private let until = Atomic<Int64>(.min)

    /// Nobody leads yet.
    public init() {}

    /// Leads in a term until a moment, if nothing comes between.
    public func extend(term number: Int64, until end: ContinuousClock.Instant) {
        if term.load(ordering: .relaxed) != number {
            until.store(.min, ordering: .sequentiallyConsistent)
            term.store(number, ordering: .sequentiallyConsistent)
        }
        until.store((end - origin).wholeNanoseconds, ordering: .sequentiallyConsistent)
    }

    /// Leads no more.
    public func end() { until.store(.min, ordering: .sequentiallyConsistent) }

    /// Whether this process leads at this moment, in this term.
    public func holds(term number: Int64) -> Bool {
        // In this order: a term that has begun meanwhile is another.
        let end = until.load(ordering: .sequentiallyConsistent)
        guard term.load(ordering: .sequentiallyConsistent) == number else { return false }
        return (ContinuousClock.now - origin).wholeNanoseconds < end
    }
}

/// In which term something was read, and how to find out whether that goes on.
///
/// Whoever stores asks at the last moment; and what the journal has of a later term of the same
/// lease refuses it, too. Events count only when the Lease tells of them, see ``LeaseRecord``.
public struct Fence: Sendable {
    /// The lease's own name, which no other has, not even one that takes its place.
    public var lease: String
    /// The number of the term.
    public var term: Int64
    /// Who says whether the term goes on.
    public var leadership: Leadership
    /// Gets what is to be told by the Lease; on the journal's thread, which mustn't wait.
    public var reached: @Sendable (SourceProgress) -> Void

    /// What was read in a term of a lease.
    public init(
        lease: String, term: Int64, leadership: Leadership,
        reached: @escaping @Sendable (SourceProgress) -> Void = { _ in }
    ) {
        self.lease = lease
        self.term = term
        self.leadership = leadership
        self.reached = reached
    }

    var checkpointTerm: CheckpointTerm { CheckpointTerm(lease: lease, number: term) }

    var holds: Bool { leadership.holds(term: term) }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
