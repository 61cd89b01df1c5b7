import CloudEvents
import Configuration
import EventLoops
import Foundation
import Glibc
import Journal
import Logging
import ScriptedPeer
import Telemetry
import Testing

@testable import Delivery

/// Fault F42: an event that ends the process that handles it, really, in a process of its own.
@Suite(.timeLimit(.minutes(10))) struct PoisonTests {
    @Test(arguments: PoisonedGateway.Step.allCases)
    func `F42 a poison event is set aside at the third restart, and all others are delivered`(
        step: PoisonedGateway.Step
    ) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("veer-poison-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try PoisonedGateway.store(in: directory)
        for restarts in 0...3 {
            let end: ExitTest.Condition = restarts < 3 ? .signal(SIGABRT) : .success
            try await #require(processExitsWith: end) {
                [directory = directory as String, step = step as PoisonedGateway.Step] in
                try PoisonedGateway(step, directory: directory).run()
            }
        }
        let left = try JournalFile(directory: directory).events(JournalQuery())
        #expect(left.map(\.sequence) == [PoisonedGateway.poison])
        let letters = try #require(left.first).deadLetters
        // The other sink may have had it before the first crash.
        #expect(letters.contains { $0.sink == "a" })
        for letter in letters {
            #expect((letter.reason.code, letter.reason.status) == ("poison", nil))
            #expect(letter.reason.detail.contains("veer deadletters replay 7"))
        }
    }
}

/// A journal and a delivery as in the gateway, but for one thing at which an event is too much.
final class PoisonedGateway {
    /// What the process is at when it ends.
    enum Step: String, CaseIterable, Codable, Sendable {
        case sending, sendingABatch, hearingTheAnswer, settling
    }

    static let poison: SequenceNumber = 7
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private let loop: EventLoop
    private let journal: Journal
    private let dispatcher: Dispatcher
    private let peer: ScriptedPeer
    private let announcements = try? Mailbox<Announcement>(messagesLimit: 1_000)

    private static func parameters(_ directory: String) -> JournalParameters {
        JournalParameters(path: directory, sinks: ["a", "b"])
    }

    /// Stores twenty events for two sinks.
    static func store(in directory: String) throws {
        let loop = try EventLoop()
        let receipts = try Mailbox<Receipt>(messagesLimit: 1)
        let journal = try Journal.open(parameters(directory), metrics: Metrics(), logger: silent)
        try receipts.receive(on: loop) { receipts in
            #expect(receipts.map(\.result) == [.accepted])
            loop.stop()
        }
        let sinks: SinkSet = [SinkSet(sink: 0), SinkSet(sink: 1)]
        let items = (1...20).map { Submission.Item(event: sampleEvent(id: "\($0)"), sinks: sinks) }
        let submission = Submission(items: items, origin: "hooks", ticket: 0, receipts: receipts)
        #expect(journal.send(.store(submission)))
        try loop.run()
        #expect(journal.send(.stop))
        journal.waitUntilStopped()
    }

    init(_ step: Step, directory: String) throws {
        signal(SIGPIPE, SIG_IGN)
        let loop = try EventLoop()
        let journal = try Journal.open(
            Self.parameters(directory), metrics: Metrics(), logger: Self.silent)
        peer = try ScriptedPeer { request, _ in
            guard request["ce-id"] == "\(Self.poison)" else { return ScriptedPeer.status(202) }
            return ScriptedPeer.status(step == .settling ? 400 : 401)
        }
        let first = sink(peer.url, "a") {
            if step == .hearingTheAnswer { $0.auth = .oidc(OIDCSettings()) }
            if step == .sendingABatch { $0.batch = BatchSettings() }
        }
        dispatcher = try Dispatcher(
            quick([first, SinkSettings(name: "b", target: .discard)]), loop: loop,
            userAgent: "veer/test", output: 1, journal: { journal.send($0) }, metrics: Metrics(),
            logger: step == .settling ? Logger(label: "test") { _ in PoisonedLog() } : Self.silent,
            invocations: [], inHand: journal.inHand,
            otherTarget: { sink in
                let isOther = step == .sending || step == .sendingABatch
                return isOther && sink.name == "a" ? PoisonedTarget() : nil
            },
            renewToken: { _ in abort() })
        (self.loop, self.journal) = (loop, journal)
    }

    /// Runs until everything is settled, and ends in good order.
    func run() throws {
        let announcements = try #require(announcements)
        try announcements.receive(on: loop) { self.dispatcher.receive($0) }
        #expect(journal.send(.announce(to: announcements)))
        dispatcher.take([SinkNews(sink: 0, content: .token("secret"))])
        dispatcher.start()
        stopWhenDone()
        try loop.run()
        #expect(journal.send(.stop))
        journal.waitUntilStopped()
        peer.stop()
    }

    private func stopWhenDone() {
        guard journal.figures.events > 0 else {
            return dispatcher.stop(within: .zero, settlesRest: false) { self.loop.stop() }
        }
        loop.schedule(after: .milliseconds(2)) { self.stopWhenDone() }
    }

    /// Ends the process at the sight of one event, and takes all others.
    private final class PoisonedTarget: SinkTarget {
        func send(
            _ stored: StoredEvent, timeout: Duration,
            _ completion: @escaping (DeliveryResult?) -> Void
        ) {
            send(batch: [stored], timeout: timeout, completion)
        }

        func send(
            batch: [StoredEvent], timeout: Duration,
            _ completion: @escaping (DeliveryResult?) -> Void
        ) {
            if batch.contains(where: { $0.event.id == "\(PoisonedGateway.poison)" }) { abort() }
            completion(.taken)
        }

        func cancelAll() {}
    }

    /// Ends the process when it's to tell of that event.
    private struct PoisonedLog: LogHandler {
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            if event.metadata?["sequence"] == "\(PoisonedGateway.poison)" { abort() }
        }
    }
}
