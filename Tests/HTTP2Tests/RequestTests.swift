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

    @Test func `a response goes out`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        _ = peer.take(1)
        var response = Response(status: 200, contentType: "text/plain", body: "hello")
        response.add("Connection", "close")
        peer.respond(1, response)
        #expect(
            peer.nextFields() == [
                ":status: 200", "date: Thu, 01 Jan 1970 00:00:00 GMT",
                "content-type: text/plain", "content-length: 5",
            ])
        #expect(peer.body(of: 1) == Array("hello".utf8))
        #expect(peer.frames.last?.isEnd == true)
        #expect(peer.session.isIdle)
    }
}
