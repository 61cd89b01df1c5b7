import HTTP
import Testing

@testable import HTTP2

/// What costs a peer little and a server much; the numbers are those of our catalogue.
@Suite struct FloodTests {
    private let ping = Frame(.ping, payload: [UInt8](repeating: 0, count: 8))

    /// Sends one after the other until the connection ends, and says how many that took.
    private func count(
        _ peer: Peer, until code: UInt32 = Code.enhanceYourCalm, limit: Int = 5_000,
        _ frames: (Int) -> [Frame]
    ) -> Int? {
        for number in 1...limit {
            peer.send(octets: frames(number).flatMap(\.octets))
            if let goaway = peer.goaway { return goaway == code ? number : nil }
        }
        return nil
    }

    @Test func `80 - a header block has few parts`() {
        let peer = Peer()
        peer.send(.headers(1, isWhole: false))
        let count = count(peer) { _ in
            [Frame(.continuation, stream: 1, payload: block([("a", "b")]))]
        }
        #expect(count == 9)
    }

    @Test func `82 - more streams than allowed are refused while the client can't know`() {
        let peer = Peer(greets: false)
        peer.send(octets: preface + Frame.settings().octets)
        for number in 0...100 { peer.send(.headers(Int32(2 * number + 1), isEnd: true)) }
        #expect(peer.resetCode(of: 201) == Code.refusedStream)
        #expect(peer.openStreamsCount == 100)
        #expect(peer.goaway == nil)
    }

    @Test func `82 - a client that was told ends its connection by one stream too many`() {
        let peer = Peer()
        for number in 0...100 { peer.send(.headers(Int32(2 * number + 1), isEnd: true)) }
        #expect(peer.openStreamsCount == 100)
        #expect(peer.goaway == Code.protocolError)
    }

    @Test func `83 - resets have a budget, which time fills again`() {
        let peer = Peer()
        func reset(_ number: Int) -> [Frame] {
            let stream = Int32(2 * number + 1)
            return [.headers(stream), .reset(stream)]
        }
        for number in 0..<200 { peer.send(octets: reset(number).flatMap(\.octets)) }
        #expect(peer.goaway == nil)
        peer.pass(seconds: 1)
        #expect(count(peer) { reset(200 + $0) } == 21)
        #expect(peer.openStreamsCount == 0)
    }

    @Test func `83 - work on a reset request counts until it's answered`() {
        let peer = Peer()
        for number in 0..<100 {
            let stream = Int32(2 * number + 1)
            peer.send(.headers(stream, isEnd: true))
            _ = peer.take(stream)
            peer.send(.reset(stream))
            #expect(peer.steps.last == .cancelled(stream: stream))
        }
        #expect(peer.openStreamsCount == 100)
        peer.send(.headers(201, isEnd: true))
        #expect(peer.resetCode(of: 201) == Code.refusedStream)
        peer.respond(1, Response(status: 202))
        #expect(peer.openStreamsCount == 99)
        peer.send(.headers(203, isEnd: true))
        #expect(peer.steps.last == .request(stream: 203))
    }

    @Test(arguments: [
        ("an update of nothing", [Frame.windowUpdate(1, 0)]),
        ("a window beyond all bounds", [.windowUpdate(1, 0x7FFF_FFFF)]),
        ("a priority of a wrong length", [Frame(.priority, stream: 1, payload: [0])]),
        ("a body beyond its length", [.data(1, [1, 2, 3, 4, 5, 6])]),
        ("a malformed request", []),
    ])
    func `84, 89 - resets that the server is made to send have the same budget`(
        name: String, frames: [Frame]
    ) {
        let peer = Peer()
        let ended = count(peer) { number in
            let stream = Int32(2 * number + 1)
            let fields = frames.isEmpty ? [("te", "gzip")] : [("content-length", "5")]
            return [.headers(stream, request("POST", "/", fields))]
                + frames.map {
                    var frame = $0
                    frame.stream = stream
                    return frame
                }
        }
        // Oddities have a budget of their own, which is smaller; and some end it at once.
        #expect(ended.map { $0 <= 201 } ?? (peer.goaway != nil))
        #expect(peer.openStreamsCount <= 1)
    }

    @Test func `85 - pings have a budget`() {
        let peer = Peer()
        // The client's first settings count, too.
        #expect(count(peer) { _ in [ping] } == 100)
    }

    @Test func `86 - settings have a budget`() {
        #expect(count(Peer()) { _ in [.settings()] } == 100)
        let peer = Peer()
        peer.send(.settings((0..<33).map { (UInt16(100 + $0), 1) }))
        #expect(peer.goaway != nil)
    }

