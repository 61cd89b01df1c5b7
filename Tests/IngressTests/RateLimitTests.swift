import Testing

@testable import Ingress

@Suite struct RateLimitTests {
    private let second = 1_000_000_000

    @Test func `so many pass at once, and then as many as the rate says`() {
        let limit = RateLimit(10, per: .seconds(1), burst: 3)
        for _ in 0..<3 { #expect(limit.take(now: 5) == nil) }
        #expect(limit.take(now: 5) == second / 10)
        #expect(limit.take(now: 5 + second / 10 - 1) == 1)
        #expect(limit.take(now: 5 + second / 10) == nil)
        #expect(limit.take(now: 5 + second / 10) == second / 10)
    }

    @Test func `what is refused costs nothing`() {
        let limit = RateLimit(1, per: .seconds(60), burst: 1)
        #expect(limit.take(now: 0) == nil)
        for _ in 0..<1_000 { #expect(limit.take(now: second) == 59 * second) }
        #expect(limit.take(now: 60 * second) == nil)
    }

    @Test func `rest is saved up to the burst and no further`() {
        let limit = RateLimit(10, per: .seconds(1), burst: 5)
        for _ in 0..<5 { #expect(limit.take(now: 1_000 * second) == nil) }
        #expect(limit.take(now: 1_000 * second) != nil)
    }

    @Test func `a clock that goes back a little lets nobody through`() {
        let limit = RateLimit(1, per: .seconds(1), burst: 1)
        #expect(limit.take(now: second) == nil)
        #expect(limit.take(now: second - 10) == second + 10)
    }

    @Test func `threads share one limit`() async {
        let limit = RateLimit(1, per: .seconds(1), burst: 1_000)
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1_000).count { _ in limit.take(now: 0) == nil } }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 1_000)
    }
}
