import EventLoops
import ScriptedPeer
import Testing

@testable import Outbound

@Suite(.timeLimit(.minutes(10))) struct StreamTests {
    @Test func `a body is handed on as it comes, however long it is`() throws {
        let head = "HTTP/1.1 200 x\r\nContent-Length: 300000\r\n\r\n"
        let body = String(repeating: "0123456789", count: 30_000)
        let peer = try ScriptedPeer { _, _ in [.send(head), .send(body)] }
        defer { peer.stop() }
        let result = try stream(peer)
        #expect(result.parts == Array(body.utf8))
        #expect(result.response?.status == 200)
        #expect(result.response?.error == nil)
        #expect(result.response?.body == [])
    }

    @Test func `the body of a refusal is kept and not handed on`() throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 410 x\r\nContent-Length: 4\r\n\r\nGone")]
        }
        defer { peer.stop() }
        let result = try stream(peer)
        #expect(result.parts == [])
        #expect(result.response?.status == 410)
        #expect(result.response?.body == Array("Gone".utf8))
    }

    @Test func `a stream on which nothing comes is given up`() throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 200 x\r\n\r\nfirst"), .waitForClient]
        }
        defer { peer.stop() }
        let result = try stream(peer, idleTimeout: .milliseconds(300))
        #expect(result.parts == Array("first".utf8))
        #expect(result.response?.error?.kind == .timeout)
    }

    @Test func `a server that doesn't answer is given up`() throws {
        let peer = try ScriptedPeer { _, _ in [.waitForClient] }
        defer { peer.stop() }
        let result = try stream(peer, idleTimeout: .milliseconds(300))
        #expect(result.response?.status == nil)
        #expect(result.response?.error?.kind == .timeout)
    }

    @Test func `octets that keep coming keep a stream`() throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 200 x\r\n\r\n"), .trickle(String(repeating: "x", count: 30)), .close]
        }
        defer { peer.stop() }
        // Thirty octets take twice as long.
        let result = try stream(peer, idleTimeout: .milliseconds(300))
        #expect(result.parts.count == 30)
        #expect(result.response?.error == nil)
    }

    @Test func `whoever gets a part may give the stream up`() throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 200 x\r\n\r\n"), .sendForever("again")]
        }
        defer { peer.stop() }
        let result = try stream(peer) { $0.cancel() }
        #expect(!result.parts.isEmpty)
        #expect(result.response?.error?.kind == .cancelled)
    }

    @Test func `after a stream, a request on the same handle has its limit again`() throws {
        let peer = try ScriptedPeer { _, number in
            number == 0 ? ScriptedPeer.status(200) : [.waitForClient]
        }
        defer { peer.stop() }
        let fixture = try Fixture(peer)
        var request = Fixture.request
        request.timeout = .milliseconds(200)
        var response: HTTPResponse?
        _ = fixture.client.stream(
            request, to: fixture.endpoint, idleTimeout: .seconds(10), part: { _ in }
        ) { _ in
            fixture.client.send(request, to: fixture.endpoint) {
                response = $0
                fixture.loop.stop()
            }
        }
        try fixture.loop.run()
        #expect(response?.error?.kind == .timeout)
    }

    @Test func `a request may name another path of the server`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(200) }
        defer { peer.stop() }
        let fixture = try Fixture(peer)
        var urls = [nil, "http://127.0.0.1:\(peer.port)/other", nil]
        func sendNext() {
            guard !urls.isEmpty else { return fixture.loop.stop() }
            var request = Fixture.request
            request.timeout = .seconds(10)
            request.url = urls.removeFirst()
            fixture.client.send(request, to: fixture.endpoint) { _ in sendNext() }
        }
        sendNext()
        try fixture.loop.run()
        #expect(
            peer.requests.map(\.line) == [
                "GET /in?x=1 HTTP/1.1", "GET /other HTTP/1.1", "GET /in?x=1 HTTP/1.1",
            ])
    }
}

// MARK: - Helpers

private struct Result {
    var parts: [UInt8] = []
    var response: HTTPResponse?
}

private final class Fixture {
    static var request: HTTPRequest {
        HTTPRequest(
            method: "GET", fields: HTTPFields(), octets: [], body: 0..<0, timeout: .milliseconds(1))
    }

    let loop: EventLoop
    let client: HTTPClient
    let endpoint: HTTPEndpoint

    init(_ peer: ScriptedPeer) throws {
        loop = try EventLoop()
        client = HTTPClient(loop: loop, userAgent: "veer/test")
        var options = HTTPEndpoint.Options(url: peer.url)
        options.takesHTTP2 = false
        endpoint = client.endpoint(options)
    }

    deinit { client.close() }
}

private func stream(
    _ peer: ScriptedPeer, idleTimeout: Duration = .seconds(10),
    onPart: @escaping (HTTPStream) -> Void = { _ in }
) throws -> Result {
    let fixture = try Fixture(peer)
    var result = Result()
    var stream: HTTPStream?
    stream = fixture.client.stream(
        Fixture.request, to: fixture.endpoint, idleTimeout: idleTimeout,
        part: {
            result.parts += $0
            if let stream { onPart(stream) }
        },
        {
            result.response = $0
            fixture.loop.stop()
        })
    try fixture.loop.run()
    return result
}