    @Test(arguments: [
        Frame.data(1, []), Frame(.data, flags: 0, stream: 1), Frame(.continuation, stream: 3),
    ])
    func `87 - one empty frame may follow another only at the end`(frame: Frame) {
        let peer = Peer()
        peer.send(.headers(1))
        if frame.kind == .continuation { peer.send(.headers(3, isWhole: false)) }
        peer.send(frame)
        #expect(peer.goaway == nil)
        peer.send(frame)
        #expect(peer.goaway == Code.enhanceYourCalm)
    }

    @Test func `87 - an empty frame may end a body`() {
        let peer = Peer()
        peer.send(.headers(1), .data(1, []), .data(1, [], isEnd: true))
        #expect(peer.steps.last == .request(stream: 1))
    }

    @Test func `88 - priorities are ignored, and bounded`() {
        let peer = Peer()
        func priority(_ stream: Int32, on other: Int32) -> Frame {
            Frame(.priority, stream: stream, payload: bigEndian(UInt32(other)) + [1])
        }
        peer.send(.headers(1), .headers(3), priority(1, on: 3), priority(3, on: 1))
        #expect(count(peer) { _ in [priority(5, on: 1)] } == 299)
    }

    @Test func `88 - a stream can't depend on itself`() {
        let own = bigEndian(1) + [1]
        let peer = Peer()
        peer.send(Frame(.headers, flags: 0x25, stream: 1, payload: own + block(request())))
        #expect(peer.goaway == Code.protocolError || peer.resetCode(of: 1) == Code.protocolError)
        let other = Peer()
        other.send(.headers(1), Frame(.priority, stream: 1, payload: own))
        #expect(other.goaway == Code.protocolError || other.resetCode(of: 1) == Code.protocolError)
    }

    @Test func `91 - nothing is read while answers to frames pile up`() {
        let peer = Peer()
        #expect(peer.wantsInput)
        // Slow enough for the budget, but nothing is written.
        for number in 0..<600 {
            peer.session.receive(ping.octets.span, now: number * 100_000_000)
        }
        #expect(!peer.wantsInput)
        peer.turn()
        #expect(peer.wantsInput)
        #expect(peer.frames(.ping).count == 600)
    }

    @Test func `91 - a peer that takes nothing of a response loses it`() {
        let peer = Peer()
        peer.send(.settings([(4, 0)]), .headers(1, isEnd: true))
        peer.respond(1, Response(status: 200, contentType: "a/b", body: "hello"))
        #expect(peer.body(of: 1).isEmpty)
        peer.pass(seconds: 29)
        #expect(peer.resetCode(of: 1) == nil)
        peer.pass(seconds: 2)
        #expect(peer.resetCode(of: 1) == Code.cancel)
        #expect(peer.isIdle)
    }

    @Test func `92 - window updates are bounded by what they could be for`() {
        #expect(count(Peer()) { _ in [.windowUpdate(0, 1)] } == 6)
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        peer.respond(1, Response(status: 200, contentType: "a/b", body: "hello"))
        #expect(count(peer) { _ in [.windowUpdate(0, 1)] } == 5 + 2 * 11 + 1)
    }

    @Test func `93 - a large field that is referred to often is too much, and is known later`() {
        let peer = Peer()
        let value = String(repeating: "v", count: 3_000)
        // A literal that goes into the table, and then its index.
        let field = [0x40] + block([("x", value)]).dropFirst()
        let bomb = block(request("GET", "/")) + field + [UInt8](repeating: 0xBE, count: 50)
        peer.send(Frame(.headers, flags: 5, stream: 1, payload: bomb))
        #expect(peer.nextFields()?.first == ":status: 431")
        #expect(peer.openStreamsCount == 0)
        peer.send(
            Frame(.headers, flags: 5, stream: 3, payload: block(request("GET", "/")) + [0xBE]))
        #expect(peer.take(3)?.fields == ["x=" + value])
        #expect(peer.goaway == nil)
    }

    @Test(arguments: ["x", "cookie"])
    func `94 - a tiny field that is referred to often is too much`(name: String) {
        let peer = Peer()
        let field = [0x40] + block([(name, "")]).dropFirst()
        let bomb = block(request("GET", "/")) + field + [UInt8](repeating: 0xBE, count: 16_000)
        peer.send(Frame(.headers, flags: 5, stream: 1, payload: bomb))
        #expect(peer.nextFields()?.first == ":status: 431")
        #expect(peer.heldHeadBytes == 0)
    }

    @Test(arguments: [(99, true), (100, false)])
    func `94 - a head may have 100 fields`(more: Int, isTaken: Bool) {
        let peer = Peer()
        let fields = (0...more).map { ("x\($0)", "") }
        peer.send(.headers(1, request("GET", "/", fields), isEnd: true))
        #expect((peer.steps.last == .request(stream: 1)) == isTaken)
    }

