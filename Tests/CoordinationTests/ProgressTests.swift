import Testing

@testable import Coordination

/// How far a leader came is told to the next one.
@Suite struct ProgressTests {
    @Test func `progress is written at once, and then once a second`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.progressed("vc", "1")
        one.talk(to: &server, at(1))
        #expect(server.lease?.checkpoints == ["vc": SharedCheckpoint(term: 1, text: "1")])
        one.election.progressed("vc", "2")
        one.talk(to: &server, at(1.5))
        #expect(server.lease?.checkpoints == ["vc": SharedCheckpoint(term: 1, text: "1")])
        #expect(one.wakes == at(2))
        for tick in 1...90 {
            one.election.progressed("vc", "\(tick)")
            one.talk(to: &server, at(1 + Double(tick) / 10))
        }
        // The first took the lease, the second told of 1, the rest came in nine seconds.
        #expect(server.writes == 2 + 9)
        #expect(one.told.count == 1)
    }

    @Test func `progress renews the lease, too`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.progressed("vc", "1")
        one.talk(to: &server, at(1))
        #expect(one.election.leadsUntil == at(11))
        #expect(one.wakes == at(3))
    }

    @Test func `the next leader is told`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        one.election.progressed("a", "1")
        one.election.progressed("b", "2")
        one.election.resign()
        one.talk(to: &server, at(0.1))
        two.talk(to: &server, at(0.2))
        let checkpoints = [
            "a": SharedCheckpoint(term: 1, text: "1"), "b": SharedCheckpoint(term: 1, text: "2"),
        ]
        #expect(two.told == [.lead(.init(lease: "u1", number: 2, checkpoints: checkpoints))])
        // What it doesn't read it passes on.
        two.election.progressed("a", "3")
        two.talk(to: &server, at(1.2))
        #expect(
            server.lease?.checkpoints == [
                "a": SharedCheckpoint(term: 2, text: "3"),
                "b": SharedCheckpoint(term: 1, text: "2"),
            ])
    }

    @Test func `who doesn't lead has nothing to tell`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.election.progressed("a", "1")
        one.talk(to: &server, start)
        one.talk(to: &server, at(2))
        #expect(server.lease?.checkpoints == [:])
        one.election.progressed("a", "2")
        one.step(at(60))
        one.live(with: &server, from: 60, until: 65)
        #expect(one.terms == [1, 2])
        #expect(server.lease?.checkpoints == [:])
    }

    @Test func `a checkpoint that is too large is left out`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.progressed("a", String(repeating: "x", count: 32 * 1024 + 1))
        one.talk(to: &server, at(2))
        #expect(server.lease?.checkpoints == [:])
    }

    @Test func `while writes fail, progress hurries nothing`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        var (now, asked) = (at(1), 0)
        while now < at(9.9) {
            one.election.progressed("a", "\(asked)")
            one.step(now)
            if one.call != nil {
                asked += 1
                one.answer(.failed("no route"), now)
            }
            now = max(one.wakes, now + .milliseconds(1))
        }
        #expect(asked <= 6)
    }
}
