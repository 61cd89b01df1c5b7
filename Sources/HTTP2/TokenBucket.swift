/// Lets something happen so often at once, and so often in the long run.
struct TokenBucket: Sendable {
    private let rate: HTTP2Limits.Rate
    /// Billionths of a token that were used; time takes them back.
    private var used = 0
    private var time: Int

    init(_ rate: HTTP2Limits.Rate, now: Int) {
        self.rate = rate
        time = now
    }

    /// Whether it may happen once more.
    mutating func take(now: Int) -> Bool {
        // A day is enough to fill any bucket, and short enough not to overflow.
        let passed = min(max(now - time, 0), 86_400_000_000_000)
        used = max(used - passed * rate.perSecond, 0) + 1_000_000_000
        time = max(now, time)
        return used <= rate.burst * 1_000_000_000
    }
}
