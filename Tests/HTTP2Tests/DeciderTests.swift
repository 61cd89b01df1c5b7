import Testing

@testable import HTTP2

/// The values that decide, without a connection around them.
@Suite struct DeciderTests {
    // MARK: - BodyBudget

    @Test func `streams get what they want as far as the budget goes`() {
        var budget = BodyBudget(bytes: 100)
        budget.want(1, bytes: 60)
        budget.want(3, bytes: 40)
        budget.want(5, bytes: 1)
        expectGrants([1: 60, 3: 40], from: &budget)
        #expect(budget.isWaiting(5))
        budget.remove(3)
        expectGrants([5: 1], from: &budget)
        #expect(!budget.isWaiting(5))
    }

    @Test func `the first always gets what it wants`() {
        var budget = BodyBudget(bytes: 100)
        budget.want(1, bytes: 50)
        budget.want(3, bytes: 50)
        expectGrants([1: 50, 3: 50], from: &budget)
        budget.want(3, bytes: 51)
        expectGrants([:], from: &budget)
        budget.want(1, bytes: 1_000)
        expectGrants([1: 1_000], from: &budget)
        budget.remove(1)
        expectGrants([3: 51], from: &budget)
    }

    @Test func `a small one doesn't overtake a large one that waits`() {
        var budget = BodyBudget(bytes: 100)
        budget.want(1, bytes: 90)
        budget.want(3, bytes: 90)
        budget.want(5, bytes: 5)
        expectGrants([1: 90], from: &budget)
        budget.remove(1)
        expectGrants([3: 90, 5: 5], from: &budget)
    }

    private func expectGrants(
        _ expected: [Int32: Int], from budget: inout BodyBudget,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var grants: [Int32: Int] = [:]
        while let grant = budget.nextGrant() { grants[grant.stream] = grant.bytes }
        #expect(grants == expected, sourceLocation: sourceLocation)
    }

    // MARK: - StreamNumbers

    @Test func `numbers that were left out can't be used`() {
        var numbers = StreamNumbers()
        let uses = [1, 3, 9, 3, 5, 7, 9, 11].map { numbers.use($0) }
        #expect(
            uses == [
                .opened, .opened, .openedAfterGap, .known, .skipped, .skipped, .known, .opened,
            ])
        #expect(numbers.opened == 4)
    }

    @Test func `the first number may be any`() {
        var numbers = StreamNumbers()
        let uses = [5, 1, 0x7FFF_FFFF].map { numbers.use($0) }
        #expect(uses == [.openedAfterGap, .skipped, .openedAfterGap])
    }

    // MARK: - TokenBucket

    @Test(arguments: [
        ([0, 0, 0, 0], [true, true, true, false]),
        ([0, 0, 0, 500, 1_000, 1_000], [true, true, true, true, true, false]),
        ([0, 0, 0, 499], [true, true, true, false]),
        ([0, 0, 0, 1_000_000_000_000, 1_000_000_000_000], [true, true, true, true, true]),
    ])
    func `a bucket lets a burst through, then a rate`(milliseconds: [Int], answers: [Bool]) {
        var bucket = TokenBucket(HTTP2Limits.Rate(burst: 3, perSecond: 2), now: 0)
        #expect(milliseconds.map { bucket.take(now: $0 * 1_000_000) } == answers)
    }

    // MARK: - BodyClock

    @Test func `bodies are slow when nothing comes for longer than the grace`() {
        let limits = HTTP2Limits()
        var clock = BodyClock()
        func isTooSlow(at second: Int, isExpected: Bool = true) -> Bool {
            clock.isTooSlow(isExpected: isExpected, now: second * 1_000_000_000, limits)
        }
        #expect(!isTooSlow(at: 1))
        #expect(!isTooSlow(at: 6))
        #expect(isTooSlow(at: 7))
        clock.received(240 * 9)
        #expect(!isTooSlow(at: 10))
        #expect(isTooSlow(at: 11))
        #expect(!isTooSlow(at: 12, isExpected: false))
        #expect(!isTooSlow(at: 100))
    }
}
