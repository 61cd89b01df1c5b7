import Configuration
import Journal
import ScriptedPeer
import Telemetry
import Testing

@testable import Delivery

/// A whole delivery against real sockets.
@Suite(.timeLimit(.minutes(10))) struct DeliveryTests {
    @Test func `an event is POSTed in binary content mode and settled`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let harness = try Harness(sampleSettings([sink(peer.url)]), events: [stored(7)])
        #expect(try harness.deliver() == [Outcome(sequence: 7, sink: 0, result: .delivered)])
        let request = try #require(peer.requests.first)
        #expect(request.line == "POST /in?x=1 HTTP/1.1")
        #expect(request["User-Agent"] == "veer/test")
        #expect(request["ce-specversion"] == "1.0")
        #expect(request["ce-id"] == "7")
        #expect(request["ce-source"] == "/test")
        #expect(request["ce-type"] == "example")
        #expect(request["Content-Type"] == "text/plain")
        #expect(request["ce-datacontenttype"] == nil)
        #expect(request["Expect"] == nil)
        #expect(request.body == Array("xxxx".utf8))
    }

    @Test func `one connection takes one event after the other, in their order`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let settings = sampleSettings([sink(peer.url) { $0.concurrency = 1 }])
        let harness = try Harness(settings, events: (1...200).map { stored($0) })
        #expect(try harness.deliver().allSatisfy { $0.result == .delivered })
        #expect(peer.requests.map { $0["ce-id"] } == (1...200).map { "\($0)" })
        #expect(peer.connectionsCount == 1)
    }

    @Test func `no more requests are under way than the sink takes at one time`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let settings = sampleSettings([sink(peer.url) { $0.concurrency = 5 }])
        let harness = try Harness(settings, events: (1...300).map { stored($0) })
        #expect(try harness.deliver().count == 300)
        #expect(Set(peer.requests.map { $0["ce-id"] }).count == 300)
        #expect(2...5 ~= peer.connectionsCount)
    }

    @Test(arguments: [500, 503, 404, 408, 409, 429, 999])
    func `what may get better is sent again`(status: Int) throws {
        let peer = try ScriptedPeer { _, number in
            ScriptedPeer.status(number == 0 ? status : 202)
        }
        defer { peer.stop() }
        let harness = try Harness(quick([sink(peer.url)]), events: [stored(1)])
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(peer.requests.count == 2)
        #expect(peer.requests[0].body == peer.requests[1].body)
        let metrics = harness.metrics.exposition()
        for line in [
            #"veer_deliveries_total{sink="s",outcome="ok"} 1"#,
            #"veer_deliveries_total{sink="s",outcome="retried"} 1"#,
            #"veer_delivery_attempts_total{sink="s",code="\#(status)"} 1"#,
            #"veer_delivery_attempts_total{sink="s",code="202"} 1"#,
            #"veer_delivery_duration_seconds_count{sink="s"} 2"#,
            #"veer_delivery_queue_events{sink="s"} 0"#,
            #"veer_sink_up{sink="s"} 1"#,
        ] {
            #expect(metrics.contains(line + "\n"), "\(line)\n\(metrics)")
        }
    }

    @Test(arguments: [400, 401, 403, 413, 415, 422])
    func `a final status gives the event up at once`(status: Int) throws {
        let peer = try ScriptedPeer { _, _ in
            [.send("HTTP/1.1 \(status) x\r\nContent-Length: 8\r\n\r\nno\n\u{1B}way!")]
        }
        defer { peer.stop() }
        let harness = try Harness(quick([sink(peer.url)]), events: [stored(1)])
        let reason = DeadLetterReason(
            code: "refused", status: status, detail: "no  way!", attempts: 1)
        #expect(try harness.deliver().map(\.result) == [.deadLetter(reason)])
        #expect(peer.requests.count == 1)
        let metrics = harness.metrics.exposition()
        #expect(metrics.contains(#"veer_deliveries_total{sink="s",outcome="dead"} 1"#))
        #expect(metrics.contains(#"veer_sink_up{sink="s"} 1"#))
        #expect(harness.log.lines.count == 1)
        #expect(harness.log.lines[0].contains("id=1"))
        #expect(harness.log.lines[0].contains("reason=refused"))
    }

    /// Rows 215 and 217: so no credentials go elsewhere, either.
    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirection is a refusal, and its Location is never asked for`(status: Int) throws {
        let other = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        let peer = try ScriptedPeer { _, _ in
            ScriptedPeer.status(status, "Location: \(other.url)")
        }
        defer { peer.stop() }
        let harness = try Harness(quick([sink(peer.url)]), events: [stored(1)])
        guard case .deadLetter(let reason) = try harness.deliver()[0].result else {
            Issue.record("delivered")
            return
        }
        #expect(reason.status == status)
        other.stop()
        #expect(other.connectionsCount == 0)
    }

    @Test(arguments: [
        [ScriptedPeer.Step.reset],
        [.close],
        [.send("HTTP/1.1 2"), .reset],
        [.send("HTTP/1.1 400 x\r\nContent-Length: 9\r\n\r\nbroken"), .reset],
        [.send("nonsense\r\n\r\n"), .close],
        [.waitForClient],
    ])
    func `no whole answer is no answer, and the event is sent again`(
        steps: [ScriptedPeer.Step]
    ) throws {
        let peer = try ScriptedPeer { _, number in
            number == 0 ? steps : ScriptedPeer.status(202)
        }
        defer { peer.stop() }
        let settings = quick([sink(peer.url)]) { $0.timeout = .milliseconds(400) }
        let harness = try Harness(settings, events: [stored(1)])
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(peer.requests.count == 2)
        #expect(harness.log.lines.map { $0.prefix(13) } == ["warning sink ", "info sink wor"])
    }

    @Test(arguments: [
        [ScriptedPeer.Step.send("HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nbroken"), .reset],
        [.send("HTTP/1.1 200 x\r\n\r\n"), .sendForever("endless")],
        [.send("HTTP/1.1 200 x\r\n"), .sendForever("X: y\r\n")],
        [.send("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"), .close],
        [.send("HTTP/1.1 204 x\r\n\r\nnonsense"), .close],
        [
            .send("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n"),
            .trickle("123456789012345678901234567890"),
        ],
    ])
    func `a 2xx counts, whatever comes after it`(steps: [ScriptedPeer.Step]) throws {
        let peer = try ScriptedPeer { _, _ in steps }
        defer { peer.stop() }
        let harness = try Harness(quick([sink(peer.url)]), events: [stored(1)])
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(peer.requests.count == 1)
    }

    @Test func `a port that refuses uses up the attempts`() throws {
        let settings = quick([sink("http://127.0.0.1:1/")]) { $0.retry = 2 }
        let harness = try Harness(settings, events: [stored(1)])
        guard case .deadLetter(let reason) = try harness.deliver()[0].result else {
            Issue.record("delivered")
            return
        }
        #expect(reason.code == "attempts_exhausted")
        #expect(reason.status == nil)
        #expect(reason.attempts == 3)
        #expect(reason.detail.contains("127.0.0.1"))
        let metrics = harness.metrics.exposition()
        #expect(metrics.contains(#"veer_delivery_attempts_total{sink="s",code="connect"} 3"#))
        #expect(metrics.contains(#"veer_sink_up{sink="s"} 0"#))
    }

    @Test func `a dead sink delays no other`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        let dead = try ScriptedPeer { _, _ in [.waitForClient] }
        defer { peer.stop() }
        defer { dead.stop() }
        let settings = sampleSettings([
            sink(dead.url, "silent") { $0.queueEvents = 10 },
            sink("http://127.0.0.1:1/", "refusing") { $0.queueEvents = 10 },
            sink(peer.url),
        ])
        let events = (1...500).map { stored($0, sinks: [0, 1, 2]) }
        let harness = try Harness(settings, events: events)
        try harness.run { harness.outcomes.count == 500 }
        #expect(Set(harness.outcomes.map(\.sequence)).count == 500)
        #expect(harness.outcomes.allSatisfy { $0.sink == 2 && $0.result == .delivered })
        #expect(dead.requests.count <= 10)
        let metrics = harness.metrics.exposition()
        #expect(metrics.contains(#"veer_delivery_queue_events{sink="silent"} 10"#))
        #expect(metrics.contains(#"veer_delivery_queue_events{sink="refusing"} 10"#))
    }

    @Test func `a journal that has no room for a while loses no outcome`() throws {
        let settings = sampleSettings([SinkSettings(name: "s", target: .discard)])
        let harness = try Harness(settings, events: (1...1_000).map { stored($0) })
        harness.refusalsLeft = 5
        let outcomes = try harness.deliver()
        #expect(outcomes.map(\.sequence) == (1...1_000).map { SequenceNumber($0) })
        #expect(harness.refusalsLeft == 0)
    }

    @Test func `the outcomes of a turn go to the journal together`() throws {
        let settings = sampleSettings([SinkSettings(name: "s", target: .discard)])
        let harness = try Harness(settings, events: (1...640).map { stored($0) })
        #expect(try harness.deliver().count == 640)
        #expect(harness.settleRequestsCount <= 12)
    }

    @Test func `deliveries are counted by subject, up to a bound`() throws {
        let settings = sampleSettings([SinkSettings(name: "s", target: .discard)])
        let counts = Invocations()
        let harness = try Harness(settings, invocations: [counts])
        for number in 1...300 {
            var event = stored(SequenceNumber(number))
            event.event = sampleEvent(id: "\(number)", subject: "vm-\(number)")
            harness.events.append(event)
        }
        harness.events.append(stored(301))
        harness.events.append(stored(302))
        harness.events[301].event = sampleEvent(id: "302", subject: "vm-1")
        _ = try harness.deliver()
        let bySubject = counts.bySubject
        #expect(bySubject.count == 201)
        #expect(bySubject["vm-1"] == Invocations.Counts(successes: 2, failures: 0))
        #expect(bySubject["other"] == Invocations.Counts(successes: 101, failures: 0))
    }
}

// MARK: - Helpers

/// A sink at an address.
func sink(
    _ uri: String, _ name: String = "s", _ change: (inout HTTPSinkSettings) -> Void = { _ in }
) -> SinkSettings {
    var http = HTTPSinkSettings(uri: uri)
    change(&http)
    return SinkSettings(name: name, target: .uri(http))
}

/// Settings whose waits are short.
func quick(
    _ sinks: [SinkSettings], _ change: (inout DeliverySettings) -> Void = { _ in }
) -> Settings {
    sampleSettings(sinks) {
        $0.backoffDelay = .milliseconds(1)
        $0.timeout = .seconds(2)
        change(&$0)
    }
}
