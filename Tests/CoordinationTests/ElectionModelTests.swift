import Testing

@testable import Coordination

/// Replicas on clocks of their own pace, a network that delays and loses, processes that are
/// stopped for a while: two never lead at one time, and terms only grow.
@Suite struct ElectionModelTests {
    private struct Node {
        var replica: Replica
        /// It does nothing before.
        var sleepsUntil = start
        /// When what it asked arrives at the server, and when the answer is back.
        var arrives: Instant?
        var returns: (Instant, LeaseElection.Answer)?
    }

    @Test(arguments: 1...60)
    func `two never lead at one time`(seed: UInt64) {
        var dice = Dice(state: seed)
        var server = Server.prepared
        var nodes = (0..<3).map { Node(replica: Replica("n\($0)")) }
        var lastTerm: Int64 = 0
        let calmFrom = at(400)
        var now = start
        while now < at(460) {
            let isCalm = now >= calmFrom
            for index in nodes.indices {
                turn(&nodes[index], &server, now, isCalm: isCalm, &dice)
                let node = nodes[index]
                guard let term = node.replica.election.term,
                    let until = node.replica.election.leadsUntil, now < until
                else { continue }
                #expect(term >= lastTerm, "seed \(seed)")
                lastTerm = term
            }
            let holders = nodes.filter { node in
                node.replica.election.leadsUntil.map { now < $0 } ?? false
            }
            #expect(holders.count <= 1, "seed \(seed)")
            now += .milliseconds(100)
        }
        #expect(nodes.contains { $0.replica.isLeading }, "seed \(seed): nobody leads in the end")
    }

    private func turn(
        _ node: inout Node, _ server: inout Server, _ now: Instant, isCalm: Bool, _ dice: inout Dice
    ) {
        // The server's part happens whether or not the process sleeps.
        if let arrives = node.arrives, now >= arrives, let call = node.replica.call {
            node.arrives = nil
            let isLost = !isCalm && Int.random(in: 0..<10, using: &dice) == 0
            let answer = isLost ? .failed("lost") : server.answer(call)
            let isUnheard = !isCalm && Int.random(in: 0..<10, using: &dice) == 0
            let delay = Int.random(in: 0...(isCalm ? 200 : 4_000), using: &dice)
            node.returns = (now + .milliseconds(delay), isUnheard ? .failed("unheard") : answer)
        }
        guard now >= node.sleepsUntil else { return }
        if !isCalm, Int.random(in: 0..<300, using: &dice) == 0 {
            node.sleepsUntil = now + .seconds(Int.random(in: 1...40, using: &dice))
            return
        }
        if let (time, answer) = node.returns, now >= time {
            node.returns = nil
            node.replica.answer(answer, now)
        } else {
            node.replica.step(now)
        }
        if node.replica.call != nil, node.arrives == nil, node.returns == nil {
            let delay = Int.random(in: 0...(isCalm ? 200 : 3_000), using: &dice)
            node.arrives = now + .milliseconds(delay)
        }
    }
}
