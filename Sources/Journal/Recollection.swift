/// How long and how many events of a source are remembered, so that none is stored twice.
public struct DuplicateLimits: Sendable, Equatable {
    /// For how long; positive.
    public var window: Duration
    /// How many at most; positive.
    public var entries: Int

    /// Limits of a source.
    public init(window: Duration, entries: Int) {
        self.window = window
        self.entries = entries
    }
}

/// Which events of each source were taken of late.
///
/// Ownership: belongs to the journal's thread.
struct Recollection {
    /// What fingerprints are taken with.
    let key: FingerprintKey
    private(set) var origins: [String: RecentEvents]

    init(_ limits: [String: DuplicateLimits], key: FingerprintKey) {
        self.key = key
        origins = limits.mapValues { RecentEvents($0) }
    }

    /// What is known of an event of a submission.
    func finding(_ submission: Submission, at place: Int, now: Int64) -> RecentEvents.Finding {
        guard submission.fingerprints.indices ~= place else { return .new }
        let fingerprint = submission.fingerprints[place]
        return origins[submission.origin]?.finding(fingerprint, now: now) ?? .new
    }

    /// What is known of an event of a submission, which is remembered from now on.
    mutating func take(
        _ submission: Submission, at place: Int, now: Int64
    ) -> RecentEvents.Finding {
        guard submission.fingerprints.indices ~= place else { return .new }
        let fingerprint = submission.fingerprints[place]
        return origins[submission.origin]?.take(fingerprint, now: now) ?? .new
    }

    /// Keeps what was taken since the last time.
    mutating func commit() { change { $0.commit() } }
    /// Forgets what was taken since the last time.
    mutating func rollBack() { change { $0.rollBack() } }
    /// Forgets some of those whose time is over.
    mutating func forget(before now: Int64) { change { $0.forget(before: now, atMost: 65_536) } }

    /// Puts back what was remembered when the journal was closed, or its process ended.
    mutating func restore(_ events: RecentEvents, of origin: String) { origins[origin] = events }

    private mutating func change(_ change: (inout RecentEvents) -> Void) {
        var index = origins.values.startIndex
        while index < origins.values.endIndex {
            change(&origins.values[index])
            origins.values.formIndex(after: &index)
        }
    }
}

/// Takes the fingerprints of submissions on their way to the journal; any thread may do it.
struct Fingerprinter: Sendable {
    private let key: FingerprintKey
    private let origins: Set<String>

    init(_ key: FingerprintKey, _ limits: [String: DuplicateLimits]) {
        self.key = key
        origins = Set(limits.keys)
    }

    /// The submission with its fingerprints, where they're of use.
    func marked(_ submission: Submission) -> Submission {
        guard origins.contains(submission.origin) else { return submission }
        var submission = submission
        submission.fingerprints = submission.items.map { key.fingerprint(of: $0.event) }
        return submission
    }
}
