import Journal
import Testing

@testable import Coordination

/// How far a leader came is told to the next one.
@Suite struct ProgressTests {
    @Test func `progress is written at once, and then ten times a second`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.progressed("vc", "1")
        one.talk(to: &server, at(1))
        #expect(server.lease?.checkpoints == ["vc": SharedCheckpoint(term: 1, text: "1")])
        one.election.progressed("vc", "2")
        one.talk(to: &server, at(1.05))
        #expect(server.lease?.checkpoints == ["vc": SharedCheckpoint(term: 1, text: "1")])
        #expect(one.wakes == at(1.1))
        for tick in 1...90 {
            one.election.progressed("vc", "\(tick)")
            one.talk(to: &server, at(1 + Double(tick) / 100))
        }
        // The first took the lease, the second told of 1, the rest came in nine tenths.
        #expect(server.writes == 2 + 9)
        #expect(one.told.count == 1)
    }

    @Test func `what several sources have reached is one write`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        for source in ["a", "b", "c"] { one.election.progressed(source, "1", page: 4) }
        one.talk(to: &server, at(1))
        #expect(server.writes == 2)
        let end = [LeaseRecord.TermEnd(term: 1, page: 4)]
        #expect(
            server.lease?.record
                == LeaseRecord(lease: "u1", term: 1, ends: ["a": end, "b": end, "c": end]))
    }

    @Test func `what is reached while a write is under way is told by the next`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.progressed("vc", "1", page: 1)
        one.step(at(1))
        let write = one.call
        one.election.progressed("vc", "2", page: 2)
        one.answer(server.answer(write ?? .read), at(1.05))
        #expect(server.lease?.ends == ["vc": [.init(term: 1, page: 1)]])
        one.talk(to: &server, at(1.1))
        #expect(server.lease?.ends == ["vc": [.init(term: 1, page: 2)]])
    }

    @Test func `a write of which the answer got lost is looked for, and not made twice`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.progressed("vc", "1", page: 1)
        one.step(at(1))
        _ = server.answer(one.call ?? .read)
        one.answer(.failed("reset"), at(1.5))
        one.step(at(3.5))
        #expect(one.call == .read)
        one.answer(server.answer(.read), at(3.5))
        #expect(server.lease?.record.ends == ["vc": [.init(term: 1, page: 1)]])
        // What is due is the renewal, and not the page.
        #expect(server.writes == 2)
    }

    @Test func `a write that comes after the term is refused`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        one.election.progressed("vc", "1", page: 1)
        one.step(at(1))
        let late = one.call
        two.live(with: &server, from: 1, until: 17)
        #expect(two.terms == [2])
        #expect(server.answer(late ?? .read) == .conflict)
        #expect(server.lease?.record == LeaseRecord(lease: "u1", term: 2))
    }

    @Test func `each leader carries on how the terms before it ended, as far as there is room`() {
        var server = Server.prepared
        for number in 1...10 {
            var one = Replica("\(number)")
            one.talk(to: &server, at(Double(number)))
            // A term that tells nothing has no place.
            if number != 4 { one.election.progressed("vc", "x", page: Int64(number)) }
            one.election.resign()
            one.talk(to: &server, at(Double(number) + 0.5))
        }
        let kept = [2, 3, 5, 6, 7, 8, 9, 10].map { LeaseRecord.TermEnd(term: $0, page: $0) }
        #expect(server.lease?.record == LeaseRecord(lease: "u1", term: 10, ends: ["vc": kept]))
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
