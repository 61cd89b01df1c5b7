import HTTP
import Testing

@testable import HTTP2

/// An honest client that sends its bodies in turns, as far as the windows let it.
private final class Sender {
    let peer: Peer
    private var seen = 0
    private var connection = 65_535
    private var windows: [Int32: Int] = [:]
    private var initial = 65_535
    private(set) var unsent: [Int32: Int] = [:]
    private(set) var mostHeld = 0

    init(_ limits: HTTP2Limits = HTTP2Limits()) {
        peer = Peer(limits, greets: false)
        // The first flight comes before the client knows our settings.
        peer.session.receive((preface + Frame.settings().octets).span, now: 0)
    }

    func open(_ stream: Int32, bytes: Int, tellsLength: Bool) {
        let fields = tellsLength ? [("content-length", "\(bytes)")] : []
        windows[stream] = initial
        unsent[stream] = bytes
        peer.send(.headers(stream, request("POST", "/", fields)))
        look()
    }

    /// Sends up to `bytes` of each body that has some left.
    ///
    /// - Returns: whether there was any that could be sent.
    func send(bytes: Int, padding: Int = 0) -> Bool {
        look()
        var hasSent = false
        for (stream, left) in unsent.sorted(by: { $0.key < $1.key }) {
            let room = min(connection, windows[stream] ?? 0)
            let count = min(left, bytes, room - (padding > 0 ? padding + 1 : 0))
            guard count > 0 else { continue }
            hasSent = true
            let octets = [UInt8](repeating: UInt8(stream & 0x7F), count: count)
            var frame = Frame.data(stream, octets, isEnd: count == left)
            if padding > 0 {
                frame.flags |= 8
                frame.payload =
                    [UInt8(padding)] + octets + [UInt8](repeating: 0, count: padding)
            }
            unsent[stream] = count == left ? nil : left - count
            connection -= frame.payload.count
            windows[stream]? -= frame.payload.count
            peer.send(frame)
            mostHeld = max(mostHeld, held)
            look()
        }
        return hasSent
    }

    private var held: Int { peer.streams.reduce(0) { $0 + $1.request.message.count } }

    /// Learns what the server has sent.
    private func look() {
        while seen < peer.frames.count {
            let frame = peer.frames[seen]
            seen += 1
            switch frame.kind {
            case .windowUpdate where frame.stream == 0: connection += Int(frame.number(at: 0))
            case .windowUpdate: windows[frame.stream]? += Int(frame.number(at: 0))
            case .settings where frame.flags == 0:
                for place in stride(from: 0, to: frame.payload.count, by: 6)
                where frame.payload[place + 1] == 4 {
                    let window = Int(frame.number(at: place + 2))
                    for stream in windows.keys { windows[stream]? += window - initial }
                    initial = window
                }
                peer.send(.settingsAcknowledgement)
            default: break
            }
        }
    }
}

@Suite struct FlowControlTests {
    @Test(arguments: [true, false], [0, 100])
    func `a hundred bodies that come in turns all arrive`(tellsLength: Bool, padding: Int) {
        let sender = Sender()
        let peer = sender.peer
        for number in 0..<100 {
            sender.open(Int32(2 * number + 1), bytes: 64 * 1024, tellsLength: tellsLength)
        }
        var taken = 0
        while sender.send(bytes: 5_000, padding: padding) {
            for case .request(let stream) in peer.steps {
                let body = peer.take(stream)?.body
                #expect(body == [UInt8](repeating: UInt8(stream & 0x7F), count: 64 * 1024))
                taken += 1
                peer.respond(stream, Response(status: 202))
            }
            peer.steps = []
        }
        #expect(taken == 100)
        #expect(sender.mostHeld <= 3 * 1024 * 1024)
        #expect(peer.goaway == nil)
        #expect(peer.isIdle)
    }

