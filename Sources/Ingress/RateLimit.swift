internal import Synchronization

/// Lets so many through at once, and so many in the long run, whichever loop they come to.
///
/// All it keeps is one number: when those that were let through would be over, had they come at
/// the rate of the long run. So the loops share it by one atomic exchange, and the limit is the
/// limit, not a share of it for each loop.
///
/// Ownership: any thread.
final class RateLimit: Sendable {
    private let interval: Int
    private let slack: Int
    private let end = Atomic<Int>(0)

    /// - Parameters:
    ///   - count: how many in each `period`; positive.
    ///   - burst: how many at once; positive.
    init(_ count: Int, per period: Duration, burst: Int) {
        precondition(count > 0 && burst > 0)
        interval = Int(period / .nanoseconds(1)) / count
        slack = interval * (burst - 1)
    }

    /// Lets one through.
    ///
    /// - Parameter now: nanoseconds of a clock that all callers share; hardly ever backwards.
    /// - Returns: nothing where it may pass, else how many nanoseconds are to be waited.
    func take(now: Int) -> Int? {
        var end = end.load(ordering: .relaxed)
        while true {
            let begin = max(end, now)
            guard begin - now <= slack else { return begin - now - slack }
            let exchange = self.end.compareExchange(
                expected: end, desired: begin + interval, ordering: .relaxed)
            if exchange.exchanged { return nil }
            end = exchange.original
        }
    }
}
