import Configuration
import EventLoops
import Glibc
import Journal
import ScriptedPeer
import Synchronization
import Telemetry
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(10))) struct StopTests {
    @Test func `what is under way may end, and nothing else begins`() throws {
        let release = Mutex(false)
        let peer = try ScriptedPeer { _, _ in
            while !release.withLock({ $0 }) { sched_yield() }
            return ScriptedPeer.status(202)
        }
        defer { peer.stop() }
        let settings = sampleSettings([sink(peer.url) { $0.concurrency = 2 }])
        let harness = try Harness(settings, events: (1...9).map { stored($0) })
        var isDone = false
        watch(harness) {
            peer.requests.count == 2
        } then: {
            harness.dispatcher?.stop(within: .seconds(10), settlesRest: false) {
                isDone = true
                harness.loop.stop()
            }
            release.withLock { $0 = true }
        }
        try harness.run { false }
        #expect(isDone)
        #expect(harness.outcomes.map(\.sequence).sorted() == [1, 2])
        #expect(peer.requests.count == 2)
    }

    @Test(arguments: [false, true])
    func `what takes too long is cut off, and the rest settled if asked for`(
        settlesRest: Bool
    ) throws {
        let peer = try ScriptedPeer { _, _ in [.waitForClient] }
        defer { peer.stop() }
        // The only attempt that each has is under way.
        let settings = sampleSettings([sink(peer.url) { $0.concurrency = 2 }]) { $0.retry = 0 }
        let harness = try Harness(settings, events: (1...9).map { stored($0) })
        var isDone = false
        watch(harness) {
            peer.requests.count == 2
        } then: {
            harness.dispatcher?.stop(within: .milliseconds(50), settlesRest: settlesRest) {
                isDone = true
                harness.loop.stop()
            }
        }
        try harness.run { false }
        #expect(isDone)
        #expect(harness.outcomes.count == (settlesRest ? 9 : 0))
        for outcome in harness.outcomes {
            guard case .deadLetter(let reason) = outcome.result else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(reason.code == "shutting_down")
        }
    }

    @Test func `a stop waits until the journal has the last outcome`() throws {
        let settings = sampleSettings([SinkSettings(name: "s", target: .discard)])
        let harness = try Harness(settings, events: [stored(1)])
        watch(harness) {
            harness.metrics.exposition().contains(#"outcome="ok"} 1"#)
        } then: {
            harness.refusalsLeft = 5
            harness.dispatcher?.stop(within: .seconds(10), settlesRest: false) {
                harness.loop.stop()
            }
        }
        harness.loop.schedule(after: .zero) { harness.refusalsLeft = 1 }
        try harness.run { false }
        #expect(harness.outcomes.map(\.sequence) == [1])
    }

    @Test func `a journal in memory gets back what there is no room for`() throws {
        var settings = sampleSettings([sink("http://127.0.0.1:1/") { $0.queueEvents = 2 }])
        settings.journal.mode = .memory
        let harness = try Harness(settings)
        harness.loop.schedule(after: .zero) {
            harness.dispatcher?.receive([.stored((4...7).map { stored($0) }, after: 3)])
        }
        try harness.run { harness.outcomes.count == 2 }
        #expect(harness.outcomes.map(\.sequence) == [6, 7])
        for outcome in harness.outcomes {
            guard case .deadLetter(let reason) = outcome.result else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(reason.code == "queue_full")
        }
    }

    /// The journal is this thread: it answers the delivery's requests in the order they come.
    @Test func `the thread starts, delivers what it's told of, and stops`() throws {
        let requests = try Mailbox<JournalRequest>(messagesLimit: 10_000)
        let announcements = try Mailbox<Announcement>(messagesLimit: 100)
        var settings = sampleSettings([SinkSettings(name: "s", target: .discard)])
        settings.router = RouterSettings(
            providerType: "webhook", providerAddress: "", processorType: "knative",
            processorAddress: "")
        let delivery = try Delivery.start(
            settings, version: "1", announcements: announcements, journal: { requests.send($0) },
            metrics: Metrics(), logger: LogLines().logger)
        let loop = try EventLoop()
        var settled: [SequenceNumber] = []
        let done = try Mailbox<Bool>(messagesLimit: 1)
        try requests.receive(on: loop) { requests in
            for request in requests {
                switch request {
                case .announce(let mailbox): #expect(mailbox === announcements)
                case .read(let sink, let after, _):
                    #expect((sink, after) == (0, 0))
                    #expect(
                        announcements.send(.page([stored(3)], sink: 0, through: 5, isLast: true)))
                    #expect(announcements.send(.stored([stored(6)], after: 5)))
                case .settle(let outcomes):
                    settled += outcomes.map(\.sequence)
                    guard settled.count == 2 else { continue }
                    delivery.stop(within: .seconds(5), settlesRest: false) { _ = done.send(true) }
                case .store, .kept, .pages, .stop: Issue.record("\(request)")
                }
            }
        }
        try done.receive(on: loop) { _ in loop.stop() }
        try loop.run()
        delivery.join()
        #expect(settled == [3, 6])
        let counts = try #require(delivery.invocations(ofSink: 0))
        #expect(counts.bySubject == ["": Invocations.Counts(successes: 2, failures: 0)])
    }
}

// MARK: - Helpers

/// Looks again and again, a turn of the loop apart, until the condition holds.
private func watch(
    _ harness: Harness, _ condition: @escaping () -> Bool, then body: @escaping () -> Void
) {
    guard !condition() else { return body() }
    harness.loop.schedule(after: .milliseconds(1)) { watch(harness, condition, then: body) }
}
