import Configuration
import EventLoops
import Journal
import Outbound
import ScriptedPeer
import Telemetry
import Testing
import Webhooks

@testable import Delivery

/// What a sink is shown beside the events: credentials, signatures, the question before the first.
@Suite(.timeLimit(.minutes(10))) struct SinkProofTests {
    @Test(arguments: [
        (
            SinkAuthSettings.basic(username: "Aladdin", password: Secret("open sesame")),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        ),
        (.bearer(Secret("t0ken")), "Bearer t0ken"),
    ])
    func `a password or a token goes with each request`(
        auth: SinkAuthSettings, value: String
    ) throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.auth = auth }]), events: [stored(1), stored(2)])
        #expect(try harness.deliver().map(\.result) == [.delivered, .delivered])
        #expect(peer.requests.map { $0["Authorization"] } == [value, value])
    }

    @Test func `a refused password is a refused event, and nobody reads it in the reason`() throws {
        let peer = try ScriptedPeer { request, _ in
            let text = request["Authorization"] ?? ""
            return [.send("HTTP/1.1 401 x\r\nContent-Length: \(text.count)\r\n\r\n\(text)")]
        }
        defer { peer.stop() }
        let auth = SinkAuthSettings.bearer(Secret("t0ken"))
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.auth = auth }]), events: [stored(1)])
        let reason = DeadLetterReason(
            code: "refused", status: 401, detail: "Bearer ***", attempts: 1)
        #expect(try harness.deliver().map(\.result) == [.deadLetter(reason)])
        #expect(!harness.log.lines.contains { $0.contains("t0ken") })
    }

    @Test func `events wait for a token, which is renewed once when it's refused`() throws {
        let server = try ScriptedPeer { _, number in
            number == 0 ? ScriptedPeer.status(503) : token("token\(number)", seconds: 3600)
        }
        defer { server.stop() }
        let peer = try ScriptedPeer { request, _ in
            ScriptedPeer.status(request["Authorization"] == "Bearer token2" ? 202 : 401)
        }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.auth = .oauth2(oauth2(server)) }]),
            events: [stored(1)])
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(peer.requests.map { $0["Authorization"] } == ["Bearer token1", "Bearer token2"])
        let request = try #require(server.requests.first)
        #expect(request["Authorization"] == "Basic bWU6czNjcmV0")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == "grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fc")
        let lines = harness.log.lines
        #expect(lines.contains { $0.contains("no token for the sink") && $0.contains("503") })
        #expect(lines.contains { $0.hasPrefix("info sink has its token") })
        #expect(!lines.contains { $0.contains("s3cret") || $0.contains("token1") })
    }

    @Test func `a new token that is refused, too, is the event's end`() throws {
        let server = try ScriptedPeer { _, number in token("token\(number)", seconds: 3600) }
        defer { server.stop() }
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(401) }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.auth = .oauth2(oauth2(server)) }]),
            events: [stored(1)])
        guard case .deadLetter(let reason) = try harness.deliver()[0].result else {
            Issue.record("delivered")
            return
        }
        #expect((reason.status, reason.attempts) == (401, 1))
        #expect(peer.requests.count == 2)
        #expect(server.requests.count == 2)
    }

    @Test func `a client's secret is form-encoded, in the field or in the form`() {
        var settings = OAuth2Settings()
        (settings.clientID, settings.clientSecret) = ("me:you", Secret("a/b& é"))
        let (_, inField) = TokenRequest.of(settings)
        #expect(String(decoding: inField, as: UTF8.self) == "grant_type=client_credentials")
        settings.clientAuthentication = .body
        let (_, inBody) = TokenRequest.of(settings)
        #expect(
            String(decoding: inBody, as: UTF8.self)
                == "grant_type=client_credentials&client_id=me%3Ayou"
                + "&client_secret=a%2Fb%26+%C3%A9")
    }

    @Test func `a replaced secret is used for the next request`() throws {
        let authorization = FixedAuthorization(.bearer(Secret("old")))
        #expect(!authorization.wasRefused("Bearer old"))
        authorization.replace(.bearer(Secret("new")))
        #expect(authorization.value == "Bearer new")
        #expect(authorization.wasRefused("Bearer old"))
    }

    // MARK: - Signatures

    @Test func `each attempt is signed anew, with one identifier`() throws {
        let peer = try ScriptedPeer { _, number in ScriptedPeer.status(number == 0 ? 500 : 202) }
        defer { peer.stop() }
        var signing = SinkSigningSettings()
        signing.secrets = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
            .map { Secret("whsec_" + $0) }
        let settings = sampleSettings([
            sink(peer.url) {
                $0.signing = signing
                $0.contentMode = .structured
            }
        ])
        let harness = try Harness(settings, events: [stored(1)])
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(peer.requests.count == 2)
        #expect(peer.requests[0]["webhook-id"] == peer.requests[1]["webhook-id"])
        let scheme = SignatureScheme(.standardWebhooks)
        for request in peer.requests {
            let id = try #require(request["webhook-id"])
            #expect(id.hasPrefix("msg_") && !id.contains("."))
            let time = try #require(request["webhook-timestamp"].flatMap { Int64($0) })
            let expected = try scheme.sign(
                WebhookRequest(body: request.body), keys: signing.keys, .init(id: id, time: time))
            #expect(request["webhook-signature"] == expected.last?.value)
            #expect(request["webhook-signature"]?.split(separator: " ").count == 2)
        }
    }

    // MARK: - The question before the first event

    @Test func `a sink is asked before it's sent anything, and sent what it allows`() throws {
        let peer = try ScriptedPeer { request, _ in
            guard request.line.hasPrefix("OPTIONS ") else { return ScriptedPeer.status(202) }
            return ScriptedPeer.status(
                200, "WebHook-Allowed-Origin: veer.example", "WebHook-Allowed-Rate: 6000")
        }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.webhook = webhook(rate: 6000) }]),
            events: (1...50).map { stored($0) })
        #expect(try harness.deliver().allSatisfy { $0.result == .delivered })
        let question = try #require(peer.requests.first)
        #expect(question.line == "OPTIONS /in?x=1 HTTP/1.1")
        #expect(question["WebHook-Request-Origin"] == "veer.example")
        #expect(question["WebHook-Request-Rate"] == "6000")
        let deliveries = peer.requests.dropFirst()
        #expect(deliveries.count == 50)
        #expect(deliveries.allSatisfy { $0["WebHook-Request-Origin"] == "veer.example" })
    }

    @Test func `without consent nothing is sent, and it's asked again`() throws {
        let peer = try ScriptedPeer { request, number in
            guard request.line.hasPrefix("OPTIONS ") else { return ScriptedPeer.status(202) }
            return number == 0
                ? ScriptedPeer.status(200)
                : ScriptedPeer.status(405, "WebHook-Allowed-Origin: *")
        }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.webhook = webhook() }]), events: [stored(1)])
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(peer.requests.map { $0.line.prefix(4) } == ["OPTI", "OPTI", "POST"])
        #expect(harness.log.lines.contains { $0.contains("sink doesn't consent") })
    }

    @Test(arguments: [401, 403])
    func `a refused delivery has the sink asked again, once`(status: Int) throws {
        let peer = try ScriptedPeer { request, _ in
            request.line.hasPrefix("OPTIONS ")
                ? ScriptedPeer.status(200, "WebHook-Allowed-Origin: *")
                : ScriptedPeer.status(status)
        }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.webhook = webhook() }]), events: [stored(1)])
        guard case .deadLetter(let reason) = try harness.deliver()[0].result else {
            Issue.record("delivered")
            return
        }
        #expect((reason.status, reason.attempts) == (status, 1))
        #expect(peer.requests.map { $0.line.prefix(4) } == ["OPTI", "POST", "OPTI", "POST"])
    }

    @Test func `an event without data goes to a webhook as JSON`() throws {
        let peer = try ScriptedPeer { request, _ in
            request.line.hasPrefix("OPTIONS ")
                ? ScriptedPeer.status(200, "WebHook-Allowed-Origin: *")
                : ScriptedPeer.status(202)
        }
        defer { peer.stop() }
        let harness = try Harness(
            sampleSettings([sink(peer.url) { $0.webhook = webhook() }]),
            events: [stored(1, dataBytes: 0), stored(2)])
        _ = try harness.deliver()
        let types = peer.requests.dropFirst().map { ($0["Content-Type"] ?? "").prefix(28) }.sorted()
        #expect(types == ["application/cloudevents+json", "text/plain"])
    }

    // MARK: - Batches, retirement, addresses

    @Test func `a batch is one array`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let settings = sampleSettings([
            sink(peer.url) {
                $0.batch = BatchSettings()
                $0.concurrency = 1
            }
        ])
        let harness = try Harness(settings, events: (1...5).map { stored($0) })
        #expect(try harness.deliver().allSatisfy { $0.result == .delivered })
        let request = try #require(peer.requests.first)
        #expect(request["Content-Type"] == "application/cloudevents-batch+json; charset=UTF-8")
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(body.hasPrefix("[{") && body.hasSuffix("}]"))
        #expect(body.matches(of: /"id":"\d"/).count == 5)
    }

    @Test func `410 ends all requests, and the events are dead letters`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(410) }
        defer { peer.stop() }
        let settings = sampleSettings([sink(peer.url) { $0.concurrency = 1 }])
        let harness = try Harness(settings, events: (1...200).map { stored($0) })
        let codes = try harness.deliver().map { outcome in
            if case .deadLetter(let reason) = outcome.result { reason.code } else { "delivered" }
        }
        #expect(codes == ["refused"] + [String](repeating: "sink_disabled", count: 199))
        #expect(peer.requests.count == 1)
        let metrics = harness.metrics.exposition()
        #expect(metrics.contains(#"veer_sink_disabled{sink="s"} 1"#))
        #expect(harness.log.lines.contains { $0.hasPrefix("error sink is gone") })
    }

    @Test func `an enabled sink is sent events again`() throws {
        let peer = try ScriptedPeer { _, number in ScriptedPeer.status(number == 0 ? 410 : 202) }
        defer { peer.stop() }
        let harness = try Harness(sampleSettings([sink(peer.url)]), events: [stored(1)])
        try harness.run { [unowned harness] in
            if harness.outcomes.count == 1 {
                harness.loop.schedule(after: .zero) {
                    harness.dispatcher?.receive([SinkOrder.enable(sink: 0)])
                    harness.dispatcher?.receive([.stored([stored(2)], after: 1)])
                }
            }
            return harness.outcomes.count == 2
        }
        #expect(harness.outcomes.last?.result == .delivered)
        #expect(harness.metrics.exposition().contains(#"veer_sink_disabled{sink="s"} 0"#))
    }

    @Test func `a sink that is gone isn't even asked, and is asked first when it's enabled`() throws
    {
        let peer = try ScriptedPeer { request, number in
            request.line.hasPrefix("OPTIONS ")
                ? ScriptedPeer.status(200, "WebHook-Allowed-Origin: *")
                : ScriptedPeer.status(number == 1 ? 410 : 202)
        }
        defer { peer.stop() }
        let settings = sampleSettings([sink(peer.url) { $0.webhook = webhook() }])
        let harness = try Harness(settings, events: [stored(1)])
        var countBefore = 0
        try harness.run { [unowned harness] in
            if harness.outcomes.count == 1 {
                // It would be asked again at once.
                harness.loop.schedule(after: .milliseconds(100)) {
                    countBefore = peer.requests.count
                    harness.dispatcher?.receive([SinkOrder.enable(sink: 0)])
                    harness.dispatcher?.receive([.stored([stored(2)], after: 1)])
                }
            }
            return harness.outcomes.count == 2
        }
        #expect(countBefore == 2)
        #expect(peer.requests.map { $0.line.prefix(4) } == ["OPTI", "POST", "OPTI", "POST"])
    }

    @Test func `a guarded sink on this machine gets nothing, and the reason is told`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let settings = sampleSettings([sink(peer.url) { $0.allowPrivateAddresses = false }]) {
            $0.retry = 1
            $0.backoffDelay = .milliseconds(1)
        }
        let harness = try Harness(settings, events: [stored(1)])
        guard case .deadLetter(let reason) = try harness.deliver()[0].result else {
            Issue.record("delivered")
            return
        }
        #expect((reason.code, reason.attempts) == ("attempts_exhausted", 2))
        #expect(reason.detail.hasPrefix("127.0.0.1 is no public address; write"))
        #expect(harness.metrics.exposition().contains(#"code="forbidden_address"} 2"#))
        peer.stop()
        #expect(peer.connectionsCount == 0)
    }

    // MARK: - Helpers

    private func sink(
        _ url: String, _ change: (inout HTTPSinkSettings) -> Void = { _ in }
    ) -> SinkSettings {
        var settings = HTTPSinkSettings(uri: url)
        change(&settings)
        return SinkSettings(name: "s", target: .uri(settings))
    }

    private func oauth2(_ server: ScriptedPeer) -> OAuth2Settings {
        var settings = OAuth2Settings()
        settings.tokenURL = server.url
        (settings.clientID, settings.clientSecret) = ("me", Secret("s3cret"))
        (settings.scope, settings.audience) = ("a b", "https://c")
        return settings
    }

    private func webhook(rate: Int = 0) -> SinkWebhookSettings {
        var settings = SinkWebhookSettings()
        (settings.origin, settings.rate) = ("veer.example", rate)
        return settings
    }
}

private func token(_ text: String, seconds: Int) -> [ScriptedPeer.Step] {
    let body = #"{"access_token":"\#(text)","token_type":"Bearer","expires_in":\#(seconds)}"#
    return [.send("HTTP/1.1 200 x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")]
}
