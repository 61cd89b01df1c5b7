import Dispatch
import Glibc
import HTTP
import Server
import Testing

/// How connections end: by the peer, by a limit, by the clock, or with the server.
@Suite(.timeLimit(.minutes(10))) struct EndingTests {
    // MARK: - By the peer

    @Test func `a request whose sender sends no more is answered`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(post("/echo", body: "whole"))
        client.finish()
        #expect(try client.response().body == "whole")
        #expect(try client.isAtEnd())
    }

    @Test func `a large response arrives at a peer that sends no more`() throws {
        let server = try TestServer()
        let client = try Client(server.address, receiveBytes: 64 * 1024)
        try client.send(post("/huge", body: ""))
        client.finish()
        #expect(try client.response().body.utf8.count == 16 * 1024 * 1024)
        #expect(try client.isAtEnd())
    }

    @Test func `a later answer arrives at a peer that sends no more`() throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(post("/later", body: ""))
        client.finish()
        #expect(try server.calls.next() == "/later")
        try server.run { $0.handler.completeAll(with: Response(status: 202)) }
        #expect(try client.response().status == 202)
        #expect(try client.isAtEnd())
    }

    @Test(arguments: [
        "", "PO", "POST /echo HTTP/1.1\r\nHost: a\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ])
    func `half a request is never taken for a whole one`(part: String) throws {
        let server = try TestServer()
        let client = try Client(server.address)
        try client.send(part)
        client.finish()
        #expect(try client.isAtEnd())
        #expect(server.calls.count == 0)
        try server.waitForNoConnections()
    }

    // MARK: - By a limit

    @Test func `a refusal reaches a peer that first sends all of a large body`() throws {
        let server = try TestServer { $0.lingerTimeout = .seconds(20) }
        let client = try Client(server.address)
        try client.send(post("/echo", body: String(repeating: "x", count: 8 * 1024 * 1024)))
        let reply = try client.response()
        #expect(reply.status == 413)
        #expect(reply.closes)
        #expect(try client.isAtEnd())
        client.close()
        try server.waitForNoConnections()
    }

    @Test func `a handler's refusal reaches a peer that first sends all of a large body`() throws {
        let server = try TestServer { $0.lingerTimeout = .seconds(20) }
        let client = try Client(server.address)
        try client.send(post("/nowhere", body: String(repeating: "x", count: 1024 * 1024)))
        #expect(try client.response().status == 404)
        #expect(try client.isAtEnd())
    }

    @Test func `more connections than allowed in all are told to come back`() throws {
        let server = try TestServer { $0.connections = 2 }
        var clients = [try Client(server.address), try Client(server.address, from: 2)]
        for client in clients {
            try client.send(post("/echo", body: "x"))
            _ = try client.response()
        }
        let refused = try Client(server.address, from: 3)
        let reply = try refused.response()
        #expect(reply.status == 503)
        #expect(reply.fields["retry-after"] == "5")
        #expect(reply.fields["date"] != nil)
        #expect(reply.closes)
        #expect(try refused.isAtEnd())

        clients.removeLast()
        try server.waitUntil { try server.run { $0.server.connectionsCount } == 1 }
        let taken = try Client(server.address)
        try taken.send(post("/echo", body: "room again"))
        #expect(try taken.response().body == "room again")
        #expect(clients.count == 1)
        #expect(
            server.exposition.contains(
                "veer_connections_refused_total{listener=\"test\"} 1\n"))
    }

    @Test func `more connections than allowed from one address are told to come back`() throws {
        let server = try TestServer { $0.connectionsPerPeer = 1 }
        let first = try Client(server.address)
        try first.send(post("/echo", body: "x"))
        _ = try first.response()
        #expect(try Client(server.address).response().status == 503)
        let other = try Client(server.address, from: 2)
        try other.send(post("/echo", body: "x"))
        #expect(try other.response().status == 200)
        try first.send(post("/echo", body: "x"))
        #expect(try first.response().status == 200)

        first.close()
        try server.waitUntil { try server.run { $0.server.connectionsCount } == 1 }
        let next = try Client(server.address)
        try next.send(post("/echo", body: "x"))
        #expect(try next.response().status == 200)
    }

    @Test func `a peer that takes no responses gets only so many requests answered`() throws {
        let server = try TestServer {
            $0.outputBytes = 128 * 1024
            $0.writeTimeout = .milliseconds(500)
        }
        let client = try Client(server.address, receiveBytes: 16 * 1024)
        // 128 MiB of responses to requests that fit any socket's buffers.
        try client.send(String(repeating: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", count: 2_000))
        try server.waitUntil { server.calls.count > 0 }
        // The peer is closed by the clock; until then, what it asks for is bounded.
        try server.waitForNoConnections()
        #expect(server.calls.count < 1_000)
        #expect(client.rest().utf8.count < 64 * 1024 * 1024)
    }

    // MARK: - By the clock

    @Test(arguments: [
        "P", "POST /echo HTTP/1.1\r\nHost: a\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ])
    func `half a request is told when its time is over`(part: String) throws {
        let server = try TestServer {
            $0.requestHeadTimeout = .milliseconds(100)
            $0.bodyTimeout = .milliseconds(100)
        }
        let client = try Client(server.address)
        try client.send(post("/echo", body: "first"))
        #expect(try client.response().body == "first")
        try client.send(part)
        let reply = try client.response()
        #expect(reply.status == 408)
        #expect(reply.closes)
        #expect(try client.isAtEnd())
        client.close()
        try server.waitForNoConnections()
    }

    @Test func `a connection without requests is closed when its time is over`() throws {
        let server = try TestServer { $0.idleTimeout = .milliseconds(100) }
        let silent = try Client(server.address)
        let idle = try Client(server.address)
        try idle.send(post("/echo", body: "first"))
        #expect(try idle.response().body == "first")
        #expect(try silent.isAtEnd())
        #expect(try idle.isAtEnd())
        try server.waitForNoConnections()
    }

    @Test func `a peer that waits for its answer is left in peace`() throws {
        let server = try TestServer {
            $0.idleTimeout = .milliseconds(100)
            $0.requestHeadTimeout = .milliseconds(100)
            $0.bodyTimeout = .milliseconds(100)
        }
        let waiting = try Client(server.address)
        try waiting.send(post("/later", body: ""))
        let idle = try Client(server.address)
        #expect(try idle.isAtEnd(), "the clock was looked at")
        try server.run { $0.handler.completeAll(with: Response(status: 202)) }
        #expect(try waiting.response().status == 202)
    }

    @Test func `a peer that doesn't close after the last response is closed`() throws {
        let server = try TestServer { $0.lingerTimeout = .milliseconds(100) }
        let client = try Client(server.address)
        try client.send("nonsense\r\n\r\n")
        #expect(try client.response().status == 400)
        try server.waitForNoConnections()
        #expect(try client.isAtEnd())
    }

    @Test func `a peer that doesn't close after its time was over is closed`() throws {
        let server = try TestServer {
            $0.lingerTimeout = .milliseconds(100)
            $0.requestHeadTimeout = .milliseconds(100)
        }
        let client = try Client(server.address)
        try client.send("half")
        #expect(try client.response().status == 408)
        try server.waitForNoConnections()
        #expect(try client.isAtEnd())
        #expect(server.calls.count == 1, "refused once")
    }

    // MARK: - With the server

    @Test func `a server that drains finishes what has begun and takes no more`() throws {
        let server = try TestServer()
        let idle = try Client(server.address)
        try idle.send(post("/echo", body: "x"))
        _ = try idle.response()
        let waiting = try Client(server.address)
        try waiting.send(post("/later", body: ""))
        let half = try Client(server.address)
        try half.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
        #expect(try (0..<2).map { _ in try server.calls.next() } == ["/echo", "/later"])
        try server.waitUntil { try server.run { $0.server.connectionsCount } == 3 }

        try server.run { [calls = server.calls] part in
            part.server.drain { calls.append("drained") }
        }
        #expect(try idle.isAtEnd())
        #expect(throws: Client.Failure.self) { try Client(server.address) }

        try half.send("lo")
        let halfReply = try half.response()
        #expect(halfReply.body == "hello")
        #expect(halfReply.closes)
        half.close()
        #expect(try server.calls.next() == "/echo")
        #expect(server.calls.count == 0, "one is still under way")

        try server.run { $0.handler.completeAll(with: Response(status: 202)) }
        let reply = try waiting.response()
        #expect(reply.status == 202)
        #expect(reply.closes)
        waiting.close()
        #expect(try server.calls.next() == "drained")
        #expect(try server.run { $0.server.connectionsCount } == 0)
    }

    @Test func `what reached the system before the server drains is still answered`() throws {
        let server = try TestServer()
        let open = try Client(server.address)
        try open.send(post("/echo", body: "first"))
        #expect(try open.response().body == "first")

        // The loop is kept from seeing what is sent meanwhile.
        let isHeld = DispatchSemaphore(value: 0)
        let isSent = DispatchSemaphore(value: 0)
        server.start { part in
            isHeld.signal()
            isSent.wait()
            part.server.drain {}
        }
        isHeld.wait()
        let new = try Client(server.address)
        for client in [open, new] { try client.send(post("/echo", body: "second")) }
        isSent.signal()
        for client in [open, new] {
            let reply = try client.response()
            #expect(reply.body == "second")
            #expect(reply.closes)
        }
    }

    @Test func `a server without connections has drained at once`() throws {
        let server = try TestServer()
        try server.run { [calls = server.calls] part in
            part.server.drain { calls.append("drained") }
        }
        #expect(try server.calls.next() == "drained")
    }

    @Test func `what didn't finish in time is closed with the server`() throws {
        let server = try TestServer()
        let waiting = try Client(server.address)
        try waiting.send(post("/later", body: ""))
        #expect(try server.calls.next() == "/later")
        try server.run { [calls = server.calls] part in
            part.server.drain { calls.append("drained") }
            part.server.closeAll()
        }
        #expect(try server.calls.next() == "drained")
        #expect(try waiting.isAtEnd())
    }
}
