import Journal
import Testing

@testable import Coordination

/// Leaders that read, on a network that delays and loses, stopped and killed at any moment: in the
/// end each event is in one journal, once.
///
/// Events are the numbers from 1 on, and a checkpoint is the last that was read.
@Suite struct HandoverModelTests {
    /// What outlives a process.
    private struct Disk {
        var events: [Int] = []
        var checkpoint: TermCheckpoint?
        var page: (page: PreparedPage, events: ClosedRange<Int>)?
    }

    private struct Node {
        var name: String
        var starts = 1
        var disk = Disk()
        var replica: Replica
        /// How many of what it was told are done.
        var done = 0
        /// In which term it reads, and the last event that it has read.
        var reading: (term: CheckpointTerm, position: Int)?
        var pages: Int64 = 0
        var sleepsUntil = start
        var arrives: Instant?
        var returns: (Instant, LeaseElection.Answer)?

        init(_ name: String) {
            self.name = name
            replica = Replica(name)
        }
    }

    /// Requests of processes that are dead.
    private struct Ghost {
        var arrives: Instant
        var call: LeaseElection.Call
    }

    private struct World {
        var dice: Dice
        var server = Server.prepared
        var nodes = ["a", "b", "c"].map { Node($0) }
        var ghosts: [Ghost] = []
        var kills = 0
        var fates: [LeaseRecord.Fate: Int] = [:]

        mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &dice) == 0 }

        mutating func delay(_ most: Int) -> Duration {
            .milliseconds(Int.random(in: 0...most, using: &dice))
        }
    }

    @Test(arguments: 1...60)
    func `each event is in one journal, once`(seed: UInt64) {
        var world = World(dice: Dice(state: seed))
        // Something was told before, or there would be nothing to go on from.
        world.server.lease?.checkpoints = ["vc": SharedCheckpoint(term: 0, text: "0")]
        world.server.lease?.ends = ["vc": [.init(term: 0, page: 0)]]
        var now = start
        while now < at(460) {
            for ghost in world.ghosts where now >= ghost.arrives {
                _ = world.server.answer(ghost.call)
            }
            world.ghosts.removeAll { now >= $0.arrives }
            for index in world.nodes.indices {
                turn(index, in: &world, now, isCalm: now >= at(400), reads: now < at(440))
            }
            now += .milliseconds(100)
        }
        let events = world.nodes.flatMap(\.disk.events).sorted()
        #expect(events == Array(1...max(events.count, 1)), "seed \(seed)")
        #expect(events.count > 100, "seed \(seed)")
        #expect(world.nodes.allSatisfy { $0.disk.page == nil }, "seed \(seed)")
        #expect(world.kills > 5, "seed \(seed)")
        #expect(world.fates[.unknown] == nil, "seed \(seed)")
        #expect(world.fates[.void] != nil, "seed \(seed)")
    }

    private func turn(
        _ index: Int, in world: inout World, _ now: Instant, isCalm: Bool, reads: Bool
    ) {
        var node = world.nodes[index]
        defer { world.nodes[index] = node }
        if let arrives = node.arrives, now >= arrives, let call = node.replica.call {
            node.arrives = nil
            let isLost = !isCalm && world.chance(10)
            let answer = isLost ? .failed("lost") : world.server.answer(call)
            let isUnheard = !isCalm && world.chance(10)
            node.returns = (
                now + world.delay(isCalm ? 200 : 3_000), isUnheard ? .failed("unheard") : answer
            )
        }
        guard now >= node.sleepsUntil else { return }
        if !isCalm, world.chance(400) {
            node.sleepsUntil = now + .seconds(Int.random(in: 1...40, using: &world.dice))
            return
        }
        if !isCalm, world.chance(400) { return kill(&node, in: &world) }
        // It may have been stopped between the fence's question and the commit.
        let wasStopped = now - node.sleepsUntil < .milliseconds(100)
        if wasStopped, world.chance(2) { prepare(&node, &world, reads) }
        if let (time, answer) = node.returns, now >= time {
            node.returns = nil
            if case .lease(let lease) = answer { decide(&node, by: lease.record, &world) }
            node.replica.answer(answer, now)
        } else {
            node.replica.step(now)
        }
        follow(&node)
        if let until = node.replica.election.leadsUntil, now < until {
            prepare(&node, &world, reads)
            node.replica.step(now)
        }
        if node.replica.call != nil, node.arrives == nil, node.returns == nil {
            node.arrives = now + world.delay(isCalm ? 200 : 2_000)
        }
    }

    private func kill(_ node: inout Node, in world: inout World) {
        world.kills += 1
        if let arrives = node.arrives, let call = node.replica.call {
            world.ghosts.append(Ghost(arrives: arrives + world.delay(20_000), call: call))
        }
        let (disk, starts) = (node.disk, node.starts + 1)
        node = Node(node.name)
        (node.disk, node.starts) = (disk, starts)
        node.replica = Replica("\(node.name)_\(starts)")
    }

    /// Does what the election has told.
    private func follow(_ node: inout Node) {
        for step in node.replica.told.dropFirst(node.done) {
            if case .lead(let term) = step {
                let text = SharedCheckpoint.choice(
                    own: node.disk.checkpoint, shared: term.checkpoints["vc"], lease: term.lease,
                    further: { (Int($0) ?? 0) >= (Int($1) ?? 0) ? $0 : $1 })
                let position = text.flatMap { Int($0) } ?? 0
                node.reading = (CheckpointTerm(lease: term.lease, number: term.number), position)
                node.pages = 0
            } else {
                node.reading = nil
            }
        }
        node.done = node.replica.told.count
    }

    private func prepare(_ node: inout Node, _ world: inout World, _ reads: Bool) {
        guard reads, let (term, position) = node.reading, node.disk.page == nil else { return }
        let last = position + Int.random(in: 1...3, using: &world.dice)
        node.pages += 1
        node.reading = (term, last)
        let page = PreparedPage(
            source: "vc", term: term, number: node.pages, eventsCount: last - position)
        node.disk.page = (page, position + 1...last)
        if node.replica.election.leads(in: term) {
            node.replica.election.progressed("vc", "\(last)", page: node.pages)
        }
    }

    private func decide(_ node: inout Node, by record: LeaseRecord, _ world: inout World) {
        guard let (page, events) = node.disk.page else { return }
        let fate = record.fate(of: page)
        world.fates[fate, default: 0] += 1
        switch fate {
        case .undecided: return
        case .void: break
        case .committed, .unknown:
            node.disk.events += events
            node.disk.checkpoint = TermCheckpoint(text: "\(events.upperBound)", term: page.term)
        }
        node.disk.page = nil
    }
}
