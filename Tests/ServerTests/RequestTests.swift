import HTTP
import Server
import Testing

/// One request after the other over real sockets.
@Suite(.timeLimit(.minutes(10))) struct RequestTests {
    @Test func `a connection takes one request after the other`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        for number in 0..<3 {
            try client.send(post("/echo", body: "number \(number)"))
            let reply = try client.response()
            #expect(reply.status == 200)
            #expect(reply.body == "number \(number)")
            #expect(reply.fields["connection"] == nil)
            #expect(reply.fields["date"]?.hasSuffix(" GMT") == true)
        }
    }

    @Test func `pipelined requests are answered in order, more of them than one turn takes`()
        throws
    {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send((0..<300).map { post("/echo", body: "\($0)") }.joined())
        for number in 0..<300 { #expect(try client.response().body == "\(number)") }
    }

    @Test func `a request may come octet by octet`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        for octet in post("/echo", body: "slow").utf8 { try client.send([octet]) }
        #expect(try client.response().body == "slow")
    }

    @Test func `a chunked body is put together, and the next request found after it`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        let first = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        try client.send(first + "5;x=y\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: dropped\r\n\r\n")
        #expect(try client.response().body == "hello, world")
        try client.send(post("/echo", body: "next"))
        #expect(try client.response().body == "next")
    }

    @Test func `a body of many reads is whole`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        let body = String(repeating: "0123456789abcdef", count: 64 * 1024)
        try client.send(post("/echo", body: body))
        #expect(try client.response().body == body)
        try client.send(post("/echo", body: "next"))
        #expect(try client.response().body == "next")
    }

    @Test func `whoever expects a 100 gets it, sends the body, and gets the answer`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        let head =
            "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        try client.send(head)
        #expect(try client.response().status == 100)
        try client.send("hello")
        #expect(try client.response().body == "hello")
        try client.send(head + "again")
        #expect(try client.response().body == "again", "the body is here: no 100")
    }

    @Test func `whoever expects a 100 for a refused request gets the refusal instead`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(
            "POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        let reply = try client.response()
        #expect(reply.status == 404)
        #expect(reply.closes)
        #expect(try client.isAtEnd())
    }

    @Test func `a HEAD gets the fields of the GET and no body`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n")
        let reply = try client.response(toHead: true)
        #expect(reply.fields["content-length"] == "65536")
        try client.send(post("/echo", body: "next"))
        #expect(try client.response().body == "next")
    }

    @Test func `HTTP 1_0 closes`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send("POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")
        let reply = try client.response()
        #expect(reply.body == "hi")
        #expect(reply.closes)
        #expect(try client.isAtEnd())
    }

    @Test func `HTTP 1_0 stays where it asks to, and is told so`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        for _ in 0..<2 {
            try client.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try client.response().fields["connection"] == "keep-alive")
        }
    }

    @Test func `after Connection close nothing more is done`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(
            "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + post("/echo", body: "x"))
        #expect(try client.response().closes)
        #expect(try client.isAtEnd())
        #expect(try server.calls.next() == "/echo")
        #expect(server.calls.count == 0)
    }

    @Test func `a refused request with a small body leaves the connection usable`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(post("/nowhere", body: "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(try client.response().status == 404)
        try client.send(post("/echo", body: "next"))
        #expect(try client.response().body == "next")
    }

    @Test func `what can't be read is answered, and nothing after it looked at`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send("POST /echo HTTP/1.1\r\nHost : a\r\n\r\n" + post("/echo", body: "x"))
        let reply = try client.response()
        #expect(reply.status == 400)
        #expect(reply.closes)
        #expect(reply.fields["content-type"] == "application/problem+json")
        #expect(try client.isAtEnd())
        #expect(try server.calls.next() == "malformed_header_field")
        #expect(server.calls.count == 0)
    }

    @Test func `a connection ends after so many requests`() throws {
        let server = try TestServer { $0.requestsPerConnection = 3 }
        let client = try Client(server.address)
        try client.send((0..<5).map { post("/echo", body: "\($0)") }.joined())
        #expect(try (0..<3).map { _ in try client.response().closes } == [false, false, true])
        #expect(try client.isAtEnd())
    }

    @Test func `an answer that comes later is sent, and those after it in order`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(post("/later", body: "") + post("/echo", body: "second"))
        #expect(try server.calls.next() == "/later")
        try server.run { $0.handler.completeAll(with: Response(status: 202)) }
        #expect(try client.response().status == 202)
        #expect(try client.response().body == "second")
    }

    @Test func `an answer that comes later and closes is sent`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send("GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try server.calls.next() == "/later")
        try server.run { $0.handler.completeAll(with: Response(status: 202)) }
        #expect(try client.response().closes)
        #expect(try client.isAtEnd())
    }

    @Test(arguments: [false, true])
    func `an answer for a peer that is gone is dropped`(byReset: Bool) throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(post("/later", body: ""))
        #expect(try server.calls.next() == "/later")
        client.close(byReset: byReset)
        if byReset { try server.waitForNoConnections() }
        try server.run { $0.handler.completeAll(with: Response(status: 202)) }
        try server.waitForNoConnections()
    }

    @Test func `requests are counted by status and timed`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(post("/echo", body: "x") + post("/nowhere", body: "") + "nonsense\r\n\r\n")
        #expect(try (0..<3).map { _ in try client.response().status } == [200, 404, 400])
        let text = server.exposition
        for line in [
            "veer_http_requests_total{listener=\"test\",code=\"200\"} 1\n",
            "veer_http_requests_total{listener=\"test\",code=\"404\"} 1\n",
            "veer_http_requests_total{listener=\"test\",code=\"400\"} 1\n",
            "veer_http_request_duration_seconds_count{listener=\"test\"} 3\n",
            "veer_connections{listener=\"test\"} 1\n",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }
}

func post(_ path: String, body: String) -> String {
    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
