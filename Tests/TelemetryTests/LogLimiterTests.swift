import Telemetry
import Testing

@Suite struct LogLimiterTests {
    private let start = ContinuousClock.now

    @Test func `one line an interval, then the count of the rest`() {
        var limiter = LogLimiter(interval: .seconds(10))
        #expect(limiter.admit("a", now: start) == 0)
        #expect(limiter.admit("a", now: start + .seconds(1)) == nil)
        #expect(limiter.admit("a", now: start + .milliseconds(9_999)) == nil)
        #expect(limiter.admit("a", now: start + .seconds(10)) == 2)
        #expect(limiter.admit("a", now: start + .seconds(11)) == nil)
        #expect(limiter.admit("a", now: start + .seconds(100)) == 1)
        #expect(limiter.admit("a", now: start + .seconds(200)) == 0)
    }

    @Test func `each key has its own interval and count`() {
        var limiter = LogLimiter(interval: .seconds(10))
        #expect(limiter.admit("a", now: start) == 0)
        #expect(limiter.admit("a", now: start) == nil)
        #expect(limiter.admit("b", now: start + .seconds(5)) == 0)
        #expect(limiter.admit("a", now: start + .seconds(10)) == 1)
        #expect(limiter.admit("b", now: start + .seconds(10)) == nil)
        #expect(limiter.admit("b", now: start + .seconds(15)) == 1)
    }

    @Test func `so many keys and no more`() {
        var limiter = LogLimiter(interval: .seconds(10), keysLimit: 2)
        #expect(limiter.admit("a", now: start) == 0)
        #expect(limiter.admit("b", now: start + .seconds(5)) == 0)
        #expect(limiter.admit("c", now: start + .seconds(5)) == nil)
        #expect(limiter.admit("b", now: start + .seconds(6)) == nil)
        // The first hasn't been written for an interval and makes room; the second stays.
        #expect(limiter.admit("c", now: start + .seconds(10)) == 0)
        #expect(limiter.admit("a", now: start + .seconds(10)) == nil)
        #expect(limiter.admit("b", now: start + .seconds(15)) == 1)
    }
}