    @Test func `94 - the heads of all streams together are bounded`() {
        let peer = Peer()
        let fields = request("GET", "/", [("x", String(repeating: "v", count: 15_000))])
        for number in 0..<20 { peer.send(.headers(Int32(2 * number + 1), fields)) }
        #expect(peer.heldHeadBytes <= 256 * 1024)
        #expect(peer.frames(.reset).count == 3)
        #expect(peer.resetCode(of: 39) == Code.refusedStream)
    }

    @Test func `94 - a stream's time is bounded whatever the window`() {
        let peer = Peer()
        peer.send(.settings([(4, 0)]))
        for number in 0..<100 { peer.send(.headers(Int32(2 * number + 1))) }
        #expect(peer.openStreamsCount == 100)
        peer.pass(seconds: 31)
        #expect(peer.heldHeadBytes == 0)
        peer.pass(seconds: 31)
        #expect(peer.openStreamsCount == 0)
        #expect(peer.isIdle || peer.isOver)
    }

    @Test func `94 - a head that never ends is reset`() {
        let peer = Peer()
        peer.send(.headers(1, isWhole: false))
        peer.pass(seconds: 31)
        #expect(peer.resetCode(of: 1) == Code.cancel)
        #expect(peer.openStreamsCount == 0)
        peer.send(Frame(.continuation, flags: 4, stream: 1, payload: block([("a", "b")])))
        #expect(peer.goaway == nil)
        peer.send(.headers(3, isEnd: true))
        #expect(peer.steps.last == .request(stream: 3))
    }

    @Test func `112 - padding isn't payload`() {
        var limits = HTTP2Limits()
        limits.overheadBytes = 64 * 1024
        let peer = Peer(limits)
        peer.send(.headers(1))
        let frame = Frame(
            .data, flags: 8, stream: 1, payload: [254, 1] + [UInt8](repeating: 0, count: 254))
        #expect(count(peer) { _ in [frame] } != nil)
    }

    @Test func `114 - bodies must come at a rate`() {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("content-length", "5000")])))
        peer.pass(seconds: 0.25)
        for _ in 0..<6 {
            peer.send(.data(1, [1]))
            peer.pass(seconds: 1)
        }
        #expect(peer.nextFields()?.first == ":status: 408")
        peer.pass(seconds: 0.25)
        #expect(peer.resetCode(of: 1) == Code.noError)
        #expect(peer.openStreamsCount == 0)
    }

    @Test func `an honest slow body is taken`() {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("content-length", "5000")])))
        for second in 1...20 {
            peer.send(.data(1, [UInt8](repeating: 1, count: 250), isEnd: second == 20))
            peer.pass(seconds: 1)
        }
        #expect(peer.take(1)?.body.count == 5000)
    }

    @Test func `115 - streams are taken after the client's GOAWAY`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        peer.send(Frame(.goaway, payload: [UInt8](repeating: 0, count: 8)))
        peer.send(.headers(3, isEnd: true))
        #expect(peer.steps.last == .request(stream: 3))
        peer.respond(1, Response(status: 204))
        #expect(!peer.isOver)
        peer.respond(3, Response(status: 204))
        #expect(!peer.isOver)
    }

    @Test func `115 - a client that has no stream open may say goodbye and go on`() {
        let peer = Peer()
        peer.send(Frame(.goaway, payload: [UInt8](repeating: 0, count: 8)))
        #expect(!peer.isOver)
        peer.send(.headers(1, isEnd: true))
        #expect(peer.steps.last == .request(stream: 1))
    }

    @Test func `115 - a goodbye that is malformed is refused`() {
        for (stream, bytes, code) in [(1, 8, Code.protocolError), (0, 7, Code.frameSize)] {
            let peer = Peer()
            peer.send(
                Frame(.goaway, stream: Int32(stream), payload: [UInt8](repeating: 0, count: bytes)))
            #expect(peer.goaway == code)
        }
    }

    @Test func `115 - a connection is drained after its share of streams`() {
        var limits = HTTP2Limits()
        limits.streamsPerConnection = 10
        let peer = Peer(limits)
        for number in 0..<12 {
            peer.send(.headers(Int32(2 * number + 1), isEnd: true))
            peer.respond(Int32(2 * number + 1), Response(status: 204))
            #expect(peer.frames(.goaway).count == (number < 9 ? 0 : 1))
        }
        #expect(!peer.isOver)
        peer.pass(seconds: 1.1)
        #expect(peer.frames(.goaway).map { $0.number(at: 0) } == [0x7FFF_FFFF, 23])
        #expect(peer.goaway == Code.noError)
        #expect(peer.isOver)
    }

    @Test func `110 - our settings are to be acknowledged within ten seconds`() {
        let peer = Peer(greets: false)
        peer.send(octets: preface + Frame.settings().octets)
        peer.pass(seconds: 9.9)
        #expect(peer.goaway == nil)
        peer.pass(seconds: 0.2)
        #expect(peer.goaway == Code.settingsTimeout)
        #expect(peer.isOver)
    }
}
