import Testing

@testable import Coordination

/// Who leads, on a clock that is set by hand.
@Suite struct LeaseElectionTests {
    // MARK: - Beginning

    @Test func `a lease that nobody holds is taken at once`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        #expect(one.told == [.lead(.init(lease: "u1", number: 1, checkpoints: [:]))])
        #expect(server.lease?.holder == "one")
        #expect(server.lease?.durationSeconds == 15)
        #expect(server.lease?.transitions == 1)
        #expect(one.election.leadsUntil == at(10))
        #expect(one.wakes == at(2))
    }

    @Test func `a lease that isn't there is made, and led by`() {
        var (server, one) = (Server(), Replica("one"))
        one.talk(to: &server, start)
        #expect(one.terms == [1])
        #expect(server.lease?.holder == "one")
    }

    @Test func `who may not make a lease says so and looks again`() {
        var (server, one) = (Server(), Replica("one", mayCreate: false))
        one.talk(to: &server, start)
        #expect(!one.isLeading)
        #expect(one.election.problem == "there is no such lease, and none is made")
        server.put(Lease())
        one.live(with: &server, from: 0.1, until: 3)
        #expect(one.terms == [1])
        #expect(one.election.problem == nil)
    }

    @Test func `of two that make the lease at one time, one leads`() {
        var (server, one, two) = (Server(), Replica("one"), Replica("two"))
        one.step(start)
        two.step(start)
        one.answer(.missing, start)
        two.answer(.missing, start)
        one.answer(server.answer(one.call ?? .read), start)
        two.answer(server.answer(two.call ?? .read), start)
        two.live(with: &server, from: 0.1, until: 5)
        #expect(one.isLeading)
        #expect(!two.isLeading)
    }

    @Test func `of two that take the lease at one time, one leads`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.step(start)
        two.step(start)
        let (first, second) = (server.answer(.read), server.answer(.read))
        one.answer(first, start)
        two.answer(second, start)
        one.answer(server.answer(one.call ?? .read), start)
        two.answer(server.answer(two.call ?? .read), start)
        #expect(one.terms == [1])
        #expect(two.terms == [])
        #expect(two.wakes == at(2))
    }

    // MARK: - Going on

    @Test func `the leader renews every two seconds, and reads nothing for it`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.live(with: &server, from: 0, until: 21)
        #expect(one.told.count == 1)
        // The first took the lease.
        #expect(server.writes == 11)
        #expect(server.lease?.transitions == 1)
        #expect(one.election.leadsUntil == at(30))
    }

    @Test func `others wait while the lease is renewed, however it's dated`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        for second in 1...60 {
            one.live(with: &server, from: Double(second), until: Double(second) + 0.5)
            two.live(with: &server, from: Double(second) + 0.5, until: Double(second) + 0.9)
        }
        #expect(one.told.count == 1)
        #expect(two.told == [])
        #expect(two.election.leader == "one")
    }

    @Test func `a renewal counts from its beginning`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.step(at(2))
        let answer = server.answer(one.call ?? .read)
        one.answer(answer, at(6))
        #expect(one.election.leadsUntil == at(12))
        // The next is due by the usual pace.
        #expect(one.call != nil)
    }

    // MARK: - Taking over

    @Test func `a lease that isn't renewed is taken when it has run out by our own clock`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        two.live(with: &server, from: 1, until: 15.9)
        #expect(two.told == [])
        two.live(with: &server, from: 15.9, until: 16.1)
        #expect(two.terms == [2])
        #expect(server.lease?.holder == "two")
    }

    @Test func `how long to wait says the holder`() {
        var (server, two) = (Server.prepared, Replica("two"))
        var lease = Lease()
        (lease.holder, lease.durationSeconds, lease.transitions) = ("one", 40, 7)
        server.put(lease)
        two.live(with: &server, from: 0, until: 39.9)
        #expect(two.told == [])
        two.live(with: &server, from: 39.9, until: 40.1)
        #expect(two.terms == [8])
    }

    @Test func `a lease that was given back is taken at the next look`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        two.talk(to: &server, at(0.5))
        one.election.resign()
        one.talk(to: &server, at(1))
        #expect(one.told.suffix(2) == [.stepDown(.resigned), .ended])
        #expect(server.lease?.holder == "")
        two.live(with: &server, from: 1, until: 3)
        #expect(two.terms == [2])
    }

    @Test func `a process that was started again is another, and waits like all`() {
        var (server, one, again) = (Server.prepared, Replica("one_a"), Replica("one_b"))
        one.talk(to: &server, start)
        again.live(with: &server, from: 1, until: 15)
        #expect(again.told == [])
    }

    @Test func `a takeover of which the answer got lost is made good as a new term`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.step(start)
        one.answer(server.answer(one.call ?? .read), start)
        _ = server.answer(one.call ?? .read)
        one.answer(.failed("reset"), at(1))
        #expect(!one.isLeading)
        one.live(with: &server, from: 1, until: 4)
        #expect(one.terms == [2])
    }

    @Test func `a takeover that is answered too late begins nothing`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.step(start)
        one.answer(server.answer(one.call ?? .read), start)
        let late = server.answer(one.call ?? .read)
        one.answer(late, at(10))
        // It's taken once more, because it's held in our name.
        #expect(one.told == [])
        one.talk(to: &server, at(10))
        #expect(one.terms == [2])
    }

    // MARK: - Ending

    @Test func `who can't renew steps down before others may begin`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.live(with: &server, from: 0, until: 4)
        two.talk(to: &server, at(4))
        var now = at(6)
        while now < at(14.01) {
            one.step(now)
            if one.call != nil { one.answer(.failed("no route"), now) }
            now = max(one.wakes, now + .milliseconds(1))
        }
        #expect(one.endings == [.expired("no route")])
        two.live(with: &server, from: 14, until: 18.9)
        #expect(two.told == [])
        two.live(with: &server, from: 18.9, until: 19.1)
        #expect(two.terms == [2])
    }

    @Test func `a failure or two don't end a term`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.step(at(2))
        one.answer(.failed("timeout"), at(7))
        one.live(with: &server, from: 7, until: 9)
        #expect(one.told.count == 1)
        #expect(one.election.leadsUntil.map { $0 > at(17) } == true)
    }

    @Test func `a renewal whose answer got lost is no conflict`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.step(at(2))
        _ = server.answer(one.call ?? .read)
        one.answer(.failed("reset"), at(3))
        one.live(with: &server, from: 3, until: 8)
        #expect(one.told.count == 1)
        #expect(server.lease?.transitions == 1)
    }

    @Test func `who slept beyond the end steps down before anything else`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.step(at(60))
        #expect(one.endings == [.expired(nil)])
        // Then it takes part again, as all others do.
        #expect(one.call == .read)
    }

    @Test func `who slept while a renewal was under way steps down though it succeeded`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.step(at(2))
        let answer = server.answer(one.call ?? .read)
        one.answer(answer, at(60))
        #expect(one.endings == [.expired(nil)])
    }

    @Test func `a follower that slept believes nothing from before`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        two.talk(to: &server, at(0.5))
        one.live(with: &server, from: 2, until: 60)
        two.talk(to: &server, at(61))
        two.live(with: &server, from: 61, until: 70)
        #expect(two.told == [])
        #expect(two.election.leader == "one")
    }

    @Test func `a follower that slept between its look and its write is refused`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        two.live(with: &server, from: 1, until: 15)
        two.step(at(16))
        two.answer(server.answer(two.call ?? .read), at(16))
        let write = two.call
        one.step(at(16))
        one.talk(to: &server, at(16))
        two.answer(server.answer(write ?? .read), at(90))
        #expect(!two.isLeading)
    }

    @Test func `a lease that another took is led no more, at once`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        var stolen = server.lease ?? Lease()
        (stolen.holder, stolen.transitions) = ("thief", 2)
        server.put(stolen)
        one.talk(to: &server, at(2))
        #expect(one.endings == [.taken(by: "thief")])
        #expect(server.lease?.holder == "thief")
    }

    @Test func `a term that another began in our name is another`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        var other = server.lease ?? Lease()
        other.transitions = 5
        server.put(other)
        one.talk(to: &server, at(2))
        #expect(one.endings == [.taken(by: "one")])
        #expect(one.terms == [1, 6])
    }

    @Test(arguments: [true, false])
    func `a lease that was deleted, or made anew, is led no more`(isMadeAnew: Bool) {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        server.lease = nil
        if isMadeAnew { server.put(Lease(), uid: "u2") }
        one.talk(to: &server, at(2))
        #expect(one.endings == [.deleted])
        #expect(one.terms.count == 2)
    }

    @Test func `who writes labels on the lease disturbs nobody`() {
        var (server, one) = (Server.prepared, Replica("one"))
        for second in stride(from: 0.0, to: 40, by: 0.5) {
            one.live(with: &server, from: second, until: second)
            if let lease = server.lease { server.put(lease) }
        }
        #expect(one.told.count == 1)
    }

    @Test func `who meets nothing but conflicts asks at the usual pace, and steps down in time`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        var (now, asked) = (at(2), 0)
        while now < at(10.1) {
            one.step(now)
            while one.call != nil, asked < 100 {
                asked += 1
                one.answer(one.call == .read ? server.answer(.read) : .conflict, now)
            }
            now = max(one.wakes, now + .milliseconds(1))
        }
        #expect(asked < 20)
        #expect(one.endings == [.expired(nil)])
    }

    // MARK: - Giving back

    @Test func `who doesn't lead gives nothing back`() {
        var (server, one, two) = (Server.prepared, Replica("one"), Replica("two"))
        one.talk(to: &server, start)
        two.talk(to: &server, at(1))
        let writes = server.writes
        two.election.resign()
        two.talk(to: &server, at(1))
        #expect(two.told == [.ended])
        #expect(server.writes == writes)
    }

    @Test func `a lease that was changed meanwhile is given back all the same`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        if let lease = server.lease { server.put(lease) }
        one.election.resign()
        one.talk(to: &server, at(1))
        #expect(server.lease?.holder == "")
        #expect(one.told.last == .ended)
    }

    @Test func `who can't give the lease back ends all the same`() {
        var (server, one) = (Server.prepared, Replica("one"))
        one.talk(to: &server, start)
        one.election.resign()
        one.step(at(1))
        one.answer(.failed("no route"), at(1))
        #expect(one.told.suffix(2) == [.stepDown(.resigned), .ended])
    }
}
