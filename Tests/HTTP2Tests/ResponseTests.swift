import HTTP
import Testing

@testable import HTTP2

@Suite struct ResponseTests {
    private let hello = Response(status: 200, contentType: "text/plain", body: "hello")

    @Test func `a response goes out`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        _ = peer.take(1)
        var response = hello
        response.add("X-Upper", "As It Is")
        response.add("Empty", "")
        peer.respond(1, response)
        #expect(
            peer.nextFields() == [
                ":status: 200", "date: Thu, 01 Jan 1970 00:00:00 GMT",
                "content-type: text/plain", "x-upper: As It Is", "empty: ", "content-length: 5",
            ])
        #expect(peer.body(of: 1) == Array("hello".utf8))
        #expect(peer.frames.last?.isEnd == true)
        #expect(peer.frames(.reset).isEmpty)
        #expect(peer.isIdle)
    }

    @Test func `fields of a connection are left out`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        var response = hello
        for name in [
            "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade",
        ] {
            response.add(name, "a")
        }
        peer.respond(1, response)
        #expect(peer.nextFields()?.count == 4)
    }

    @Test func `a response to HEAD has a length and no body`() {
        let peer = Peer()
        peer.send(.headers(1, request("HEAD", "/"), isEnd: true))
        peer.respond(1, hello)
        #expect(peer.frames(.headers).last?.isEnd == true)
        #expect(peer.nextFields()?.last == "content-length: 5")
        #expect(peer.frames(.data).isEmpty)
    }

    @Test func `a HEAD that is refused has no body either`() {
        let peer = Peer()
        peer.send(.headers(1, request("HEAD", "/", [("expect", "more")]), isEnd: true))
        #expect(peer.frames(.headers).last?.isEnd == true)
        #expect(peer.nextFields()?.first == ":status: 417")
    }

    @Test func `a 204 has neither`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        peer.respond(1, Response(status: 204))
        #expect(
            peer.nextFields() == [":status: 204", "date: Thu, 01 Jan 1970 00:00:00 GMT"])
        #expect(peer.isIdle)
    }

    @Test func `a large response goes as the windows allow`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        var response = Response(status: 200)
        response.body = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        peer.respond(1, response)
        #expect(peer.body(of: 1).count == 65_535)
        while peer.body(of: 1).count < 200_000 {
            let count = peer.body(of: 1).count
            peer.send(.windowUpdate(1, 30_000), .windowUpdate(0, 30_000))
            #expect(peer.body(of: 1).count == min(count + 30_000, 200_000))
        }
        #expect(peer.body(of: 1) == response.body)
        #expect(peer.isIdle)
    }

    @Test func `output stops soon after its limit and goes on later`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        var response = Response(status: 200)
        response.body = [UInt8](repeating: 1, count: 60_000)
        peer.session.respond(1, response)
        var output: [UInt8] = []
        peer.session.write(into: &output, limit: 1_000)
        #expect(1_000..<18_000 ~= output.count)
        #expect(peer.hasOutput)
        peer.session.write(into: &output, limit: .max)
        #expect(!peer.hasOutput)
        #expect(
            Frame.all(in: output).filter { $0.kind == .data }.flatMap(\.payload).count == 60_000)
    }

    @Test func `a response before the body's end stops the body`() {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("content-length", "5000")])))
        #expect(peer.steps == [.head(stream: 1)])
        peer.respond(1, hello)
        #expect(peer.frames.last?.isEnd == true)
        peer.pass(seconds: 0.25)
        #expect(peer.frames.last == .reset(1, code: Code.noError))
        #expect(peer.isIdle)
        // What the client sent meanwhile.
        peer.send(.data(1, [UInt8](repeating: 1, count: 5000), isEnd: true))
        #expect(peer.goaway == nil)
        #expect(peer.steps == [.head(stream: 1)])
    }

    @Test func `a body that ends soon after its response needs no reset`() {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("content-length", "5")])))
        peer.respond(1, hello)
        peer.send(.data(1, [UInt8](repeating: 1, count: 5), isEnd: true))
        peer.pass(seconds: 0.25)
        #expect(peer.frames(.reset).isEmpty)
        #expect(peer.steps == [.head(stream: 1)])
        #expect(peer.isIdle)
    }

    @Test func `a body that ends early after its response is nothing to report`() {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("content-length", "5")])))
        peer.respond(1, hello)
        peer.send(.data(1, [], isEnd: true))
        #expect(peer.steps == [.head(stream: 1)])
        #expect(peer.isIdle)
    }

    @Test func `an answer to a head that was complete needs no reset`() {
        let peer = Peer()
        peer.session.receive((Frame.headers(1, isEnd: true).octets).span, now: 0)
        let step = peer.session.nextStep()
        #expect(step == .head(stream: 1))
        peer.respond(1, hello)
        #expect(peer.steps.isEmpty)
        #expect(peer.frames(.reset).isEmpty)
    }

    @Test func `a client that waits is told to go on`() {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("expect", "100-continue")])))
        let isAsked = peer.session.withRequest(1) { head, _, _ in head.expectsContinue }
        #expect(isAsked == true)
        peer.session.continue(1)
        peer.turn()
        #expect(peer.nextFields() == [":status: 100"])
        peer.send(.data(1, [1], isEnd: true))
        #expect(peer.take(1)?.body == [1])
        peer.respond(1, hello)
        #expect(peer.nextFields()?.first == ":status: 200")
    }

    @Test func `a response to a stream that is gone goes nowhere`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true), .reset(1))
        #expect(peer.steps.isEmpty)
        peer.send(.headers(3, isEnd: true))
        peer.send(.reset(3))
        #expect(peer.steps.last == .cancelled(stream: 3))
        peer.respond(3, hello)
        peer.respond(3, hello)
        peer.respond(99, hello)
        #expect(peer.frames(.headers).isEmpty)
        #expect(peer.isIdle)
    }

    @Test func `draining tells the client first, and takes what comes meanwhile`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        peer.session.beginDraining()
        peer.turn()
        #expect(peer.frames(.goaway).map { $0.number(at: 0) } == [0x7FFF_FFFF])
        peer.send(.headers(3, isEnd: true))
        peer.session.finishDraining()
        peer.turn()
        #expect(peer.frames(.goaway).map { $0.number(at: 0) } == [0x7FFF_FFFF, 3])
        // The client can't know yet.
        peer.send(.headers(5), .data(5, [1]), .data(5, [1], isEnd: true))
        peer.send(.headers(7, isEnd: true))
        #expect(peer.steps.last == .request(stream: 3))
        peer.respond(1, hello)
        #expect(!peer.isOver)
        peer.respond(3, hello)
        #expect(peer.isOver)
        #expect(peer.goaway == Code.noError)
    }

    @Test func `a response that closes drains the connection`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        var response = hello
        response.closes = true
        peer.respond(1, response)
        #expect(peer.body(of: 1) == Array("hello".utf8))
        #expect(peer.goaway == Code.noError)
        #expect(peer.isOver)
    }

    @Test func `a session that ends drops its requests`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true), .headers(3))
        peer.send(Frame(.ping, stream: 1, payload: [UInt8](repeating: 0, count: 8)))
        #expect(peer.steps.contains(.cancelled(stream: 1)))
        #expect(peer.steps.contains(.cancelled(stream: 3)))
        #expect(peer.openStreamsCount == 1)
        peer.respond(1, hello)
        #expect(peer.openStreamsCount == 0)
        #expect(peer.isOver)
    }
}
