import Testing

@testable import Server

/// The decider with a clock set by hand.
@Suite struct ConnectionClockTests {
    private let start = 1_000_000_000_000
    private let limits = ConnectionClock.Limits(ServerLimits())

    /// The phase, the time it may last, and what is done after it.
    private static let phases:
        [(phase: ConnectionClock.Phase, seconds: Int, verdict: ConnectionClock.Verdict)] = [
            (.idle, 75, .close), (.head, 10, .refuse), (.output, 10, .close), (.end, 5, .close),
        ]

    @Test func `each phase has its time, and what is done after it`() {
        for (phase, limit, verdict) in Self.phases {
            var clock = ConnectionClock(now: start)
            let begin = start + seconds(100)
            clock.enter(phase == .idle ? .head : .idle, now: start)
            clock.enter(phase, now: begin)
            #expect(clock.verdict(now: begin + seconds(limit), limits) == .wait, "\(phase)")
            let after = begin + seconds(limit) + 1
            #expect(clock.verdict(now: after, limits) == verdict, "\(phase)")
        }
    }

    @Test func `a new connection is idle`() {
        let clock = ConnectionClock(now: start)
        #expect(clock.verdict(now: start + seconds(75), limits) == .wait)
        #expect(clock.verdict(now: start + seconds(76), limits) == .close)
    }

    @Test func `nobody is blamed for our own answer`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.answer, now: start)
        #expect(clock.verdict(now: start + seconds(1_000_000), limits) == .wait)
    }

    @Test func `entering a phase again gives no more time`() {
        var clock = ConnectionClock(now: start)
        for second in 0..<11 {
            clock.enter(.head, now: start + seconds(second))
            #expect(clock.verdict(now: start + seconds(second), limits) == .wait)
        }
        #expect(clock.verdict(now: start + seconds(11), limits) == .refuse)
    }

    @Test func `an answered request gives time anew`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.head, now: start)
        clock.restart(now: start + seconds(9))
        clock.enter(.head, now: start + seconds(9))
        #expect(clock.verdict(now: start + seconds(19), limits) == .wait)
        #expect(clock.verdict(now: start + seconds(20), limits) == .refuse)
    }

    @Test func `a peer that takes some of a response has time anew, and no one else`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.output, now: start)
        clock.sent(now: start + seconds(9))
        #expect(clock.verdict(now: start + seconds(19), limits) == .wait)
        #expect(clock.verdict(now: start + seconds(20), limits) == .close)

        clock = ConnectionClock(now: start)
        clock.enter(.head, now: start)
        clock.sent(now: start + seconds(9))
        #expect(clock.verdict(now: start + seconds(11), limits) == .refuse)
    }

    // MARK: - Bodies

    @Test func `a body that is fast enough may last as long as its limit`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.body, now: start)
        for second in 1...60 {
            clock.received(240)
            #expect(clock.verdict(now: start + seconds(second), limits) == .wait)
        }
        clock.received(1_000_000)
        #expect(clock.verdict(now: start + seconds(61), limits) == .refuse)
    }

    @Test func `a body may be slow at first, and not on average`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.body, now: start)
        #expect(clock.verdict(now: start + seconds(5), limits) == .wait)
        #expect(clock.verdict(now: start + milliseconds(5_001), limits) == .refuse)
        clock.received(6 * 240)
        #expect(clock.verdict(now: start + seconds(6), limits) == .wait)
        #expect(clock.verdict(now: start + milliseconds(6_100), limits) == .refuse)
    }

    @Test func `what one body brought doesn't count for the next`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.body, now: start)
        clock.received(1_000_000)
        clock.restart(now: start + seconds(1))
        clock.enter(.body, now: start + seconds(1))
        #expect(clock.verdict(now: start + seconds(7), limits) == .refuse)
    }

    @Test func `octets before the body don't count for it`() {
        var clock = ConnectionClock(now: start)
        clock.enter(.head, now: start)
        clock.received(1_000_000)
        clock.enter(.body, now: start)
        #expect(clock.verdict(now: start + seconds(6), limits) == .refuse)
    }

    private func seconds(_ count: Int) -> Int { count * 1_000_000_000 }

    private func milliseconds(_ count: Int) -> Int { count * 1_000_000 }
}
