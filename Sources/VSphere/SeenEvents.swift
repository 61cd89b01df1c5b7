internal import CloudEvents

/// Knows which events were read already.
///
/// Exact for the last seconds: every event that was created since ``since`` and was read is known
/// by its identity. Of one that was created before, the key tells: keys are given in the order of
/// events, so one that comes after the last key is new however old it looks. So neither late
/// events nor a clock that was set back are taken for old ones, and only what lies within the last
/// seconds must be remembered.
struct SeenEvents: Equatable, Sendable {
    typealias Identity = VCenterEvent.Identity

    /// From when on every event that was read is remembered.
    private(set) var since: Timestamp
    /// The key that was given last, of all events that were read.
    private(set) var lastKey: Int32?
    /// When keys were given anew, in microseconds since 1970; what is older has keys of old.
    private(set) var keysSince = Int64.min
    /// In the order they were read.
    private(set) var recent: [Identity] = []
    private var known: Set<Identity> = []

    /// How long an event is remembered after a newer one was created.
    static let span = Duration.seconds(10)
    /// The most events that are remembered.
    static let recentLimit = 2_000

    /// Nothing was read yet of what was created since then.
    init(since: Timestamp) { self.since = since }

    init(
        since: Timestamp, lastKey: Int32?, keysSince: Int64 = .min, recent: [Identity] = []
    ) {
        self.since = since
        self.lastKey = lastKey
        self.keysSince = keysSince
        self.recent = recent
        known = Set(recent)
    }

    func contains(_ event: Identity) -> Bool { known.contains(event) }

    func isNew(_ event: Identity) -> Bool {
        guard !known.contains(event) else { return false }
        return event.microseconds >= since.microseconds
            || isAfterLastKey(event.key) && event.microseconds >= keysSince
    }

    /// Keys are numbers of 32 bits that begin again at the least one after the greatest.
    func isAfterLastKey(_ key: Int32) -> Bool {
        guard let lastKey else { return false }
        return key &- lastKey > 0
    }

    /// - Precondition: the event is new.
    mutating func insert(_ event: Identity) {
        known.insert(event)
        recent.append(event)
        if isRestart(event) { keysSince = event.microseconds }
        // One that comes late leaves the last key; where keys began anew, the first one counts.
        if lastKey == nil || isAfterLastKey(event.key) || isRestart(event) { lastKey = event.key }
    }

    /// Whether keys were given anew: this one is far less than the last.
    func isRestart(_ event: Identity) -> Bool {
        guard let lastKey, !isAfterLastKey(event.key) else { return false }
        return lastKey &- event.key > Self.recentLimit
    }

    /// Forgets what is older than the span; never the newest event, by which its history is known.
    ///
    /// - Parameter now: the time that vCenter has; what was created after it tells nothing.
    mutating func forget(now: Timestamp) {
        let newest = recent.lazy.map(\.microseconds).filter { $0 <= now.microseconds }.max()
        guard let newest else { return forgetSurplus() }
        let oldest = newest - Int64(Self.span.components.seconds) * 1_000_000
        if oldest > since.microseconds {
            since = Timestamp(microseconds: oldest)
            keep { $0.microseconds >= oldest }
        }
        forgetSurplus()
    }

    /// Nothing that was created until then is missing; what comes late is told by its key.
    mutating func completed(until time: Timestamp) {
        let span = Int64(Self.span.components.seconds) * 1_000_000
        guard time.microseconds - span > since.microseconds else { return }
        let oldest = time.microseconds - span
        let last = recent.last
        since = Timestamp(microseconds: oldest)
        keep { $0.microseconds >= oldest || $0 == last }
    }

    private mutating func forgetSurplus() {
        guard recent.count > Self.recentLimit else { return }
        let dropped = recent.prefix(recent.count - Self.recentLimit / 2)
        let latest = dropped.map(\.microseconds).max() ?? 0
        recent.removeFirst(dropped.count)
        since = max(since, Timestamp(microseconds: latest + 1))
        known = Set(recent)
    }

    private mutating func keep(_ isKept: (Identity) -> Bool) {
        recent.removeAll { !isKept($0) }
        known = Set(recent)
    }
}
