import Configuration
import Journal
import Testing

@testable import Delivery

@Suite struct RetryBudgetTests {
    private let start = ContinuousClock.now

    @Test func `what is saved up may go at once, then so many a second`() throws {
        var budget = budget(percent: 0, perSecond: 2)
        for _ in 0..<20 {
            #expect(budget.readyTime(now: start) == nil)
            budget.spend(now: start)
        }
        #expect(budget.readyTime(now: start) == start + .milliseconds(500))
        #expect(budget.readyTime(now: start + .milliseconds(500)) == nil)
        // No more than ten seconds' worth is saved.
        let later = start + .seconds(3_600)
        for _ in 0..<20 { budget.spend(now: later) }
        #expect(budget.readyTime(now: later) != nil)
    }

    @Test func `a fifth of the first attempts may be retried besides`() {
        var budget = budget(percent: 20, perSecond: 1)
        for _ in 0..<10 { budget.spend(now: start) }
        for _ in 0..<4 { budget.add(now: start) }
        #expect(budget.readyTime(now: start) != nil)
        budget.add(now: start)
        #expect(budget.readyTime(now: start) == nil)
        budget.spend(now: start)
        #expect(budget.readyTime(now: start) != nil)
    }

    @Test func `a clock that goes backwards takes nothing away`() {
        var budget = budget(percent: 20, perSecond: 1)
        budget.spend(now: start)
        budget.spend(now: start - .seconds(100))
        #expect(budget.readyTime(now: start - .seconds(50)) == nil)
    }

    /// 10,000 first attempts in 10 seconds, each of which fails, of a sink that answers some.
    @Test func `F41 retries keep to a fifth of the first attempts while the sink isn't down`() {
        var limits = SinkQueue.Limits(events: 200_000, bytes: 1 << 30, concurrency: 16)
        limits.canRead = false
        let settings = sampleSettings([SinkSettings(name: "a", target: .discard)]) {
            $0.retry = 1_000
            $0.backoffDelay = .milliseconds(1)
            $0.backoffDelayMax = .milliseconds(10)
        }
        var queue = SinkQueue(
            sink: 0, limits: limits, policies: RetryPolicies(sink: 0, in: settings))
        var (firsts, retries, sequence) = (0, 0, SequenceNumber(0))
        var now = start
        for _ in 0..<10_000 {
            now += .milliseconds(1)
            sequence += 1
            _ = queue.take([stored(sequence)], after: sequence - 1)
            while let attempt = queue.next(now: now) {
                if attempt.number == 1 { firsts += 1 } else { retries += 1 }
                // Every fifth succeeds, so that the sink doesn't count as down.
                let status = (firsts + retries).isMultiple(of: 5) ? 202 : 500
                _ = queue.end(attempt, .answered(status: status), now: now, random: 0.5)
                if attempt.number > 1 { break }
            }
        }
        #expect(firsts == 10_000)
        let allowed = firsts / 5 + 10 * 10 + 100
        #expect(retries <= allowed, "\(retries)")
        #expect(retries >= allowed * 9 / 10, "\(retries)")
    }

    private func budget(percent: Int, perSecond: Int) -> RetryBudget {
        var settings = RetryBudgetSettings()
        (settings.percent, settings.perSecond) = (percent, perSecond)
        return RetryBudget(settings)
    }
}
