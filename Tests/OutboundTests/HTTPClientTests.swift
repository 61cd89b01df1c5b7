import EventLoops
import Glibc
import ScriptedPeer
import Testing

@testable import Outbound

@Suite(.timeLimit(.minutes(10))) struct HTTPClientTests {
    @Test func `a request has its fields and body, and none that nobody asked for`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let response = try exchange(peer) { request in
            request.fields.append("ce-id", "1")
            request.fields.append("ce-empty", "")
        }
        #expect(response == HTTPResponse(status: 202))
        let request = try #require(peer.requests.first)
        #expect(request.line == "POST /in?x=1 HTTP/1.1")
        #expect(request.body == Array("ello".utf8))
        #expect(
            request.fields.map { "\($0.name): \($0.value)" } == [
                "Host: 127.0.0.1:\(peer.port)", "User-Agent: veer/test", "Accept: */*",
                "ce-id: 1", "ce-empty: ", "Content-Length: 4",
            ])
    }

    @Test func `a server that is asked once keeps no room for a connection`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop, userAgent: "veer/test")
        defer { client.close() }
        let request = HTTPRequest(
            method: "GET", fields: HTTPFields(), octets: [], body: 0..<0, timeout: .seconds(10))
        var options = HTTPEndpoint.Options(url: peer.url)
        options.concurrency = 3
        var left = 5
        func ask() {
            client.send(request, once: options) { response in
                #expect(response.status == 202)
                #expect(client.connectionsLimit == 0)
                left -= 1
                left == 0 ? loop.stop() : ask()
            }
            #expect(client.connectionsLimit == 3)
        }
        ask()
        try loop.run()
        #expect(peer.requests.count == 5)
    }

    /// Row 224.
    @Test func `a value can't begin another field`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        _ = try exchange(peer) { request in
            request.fields.append("ce-x", "a\r\nHost: evil\u{0}b\u{7F}")
            request.fields.append("Content-Type", "text/plain")
        }
        let request = try #require(peer.requests.first)
        #expect(request["ce-x"] == "a  Host: evil b ")
        #expect(request["content-type"] == "text/plain")
        #expect(request["Host"] == "127.0.0.1:\(peer.port)")
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "POST"])
    func `each method is sent`(method: String) throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(200) }
        defer { peer.stop() }
        _ = try exchange(peer) { $0.method = method }
        let request = try #require(peer.requests.first)
        #expect(request.line == "\(method) /in?x=1 HTTP/1.1")
        #expect(request.body == (method == "GET" ? [] : Array("ello".utf8)))
    }

    @Test func `a connection is used again, and a handle whose last method was another`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let methods = ["POST", "PUT", "GET", "GET", "POST"]
        _ = try exchange(peer, count: 5) { $0.method = methods[peer.requests.count] }
        #expect(peer.requests.map { $0.line.prefix { $0 != " " } } == methods.map { $0[...] })
        #expect(peer.requests.map(\.body.count) == [4, 4, 0, 0, 4])
        #expect(peer.connectionsCount == 1)
    }

    @Test(arguments: [1, 60])
    func `a connection that is too old isn't used again`(seconds: Int) throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        var options = HTTPEndpoint.Options(url: peer.url)
        options.connectionLifetime = .seconds(seconds)
        // curl counts whole seconds, and takes more than the limit only for too old.
        _ = try exchange(options, count: 2, pause: .milliseconds(2_100))
        #expect(peer.connectionsCount == (seconds == 1 ? 2 : 1))
    }

    @Test func `the wanted field and the first octets of the body are kept`() throws {
        let body = String(repeating: "0123456789", count: 6_000)
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 503 x\r\nretry-after: 7\r\nContent-Length: 60000\r\n\r\n" + body)]
        }
        defer { peer.stop() }
        let responses = try exchange(peer, count: 2)
        for response in responses {
            #expect(response.status == 503)
            #expect(response.fields == ["Retry-After": "7"])
            #expect(response.body == Array(body.utf8.prefix(1024)))
            #expect(!response.isCut)
        }
        #expect(peer.connectionsCount == 1)
    }

    /// Row 220.
    @Test func `an answer that nobody asked for isn't taken for the next request's`() throws {
        let peer = try ScriptedPeer { _, _ in
            ScriptedPeer.status(202) + ScriptedPeer.status(500)
        }
        defer { peer.stop() }
        let responses = try exchange(.init(url: peer.url), count: 2, pause: .milliseconds(100))
        #expect(responses.map(\.status) == [202, 202])
    }

    @Test(arguments: [
        "HTTP/1.1 301 x\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 307 x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    ])
    func `a redirection is an answer like any other`(answer: String) throws {
        let peer = try ScriptedPeer { _, _ in [.send(answer)] }
        defer { peer.stop() }
        #expect(try exchange(peer).status == (answer.contains("301") ? 301 : 307))
        #expect(peer.requests.map(\.line) == ["POST /in?x=1 HTTP/1.1"])
    }

    /// Row 219.
    @Test(arguments: [
        ("HTTP/1.1 200 x\r\n\r\n", "endless body"),
        ("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", "A\r\n0123456789\r\n"),
        ("HTTP/1.1 200 x\r\n", "X: y\r\n"),
    ])
    func `an answer without end is cut, and its status counts`(head: String, rest: String) throws {
        let peer = try ScriptedPeer { _, _ in [.send(head), .sendForever(rest)] }
        defer { peer.stop() }
        let response = try exchange(peer)
        #expect(response.status == 200)
        #expect(response.isCut)
        #expect(response.error == nil)
        #expect(response.body.count <= 1024)
    }

    /// The status line and the empty one count, too.
    @Test(arguments: [(510, false), (511, true)])
    func `a head has 512 lines at most`(fields: Int, isCut: Bool) throws {
        let rest = String(repeating: "X: y\r\n", count: fields - 1)
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 200 x\r\nContent-Length: 0\r\n" + rest + "\r\n")]
        }
        defer { peer.stop() }
        #expect(try exchange(peer).isCut == isCut)
    }

    /// Row 219.
    @Test func `interim answers without end are no answer`() throws {
        let peer = try ScriptedPeer { _, _ in [.sendForever("HTTP/1.1 103 x\r\nX: y\r\n\r\n")] }
        defer { peer.stop() }
        let response = try exchange(peer)
        #expect(response.status == nil)
        #expect(response.error?.kind == .malformed)
    }

    @Test(arguments: [
        ([ScriptedPeer.Step.close], nil, CurlError.Kind.reset),
        ([.reset], nil, .reset),
        ([.send("HTTP/1.1 20"), .reset], nil, .reset),
        ([.send("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nbody"), .close], 200, .reset),
        ([.send("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nbody"), .reset], 200, .reset),
        ([.send("SSH-2.0-OpenSSH_9.2\r\n"), .close], nil, .malformed),
        ([.waitForClient], nil, .timeout),
        ([.trickle("HTTP/1.1 200 x\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n")], 200, .timeout),
        (
            [.send("HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\nbody"), .waitForClient], 500,
            .timeout
        ),
    ])
    func `an answer that breaks off is an error, with the status if that came`(
        steps: [ScriptedPeer.Step], status: Int?, kind: CurlError.Kind
    ) throws {
        let peer = try ScriptedPeer { _, _ in steps }
        defer { peer.stop() }
        let response = try exchange(peer) { $0.timeout = .milliseconds(500) }
        #expect(response.status == status)
        #expect(response.error?.kind == kind, "\(String(describing: response.error))")
    }

    @Test func `a status is not remembered for the handle's next request`() throws {
        let peer = try ScriptedPeer { _, number in
            number == 0 ? ScriptedPeer.status(202) : [.reset]
        }
        defer { peer.stop() }
        let responses = try exchange(peer, count: 2)
        #expect(responses.map(\.status) == [202, nil])
        #expect(responses[1].error?.kind == .reset)
    }

    @Test func `what begins and then comes too slowly is given up before the time limit`() throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nbody"), .waitForClient]
        }
        defer { peer.stop() }
        let response = try exchange(peer) { $0.timeout = .seconds(60) }
        #expect(response.error?.kind == .timeout)
    }

    @Test(arguments: [
        ("http://127.0.0.1:1/", CurlError.Kind.connect),
        ("http://nowhere.invalid/", .dns),
        ("ftp://127.0.0.1/", .malformed),
        ("http://[/", .other),
    ])
    func `what can't be sent has its kind of error`(url: String, kind: CurlError.Kind) throws {
        let response = try exchange(.init(url: url))[0]
        #expect(response.status == nil)
        #expect(response.error?.kind == kind, "\(String(describing: response.error))")
        #expect(response.error?.text.isEmpty == false)
    }

    @Test func `a plain server is no TLS server`() throws {
        let peer = try ScriptedPeer(greet: { _ in [.send("220 hello\r\n"), .close] }) { _, _ in [] }
        defer { peer.stop() }
        let response = try exchange(.init(url: "https://127.0.0.1:\(peer.port)/"))[0]
        #expect(response.error?.kind == .tls)
    }

    /// Row 218.
    @Test func `proxies of the environment are ignored`() throws {
        setenv("http_proxy", "http://127.0.0.1:1", 1)
        setenv("ALL_PROXY", "http://127.0.0.1:1", 1)
        defer { unsetenv("http_proxy") }
        defer { unsetenv("ALL_PROXY") }
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        #expect(try exchange(peer).status == 202)
    }

    @Test func `closing completes what is under way`() throws {
        let peer = try ScriptedPeer { _, _ in [.waitForClient] }
        defer { peer.stop() }
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop, userAgent: "veer/test")
        let endpoint = client.endpoint(.init(url: peer.url))
        var responses: [HTTPResponse] = []
        for _ in 0..<3 { client.send(sample(), to: endpoint) { responses.append($0) } }
        loop.schedule(after: .milliseconds(50)) {
            client.close()
            loop.stop()
        }
        try loop.run()
        #expect(responses.map(\.error?.kind) == [.cancelled, .cancelled, .cancelled])
    }
}

