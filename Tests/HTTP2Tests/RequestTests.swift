import HTTP
import Testing

@testable import HTTP2

/// What becomes of requests that are right.
@Suite struct RequestTests {
    private let event = Array("{\"hello\":\"world\"}".utf8)

    @Test func `a request gives its parts`() {
        let peer = Peer()
        let fields = request("POST", "/in?a=b", [("content-length", "17"), ("cookie", "a=1")])
        peer.send(.headers(1, fields), .data(1, event, isEnd: true))
        #expect(peer.steps == [.head(stream: 1), .request(stream: 1)])
        #expect(
            peer.take(1)
                == Peer.Request(
                    method: "POST", path: "/in", query: "a=b", host: "veer.test",
                    fields: ["content-length=17", "cookie=a=1"], body: event))
        #expect(peer.take(1) == nil)
    }

    @Test func `a request is the same however it is cut`() {
        let octets =
            preface
            + [
                .settings(), .settingsAcknowledgement,
                .headers(1, request("POST", "/in", [("content-length", "17")])),
                .data(1, event, isEnd: true), .headers(3, request("GET", "/?"), isEnd: true),
            ].flatMap(\Frame.octets)
        let halves = octets.indices.dropFirst().map {
            [Array(octets[..<$0]), Array(octets[$0...])]
        }
        for reads in [[octets]] + halves + [octets.map { [$0] }] {
            let peer = Peer(greets: false)
            for read in reads { peer.send(octets: read) }
            #expect(
                peer.steps == [
                    .head(stream: 1), .request(stream: 1), .head(stream: 3), .request(stream: 3),
                ])
            #expect(peer.take(1)?.body == event)
            #expect(peer.take(3)?.query == "")
            #expect(peer.goaway == nil)
        }
    }

    @Test func `only what may be sent has its room`() throws {
        let peer = Peer()
        for number in 0..<100 {
            let fields = request("POST", "/", [("content-length", "1048576")])
            peer.send(.headers(Int32(2 * number + 1), fields))
        }
        let room = peer.streams.reduce(0) { $0 + $1.request.message.capacity }
        #expect(room <= 4 * 1024 * 1024)
        let first = try #require(peer.streams.first)
        #expect(first.request.message.capacity >= 1024 * 1024)
    }
}
