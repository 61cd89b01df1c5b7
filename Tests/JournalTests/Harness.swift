import CloudEvents
import EventLoops
import Foundation
import Journal
import Logging
import Synchronization
import Telemetry
import Testing

/// A directory that is gone after the test.
final class TemporaryDirectory: Sendable {
    let path: String

    /// - Parameter inMemory: on a file system without a disk, where there is one, for tests that
    ///   open very many journals.
    init(inMemory: Bool = false) throws {
        let name = "veer-journal-\(UUID().uuidString)"
        let memory = "/dev/shm"
        path =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? memory + "/" + name
            : FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func octets(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: file(name)))
    }

    func write(_ octets: Data, to name: String) throws {
        try octets.write(to: URL(fileURLWithPath: file(name)))
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
}

/// A mailbox that a test reads message by message.
///
/// What arrives is taken off by a loop of its own, so the mailbox is never full.
final class Inbox<Message: Sendable>: Sendable {
    let mailbox: Mailbox<Message>
    private let end: Mailbox<Bool>
    private let messages: AsyncStream<Message>
    private let thread: LoopThread

    convenience init() throws { try self.init(Mailbox(messagesLimit: 100_000)) }

    /// Begins to take messages off a mailbox.
    init(_ mailbox: Mailbox<Message>) throws {
        let end = try Mailbox<Bool>(messagesLimit: 1)
        let (messages, continuation) = AsyncStream.makeStream(of: Message.self)
        thread = try EventLoop.start(name: "inbox") { loop throws(SystemError) in
            try mailbox.receive(on: loop) { for message in $0 { continuation.yield(message) } }
            try end.receive(on: loop) { _ in
                continuation.finish()
                loop.stop()
            }
        }
        self.mailbox = mailbox
        self.end = end
        self.messages = messages
    }

    deinit {
        _ = end.send(true)
        thread.join()
    }

    /// Waits for the next message; the test's time limit bounds it.
    func next() async throws -> Message {
        for await message in messages { return message }
        throw CancellationError()
    }
}

/// A journal, and everyone it talks to.
final class Harness: Sendable {
    let journal: Journal
    let metrics = Metrics()
    let receipts: Inbox<Receipt>
    let announcements: Inbox<Announcement>
    private let tickets = Atomic<UInt64>(0)

    /// Opens a journal and listens to its announcements.
    ///
    /// Submissions don't wait for other requests; whoever needs the receiver known waits first.
    init(_ parameters: JournalParameters, listens: Bool = true) throws {
        receipts = try Inbox()
        announcements = try Inbox()
        let logger = Logger(label: "journal") { _ in SwiftLogNoOpLogHandler() }
        journal = try Journal.open(parameters, metrics: metrics, logger: logger)
        if listens { #expect(journal.send(.announce(to: announcements.mailbox))) }
    }

    /// A submission whose receipt comes to ``receipts``.
    func submission(_ items: [Submission.Item], origin: String = "hook") -> Submission {
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
        return Submission(
            items: items, origin: origin, ticket: ticket, receipts: receipts.mailbox)
    }

    /// Submits and waits for the receipt.
    func store(_ items: [Submission.Item], origin: String = "hook") async throws -> Receipt.Result {
        let submission = submission(items, origin: origin)
        guard journal.send(.store(submission)) else { throw Refused() }
        let receipt = try await receipts.next()
        #expect(receipt.ticket == submission.ticket)
        return receipt.result
    }

    /// Submits an event for these sinks and waits for the receipt.
    func store(
        _ id: String, to sinks: Int..., bytes: Int = 16
    ) async throws -> Receipt.Result {
        try await store([item(id, to: sinks, bytes: bytes)])
    }

    /// Waits for the next announcement of stored events.
    func stored() async throws -> (events: [StoredEvent], after: SequenceNumber) {
        guard case .stored(let events, let after) = try await announcements.next()
        else { throw Unexpected() }
        return (events, after)
    }

    /// Reads one page.
    func page(sink: Int, after: SequenceNumber = 0, limit: Int = 1_000) async throws -> Page {
        #expect(journal.send(.read(sink: sink, after: after, limit: limit)))
        while true {
            guard
                case .page(let events, sink, let through, let isLast) =
                    try await announcements.next()
            else { continue }
            return Page(events: events, through: through, isLast: isLast)
        }
    }

    /// Reads all that a sink has not settled.
    func backlog(sink: Int) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        var after: SequenceNumber = 0
        while true {
            let page = try await page(sink: sink, after: after)
            events += page.events
            after = page.through
            if page.isLast { return events }
        }
    }

    /// Settles deliveries without waiting.
    func settle(_ outcomes: Outcome...) { #expect(journal.send(.settle(outcomes))) }

    /// Waits until everything sent so far is done.
    func wait() async throws { _ = try await page(sink: 0, after: .max, limit: 1) }

    /// Tells of pages in preparation, and waits until none is left that isn't decided on.
    ///
    /// - Returns: what is stored then.
    func decided(_ news: PageNews) async -> [String: TermCheckpoint] {
        await withCheckedContinuation { continuation in
            let isSent = journal.send(.pages(news) { continuation.resume(returning: $0) })
            #expect(isSent)
        }
    }

    /// Stops the journal in good order.
    func stop() {
        #expect(journal.send(.stop))
        journal.waitUntilStopped()
    }

    /// The value of a metric.
    func metric(_ name: String) -> Double? {
        metrics.exposition().split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    struct Page {
        var events: [StoredEvent]
        var through: SequenceNumber
        var isLast: Bool
    }

    struct Refused: Error {}
    struct Unexpected: Error {}
}

/// An event that can be told from all others.
func event(_ id: String, bytes: Int = 16) -> Event {
    var builder = EventBuilder()
    builder.begin()
    builder.append("specversion", "1.0")
    builder.append("id", id)
    builder.append("source", "/tests")
    builder.append("type", "com.example.test")
    builder.beginData(.octets)
    let pattern = Array(id.utf8)
    let data = (0..<bytes).map { pattern[$0 % pattern.count] }
    builder.appendData(data.span)
    return builder.finish()
}

/// An event for these sinks.
func item(_ id: String, to sinks: [Int], bytes: Int = 16) -> Submission.Item {
    let set = sinks.map { SinkSet(sink: $0) }.reduce(SinkSet()) { $0.union($1) }
    return Submission.Item(event: event(id, bytes: bytes), sinks: set)
}

/// Why an event was given up.
func reason(_ code: String, status: Int? = nil) -> DeadLetterReason {
    DeadLetterReason(code: code, status: status, detail: "said no", attempts: 3)
}

extension Outcome {
    static func delivered(_ sequence: SequenceNumber, sink: Int = 0) -> Outcome {
        Outcome(sequence: sequence, sink: sink, result: .delivered)
    }

    static func dead(
        _ sequence: SequenceNumber, sink: Int = 0, status: Int? = nil
    ) -> Outcome {
        Outcome(
            sequence: sequence, sink: sink, result: .deadLetter(reason("refused", status: status)))
    }
}

extension Logger {
    /// Tells nobody.
    static var silent: Logger { Logger(label: "journal") { _ in SwiftLogNoOpLogHandler() } }
}

extension Inbox<Receipt> {
    /// A submission of one event, whose receipt comes here.
    func submission(_ item: Submission.Item) -> Submission {
        Submission(items: [item], origin: "hook", ticket: 0, receipts: mailbox)
    }
}