// MARK: - Helpers

private func sample() -> HTTPRequest {
    HTTPRequest(
        fields: HTTPFields(), octets: Array("hello".utf8), body: 1..<5, timeout: .seconds(10))
}

private func exchange(
    _ peer: ScriptedPeer, _ change: (inout HTTPRequest) -> Void = { _ in }
) throws -> HTTPResponse {
    try exchange(peer, count: 1, change)[0]
}

private func exchange(
    _ peer: ScriptedPeer, count: Int, _ change: (inout HTTPRequest) -> Void = { _ in }
) throws -> [HTTPResponse] {
    try exchange(.init(url: peer.url), count: count, change)
}

/// Sends so many requests, one after the other, on a loop of its own.
private func exchange(
    _ options: HTTPEndpoint.Options, count: Int = 1, pause: Duration = .zero,
    _ change: (inout HTTPRequest) -> Void = { _ in }
) throws -> [HTTPResponse] {
    var options = options
    options.slowTimeout = .seconds(1)
    options.fieldsKept = ["Retry-After"]
    let loop = try EventLoop()
    let client = HTTPClient(loop: loop, userAgent: "veer/test")
    let endpoint = client.endpoint(options)
    var responses: [HTTPResponse] = []
    try withoutActuallyEscaping(change) { change in
        func send() {
            var request = sample()
            change(&request)
            client.send(request, to: endpoint) {
                responses.append($0)
                guard responses.count < count else { return loop.stop() }
                if pause == .zero { send() } else { loop.schedule(after: pause) { send() } }
            }
        }
        send()
        try loop.run()
        client.close()
    }
    return responses
}
