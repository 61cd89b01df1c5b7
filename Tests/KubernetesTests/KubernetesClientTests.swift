import EventLoops
import ScriptedPeer
import Testing

@testable import Kubernetes

@Suite(.timeLimit(.minutes(10))) struct KubernetesClientTests {
    @Test func `a request has its path, its token and its body`() throws {
        let peer = try ScriptedPeer { _, _ in json("{}", status: 201) }
        defer { peer.stop() }
        let harness = try Harness(peer, token: .octets(Array("abc\n".utf8)))
        #expect(
            try harness.outcome("PUT", "/apis/a/v1/x?y=1", body: "{\"a\":1}")
                == .success(Array("{}".utf8)))
        let request = try #require(peer.requests.first)
        #expect(request.line == "PUT /apis/a/v1/x?y=1 HTTP/1.1")
        #expect(request["Authorization"] == "Bearer abc")
        #expect(request["Content-Type"] == "application/json")
        #expect(String(decoding: request.body, as: UTF8.self) == "{\"a\":1}")
    }

    @Test func `a patch is a merge patch`() throws {
        let peer = try ScriptedPeer { _, _ in json("{}") }
        defer { peer.stop() }
        _ = try Harness(peer).outcome("PATCH", "/x", body: "{}")
        #expect(peer.requests.first?["Content-Type"] == "application/merge-patch+json")
    }

    @Test func `a refusal has the server's words`() throws {
        let status = "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\\nway\"}"
        let peer = try ScriptedPeer { _, _ in json(status, status: 403, "Retry-After: 7") }
        defer { peer.stop() }
        #expect(
            try Harness(peer).outcome()
                == .failure(
                    .refused(
                        status: 403, reason: "Forbidden", message: "no way",
                        retryAfter: .seconds(7))))
    }

    @Test func `an answer that is too large isn't read to its end`() throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 200 x\r\n\r\n"), .sendForever("0123456789")]
        }
        defer { peer.stop() }
        var limits = KubernetesClient.Limits()
        limits.bytes = 1_000
        let outcome = try Harness(peer, limits: limits).outcome()
        #expect(outcome == .failure(.unreadable("it's larger than 1000 octets")))
    }

    @Test func `a refused token that its file still has isn't sent again`() throws {
        let peer = try ScriptedPeer { _, _ in json("{}", status: 401) }
        defer { peer.stop() }
        let files = Harness.Files()
        files.contents["token"] = "old"
        let outcome = try Harness(peer, token: .file("token"), files: files).outcome()
        #expect(throws: KubernetesFailure.self) { try outcome.get() }
        #expect(peer.requests.count == 1)
    }

    @Test func `a token that was replaced meanwhile is repeated with the new one`() throws {
        let files = Harness.Files()
        files.contents["token"] = "old"
        let peer = try ScriptedPeer { request, _ in
            request["Authorization"] == "Bearer new" ? json("{}") : json("{}", status: 401)
        }
        defer { peer.stop() }
        let harness = try Harness(peer, token: .file("token"), files: files)
        var outcomes: [KubernetesClient.Outcome] = []
        for _ in 0..<2 {
            harness.client.request("GET", "/api") { [loop = harness.loop] in
                outcomes.append($0)
                if outcomes.count == 2 { loop.stop() }
            }
        }
        // Both were prepared with the old one.
        files.contents["token"] = "new"
        try harness.run()
        #expect(outcomes == [.success(Array("{}".utf8)), .success(Array("{}".utf8))])
        #expect(peer.requests.count == 4)
    }

    @Test func `no token is no request`() throws {
        let peer = try ScriptedPeer { _, _ in json("{}") }
        defer { peer.stop() }
        let outcome = try Harness(peer, token: .file("token")).outcome()
        #expect(
            outcome
                == .failure(.noToken("the token's file token can't be read, or is empty")))
        #expect(peer.requests.isEmpty)
    }

    @Test func `more requests than may be under way wait for their turn`() throws {
        let peer = try ScriptedPeer { _, _ in json("{}") }
        defer { peer.stop() }
        var limits = KubernetesClient.Limits()
        limits.waiting = 12
        let harness = try Harness(peer, limits: limits)
        var codes: [String] = []
        for _ in 0..<21 {
            harness.client.request("GET", "/api") { [loop = harness.loop] outcome in
                if case .failure(let failure) = outcome { codes.append(failure.code) }
                if case .success = outcome { codes.append("200") }
                if codes.count == 21 { loop.stop() }
            }
        }
        try harness.run()
        #expect(codes.filter { $0 == "200" }.count == 20)
        #expect(codes.filter { $0 == "busy" }.count == 1)
    }
}
