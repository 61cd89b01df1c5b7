internal import Configuration

/// Keeps retries in proportion to first attempts, so that a sink that fails isn't stormed.
///
/// Each first attempt adds a part of a retry, and so does time; a few can be saved up. A retry that
/// there's none left for waits, and is never given up for it.
struct RetryBudget {
    /// So many seconds' worth of retries can be saved up.
    private static let secondsSaved = 10.0

    private let share: Double
    private let perSecond: Double
    private var left: Double
    private var time: ContinuousClock.Instant?

    init(_ settings: RetryBudgetSettings) {
        share = Double(settings.percent) / 100
        perSecond = Double(settings.perSecond)
        left = perSecond * Self.secondsSaved
    }

    /// When a retry may go; nothing: now.
    func readyTime(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let missing = 1 - left(at: now)
        // A billionth less than one is one: sums of parts aren't exact.
        return missing < 1e-9 ? nil : now + .seconds(missing / perSecond)
    }

    /// A first attempt goes.
    mutating func add(now: ContinuousClock.Instant) { change(by: share, now) }

    /// A retry goes.
    mutating func spend(now: ContinuousClock.Instant) { change(by: -1, now) }

    private func left(at now: ContinuousClock.Instant) -> Double {
        let passed = time.map { max(($0.duration(to: now)).seconds, 0) } ?? 0
        return min(left + passed * perSecond, perSecond * Self.secondsSaved)
    }

    private mutating func change(by amount: Double, _ now: ContinuousClock.Instant) {
        left = max(0, min(left(at: now) + amount, perSecond * Self.secondsSaved))
        time = now
    }
}
