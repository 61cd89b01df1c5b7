import Testing

@testable import Delivery

@Suite struct TokenLeaseTests {
    private let start = ContinuousClock.now

    @Test func `a token is asked for at once, and once`() {
        var lease = TokenLease()
        #expect(lease.token(now: start) == nil)
        #expect(lease.nextRequest(now: start) == start)
        lease.begin()
        #expect(lease.nextRequest(now: start) == nil)
    }

    @Test(arguments: [(3_600, 3_540, 3_420), (100, 80, 95), (1, 4, 4), (0, 4, 4)])
    func `a token is renewed before its end and used until then`(
        lifetime: Int, renewal: Int, lastUse: Int
    ) {
        var lease = lease(.seconds(lifetime))
        #expect(lease.nextRequest(now: start) == start + .seconds(renewal))
        #expect(lease.token(now: start + .seconds(lastUse - 1)) == "a")
        #expect(lease.token(now: start + .seconds(max(lifetime, 5))) == nil)
        lease.begin()
        lease.received("b", lifetime: .seconds(60), now: start + .seconds(renewal))
        #expect(lease.token(now: start + .seconds(renewal)) == "b")
    }

    @Test func `a token whose end nobody tells is good for five minutes`() {
        let lease = lease(nil)
        #expect(lease.token(now: start + .seconds(284)) == "a")
        #expect(lease.token(now: start + .seconds(285)) == nil)
    }

    @Test func `the waits between failures double, up to a minute`() throws {
        var lease = TokenLease()
        var now = start
        var waits: [Double] = []
        for _ in 0..<9 {
            lease.begin()
            lease.failed(now: now, random: 0.5)
            let next = try required(lease.nextRequest(now: now))
            waits.append((next - now).seconds.rounded())
            now = next
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test func `a token that can't be renewed is used to its end`() {
        var lease = lease(.seconds(100))
        let renewal = start + .seconds(80)
        lease.begin()
        lease.failed(now: renewal, random: 0.5)
        #expect(lease.token(now: renewal) == "a")
        #expect(lease.nextRequest(now: renewal) == renewal + .seconds(1))
        #expect(lease.token(now: start + .seconds(95)) == nil)
    }

    @Test func `a refused token is replaced once, and then the refusal counts`() {
        var lease = lease(.seconds(100))
        check(lease.refused("a"))
        #expect(lease.token(now: start) == nil)
        #expect(lease.nextRequest(now: start) == start)
        lease.begin()
        check(lease.refused("a"))
        lease.received("b", lifetime: .seconds(100), now: start)
        check(!lease.refused("b"))
        #expect(lease.token(now: start) == "b")
        // Requests with the old one may come back late.
        check(lease.refused("a"))
        lease.taken("b")
        check(lease.refused("b"))
    }

    @Test func `another secret is used at once`() {
        var lease = lease(.seconds(100))
        lease.reset(now: start + .seconds(3))
        #expect(lease.nextRequest(now: start + .seconds(3)) == start + .seconds(3))
        #expect(lease.token(now: start + .seconds(3)) == "a")
    }

    private func lease(_ lifetime: Duration?) -> TokenLease {
        var lease = TokenLease()
        lease.begin()
        lease.received("a", lifetime: lifetime, now: start)
        return lease
    }
}
