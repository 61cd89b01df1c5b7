import Configuration
import Dispatch
import EventLoops
import Journal
import ScriptedPeer
import Testing

@testable import Delivery

/// Sinks whose addresses others find out.
@Suite(.timeLimit(.minutes(10))) struct AddressedTargetTests {
    @Test func `events wait for an address, and use up no attempt meanwhile`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let harness = try Harness(settings(retry: 0), events: (1...3).map { stored($0) })
        harness.loop.schedule(after: .milliseconds(50)) {
            harness.dispatcher?.take([.init(sink: 0, content: .obstacle("not ready"))])
        }
        harness.loop.schedule(after: .milliseconds(100)) {
            #expect(harness.outcomes.isEmpty)
            harness.dispatcher?.take([news(peer)])
        }
        let outcomes = try harness.deliver()
        #expect(outcomes.map(\.result) == [.delivered, .delivered, .delivered])
    }

    @Test func `a new address is used at once, whatever the old one did`() throws {
        // It asks for an hour's pause, after which nothing would wait.
        let old = try ScriptedPeer { _, _ in ScriptedPeer.status(503, "Retry-After: 3600") }
        let new = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer {
            old.stop()
            new.stop()
        }
        let harness = try Harness(settings(), events: (1...3).map { stored($0) })
        harness.loop.schedule(after: .zero) { harness.dispatcher?.take([news(old)]) }
        func moveWhenRefused() {
            guard old.requests.count < 3 else { return move() }
            harness.loop.schedule(after: .milliseconds(5)) { moveWhenRefused() }
        }
        func move() {
            harness.loop.schedule(after: .milliseconds(50)) {
                harness.dispatcher?.take([news(new)])
            }
        }
        moveWhenRefused()
        let outcomes = try harness.deliver()
        #expect(outcomes.map(\.result) == [.delivered, .delivered, .delivered])
        #expect(new.requests.count == 3)
    }

    @Test(arguments: [400, 401, 410, 500])
    func `what the old address answers late gives no event up`(status: Int) throws {
        let harness = try Harness(settings(retry: 0), events: [stored(1)])
        let new = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        let gate = DispatchSemaphore(value: 0)
        let old = try ScriptedPeer { _, _ in
            gate.wait()
            return ScriptedPeer.status(status)
        }
        defer {
            gate.signal()
            old.stop()
            new.stop()
        }
        harness.loop.schedule(after: .zero) { harness.dispatcher?.take([news(old)]) }
        func moveWhenAsked() {
            guard old.requests.isEmpty else {
                harness.dispatcher?.take([news(new)])
                gate.signal()
                return
            }
            harness.loop.schedule(after: .milliseconds(5)) { moveWhenAsked() }
        }
        moveWhenAsked()
        #expect(try harness.deliver().map(\.result) == [.delivered])
        #expect(new.requests.count == 1)
    }

    @Test func `the same news again changes nothing`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let harness = try Harness(settings(), events: [stored(1)])
        harness.loop.schedule(after: .zero) {
            harness.dispatcher?.take([news(peer), news(peer), news(peer, sink: 7)])
        }
        _ = try harness.deliver()
        #expect(peer.connectionsCount == 1)
    }

    private func settings(retry: Int = 10) -> Settings {
        var http = HTTPSinkSettings(uri: "")
        http.reference = ReferenceSettings(apiVersion: "a/v1", kind: "B", name: "c")
        return sampleSettings([SinkSettings(name: "a", target: .uri(http))]) { $0.retry = retry }
    }
}

private func news(_ peer: ScriptedPeer, sink: Int = 0) -> SinkNews {
    SinkNews(sink: sink, content: .address(url: peer.url, authorities: nil))
}
