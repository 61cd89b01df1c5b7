internal import Synchronization

/// How many events of each subject were delivered to a sink, and how many given up.
///
/// Written by the delivery's loop, read by any thread. Bounded: after ``subjectsLimit`` subjects,
/// all others count as `other`.
public final class Invocations: Sendable {
    /// Deliveries of one subject.
    public struct Counts: Sendable, Equatable {
        /// Delivered.
        public var successes = 0
        /// Given up.
        public var failures = 0
    }

    /// The most subjects that are told apart.
    public static let subjectsLimit = 200

    private let counts = Mutex<[String: Counts]>([:])

    init() {}

    /// The counts by subject; the empty subject is that of events without one.
    public var bySubject: [String: Counts] { counts.withLock { $0 } }

    func add(subject: String, isSuccess: Bool) {
        counts.withLock { counts in
            let isKnown = counts[subject] != nil || counts.count < Self.subjectsLimit
            let key = isKnown ? subject : "other"
            if isSuccess {
                counts[key, default: Counts()].successes += 1
            } else {
                counts[key, default: Counts()].failures += 1
            }
        }
    }
}