    @Test func `a body of the greatest length arrives while others wait`() {
        let sender = Sender()
        let peer = sender.peer
        for number in 0..<3 {
            sender.open(Int32(2 * number + 1), bytes: 1024 * 1024, tellsLength: number != 1)
        }
        while sender.send(bytes: 16_384) {
            for case .request(let stream) in peer.steps {
                #expect(peer.take(stream)?.body.count == 1024 * 1024)
                peer.respond(stream, Response(status: 202))
            }
            peer.steps = []
        }
        #expect(sender.unsent.isEmpty)
        #expect(peer.isIdle)
    }

    @Test func `a body over the limit is refused, and what still comes is dropped`() {
        var limits = HTTP2Limits()
        limits.bodyBytes = 20_000
        let sender = Sender(limits)
        let peer = sender.peer
        sender.open(1, bytes: 30_000, tellsLength: false)
        while sender.send(bytes: 1_000) {}
        #expect(peer.nextFields()?.first == ":status: 413")
        peer.pass(seconds: 0.25)
        #expect(peer.resetCode(of: 1) == Code.noError)
        peer.send(.data(1, [1, 2, 3]))
        #expect(peer.goaway == nil)
        #expect(peer.openStreamsCount == 0)
    }

    @Test func `what waits for its window isn't slow`() {
        let sender = Sender()
        let peer = sender.peer
        sender.open(1, bytes: 1024 * 1024, tellsLength: true)
        sender.open(3, bytes: 1024 * 1024, tellsLength: true)
        for _ in 0..<25 {
            _ = sender.send(bytes: 10_000)
            peer.pass(seconds: 1)
        }
        #expect(peer.nextFields() == nil)
        peer.pass(seconds: 6)
        // The first had its time; the second may be sent from now on.
        #expect(peer.nextFields()?.first == ":status: 408")
        peer.pass(seconds: 1)
        #expect(sender.unsent[3] != nil)
        #expect(peer.openStreamsCount == 1)
    }

    @Test func `107 - more than a stream's window ends the connection`() {
        let peer = Peer()
        peer.send(.headers(1))
        peer.send(.data(1, [UInt8](repeating: 0, count: 8 * 1024 + 1)))
        #expect(
            peer.goaway == Code.flowControl || peer.resetCode(of: 1) == Code.flowControl)
    }

    @Test func `107 - more than the connection's first window ends the connection`() {
        let peer = Peer(greets: false)
        peer.send(octets: preface + Frame.settings().octets)
        for number in 0..<5 {
            let stream = Int32(2 * number + 1)
            peer.send(.headers(stream), .data(stream, [UInt8](repeating: 0, count: 16_000)))
        }
        #expect(peer.goaway == Code.flowControl)
    }

    @Test func `109 - a window that becomes negative only delays a response`() {
        let peer = Peer()
        let body = [UInt8](repeating: 7, count: 100_000)
        peer.send(.settings([(4, 10_000)]), .headers(1, isEnd: true))
        var response = Response(status: 200)
        response.body = body
        peer.respond(1, response)
        #expect(peer.body(of: 1).count == 10_000)
        peer.send(.settings([(4, 0)]))
        peer.send(.windowUpdate(1, 10_000))
        #expect(peer.body(of: 1).count == 10_000)
        peer.send(.windowUpdate(1, 5_000))
        #expect(peer.body(of: 1).count == 15_000)
        peer.send(.windowUpdate(1, 1_000_000), .windowUpdate(0, 1_000_000))
        #expect(peer.body(of: 1) == body)
        #expect(peer.isIdle)
    }

    @Test func `109 - a response that is stalled by its window goes in the end`() {
        let peer = Peer()
        peer.send(.settings([(4, 10)]), .headers(1, isEnd: true))
        peer.respond(1, Response(status: 200, contentType: "a/b", body: "more than ten octets"))
        peer.send(.settings([(4, 0)]))
        peer.pass(seconds: 31)
        #expect(peer.resetCode(of: 1) == Code.cancel)
        #expect(peer.isIdle)
    }
}
