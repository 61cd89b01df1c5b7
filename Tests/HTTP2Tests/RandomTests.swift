import HTTP
import Testing

@testable import HTTP2

/// Peers that send anything; a seed says which.
@Suite struct RandomTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        /// The highest stream so far.
        var opened: Int32 = -1

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 33
        }
    }

    @Test(arguments: 1...100)
    func `whatever a peer sends, what it gets is bounded and ends`(seed: Int) {
        var dice = Dice(state: UInt64(seed))
        let peer = Peer()
        var requests: Set<Int32> = []
        for _ in 0..<300 where !peer.isOver {
            peer.now += Int.random(in: 0..<100_000_000, using: &dice)
            var octets = frame(of: peer, &dice).octets
            if Int.random(in: 0..<200, using: &dice) == 0 {
                octets[Int.random(in: octets.indices, using: &dice)] ^= 0x10
            }
            peer.send(octets: octets)
            for case .request(let stream) in peer.steps { requests.insert(stream) }
            peer.steps = []
            peer.frames = []
            if let stream = requests.randomElement(using: &dice), Bool.random(using: &dice) {
                requests.remove(stream)
                if Bool.random(using: &dice) { _ = peer.take(stream) }
                peer.respond(stream, Response(status: 200, contentType: "a/b", body: "hello"))
            }
            #expect(peer.openStreamsCount <= 100)
            #expect(peer.streams.reduce(0) { $0 + $1.request.message.count } < 3_000_000)
        }
        for stream in requests { peer.respond(stream, Response(status: 202)) }
        // Once for the rest of the requests, once for the responses that nobody takes.
        peer.pass(seconds: 31)
        peer.pass(seconds: 31)
        #expect(peer.openStreamsCount == 0)
        #expect(peer.heldHeadBytes == 0)
    }

    /// Mostly what a sane peer sends.
    private func frame(of peer: Peer, _ dice: inout Dice) -> Frame {
        let open = peer.streams.filter { $0.phase == .body }.map(\.number)
        let isSane = Int.random(in: 0..<100, using: &dice) > 0
        let stream = isSane ? open.randomElement(using: &dice) : dice.opened - 4
        let isEnd = Bool.random(using: &dice)
        let octets = [UInt8](repeating: 1, count: Int.random(in: 1..<1_000, using: &dice))
        switch (Int.random(in: 0..<40, using: &dice), stream) {
        case (0, let stream?): return .reset(stream)
        case (1, let stream?): return .windowUpdate(stream, 1_000)
        case (2, _): return .settings([(4, UInt32.random(in: 0..<100_000, using: &dice))])
        case (3, _): return Frame(.ping, payload: [UInt8](repeating: 0, count: 8))
        case (4, let stream?): return Frame(.priority, stream: stream, payload: bigEndian(0) + [1])
        case (5, let stream?): return .headers(stream, [("trailer", "1")], isEnd: true)
        case (6..<25, let stream?): return .data(stream, octets, isEnd: isEnd)
        default:
            dice.opened += 2
            return .headers(dice.opened, request("POST", "/", [("x", "1")]), isEnd: isEnd)
        }
    }
}
