import Testing

@testable import Knative

@Suite struct TokenRenewalTests {
    let start = ContinuousClock.now

    @Test func `nothing is asked for until somebody wants a token`() {
        var renewal = TokenRenewal()
        #expect(renewal.due(now: start) == nil)
        var isNew = renewal.want("a")
        #expect(isNew)
        isNew = renewal.want("a")
        #expect(!isNew)
        #expect(renewal.due(now: start) == start)
        renewal.begin()
        #expect(renewal.due(now: start) == nil)
    }

    @Test func `a token is renewed when four fifths of its life are over`() {
        let renewal = received(lifetime: .seconds(3_600))
        #expect(renewal.due(now: start) == start + .seconds(2_880))
        #expect(renewal.end == start + .seconds(3_600))
    }

    @Test func `a life that is too short, or over, isn't asked about all the time`() {
        #expect(received(lifetime: .zero).due(now: start) == start + .seconds(4))
    }

    @Test func `what fails is tried again, more and more rarely, and the token stays`() {
        var renewal = received(lifetime: .seconds(100))
        var now = start + .seconds(80)
        var waits: [Int] = []
        for _ in 0..<8 {
            renewal.begin()
            renewal.failed(retryAfter: nil, now: now, random: 1)
            let due = renewal.due(now: now) ?? now
            waits.append(Int((due - now).components.seconds))
            now = due
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
        #expect(renewal.end == start + .seconds(100))
        renewal.ended()
        #expect(renewal.end == nil)
    }

    @Test func `what the server asks for counts`() {
        var renewal = TokenRenewal()
        _ = renewal.want("a")
        renewal.begin()
        renewal.failed(retryAfter: .seconds(90), now: start, random: 0)
        #expect(renewal.due(now: start) == start + .seconds(90))
    }

    @Test func `a token that was refused is replaced at once`() {
        var renewal = received(lifetime: .seconds(100))
        renewal.refused(now: start)
        #expect(renewal.due(now: start) == start)
        #expect(renewal.end == nil)
    }

    @Test func `another audience wants another token, and none wants none`() {
        var renewal = received(lifetime: .seconds(100))
        var isNew = renewal.want("b")
        #expect(isNew)
        #expect(renewal.due(now: start) == start)
        #expect(renewal.end == nil)
        isNew = renewal.want(nil)
        #expect(isNew)
        #expect(renewal.due(now: start) == nil)
    }

    private func received(lifetime: Duration) -> TokenRenewal {
        var renewal = TokenRenewal()
        _ = renewal.want("a")
        renewal.begin()
        renewal.received(lifetime: lifetime, now: start)
        return renewal
    }
}
