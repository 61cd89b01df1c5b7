import EventLoops
import Testing

@testable import Journal

/// The journal that stores nothing: whoever hears "accepted" hears it from the sinks.
@Suite(.timeLimit(.minutes(10))) struct MemoryJournalTests {
    private var parameters: JournalParameters
    private let harness: Harness

    init() async throws {
        parameters = JournalParameters(path: "/nowhere/at/all", sinks: ["broker", "audit"])
        parameters.mode = .memory
        parameters.queueRequests = 4
        parameters.queueBytes = 100_000
        harness = try Harness(parameters)
        try await harness.wait()
    }

    private func send(_ items: Submission.Item...) async throws {
        #expect(harness.journal.send(.store(harness.submission(items))))
        // Its queue isn't what is tested here.
        try await harness.wait()
    }

    @Test func `the receipt waits for every sink of every event`() async throws {
        #expect(
            harness.journal.send(
                .store(harness.submission([item("a", to: [0, 1]), item("b", to: [1])]))))
        let stored = try await harness.stored()
        #expect(stored.events.map(\.sequence) == [1, 2])
        #expect(stored.events.map(\.event) == [event("a"), event("b")])
        try await send(item("c", to: [0]))
        harness.settle(.delivered(1, sink: 0), .delivered(2, sink: 1))
        harness.settle(.delivered(3, sink: 0))
        // The third event's receipt overtakes that of the first, for which a sink is waited for.
        #expect(try await harness.receipts.next() == Receipt(ticket: 2, result: .accepted))
        harness.settle(.delivered(1, sink: 1))
        #expect(try await harness.receipts.next() == Receipt(ticket: 1, result: .accepted))
        harness.stop()
    }

    @Test(arguments: [
        ([400], Receipt.Refusal.sinkRefused),
        ([413, 403], .sinkRefused),
        ([nil], .sinkUnavailable),
        ([503], .sinkUnavailable),
        ([404], .sinkUnavailable),  // Knative retries these four.
        ([408], .sinkUnavailable),
        ([409], .sinkUnavailable),
        ([429], .sinkUnavailable),
        ([400, nil], .sinkUnavailable),
        ([nil, 400], .sinkUnavailable),
    ])
    func `a dead letter makes it a refusal that says whose`(
        statuses: [Int?], refusal: Receipt.Refusal
    ) async throws {
        try await send(item("a", to: [0, 1]))
        for (sink, status) in statuses.enumerated() {
            harness.settle(.dead(1, sink: sink, status: status))
        }
        if statuses.count == 1 { harness.settle(.delivered(1, sink: 1)) }
        #expect(try await harness.receipts.next().result == .refused(refusal))
        #expect(harness.metric("veer_journal_refused_total{reason=\"\(refusal.rawValue)\"}") == 1)
        harness.stop()
    }

    @Test func `what waits for sinks is bounded`() async throws {
        for id in ["a", "b", "c", "d", "e"] { try await send(item(id, to: [0])) }
        #expect(
            try await harness.receipts.next() == Receipt(ticket: 5, result: .refused(.full)))
        harness.settle(.delivered(1))
        #expect(try await harness.receipts.next() == Receipt(ticket: 1, result: .accepted))
        try await send(item("f", to: [0], bytes: 99_900))
        #expect(
            try await harness.receipts.next() == Receipt(ticket: 6, result: .refused(.full)))
        try await send(item("g", to: [0]))
        harness.settle(.delivered(5))
        #expect(try await harness.receipts.next() == Receipt(ticket: 7, result: .accepted))
        harness.stop()
    }

    @Test func `what can't be announced is refused`() async throws {
        let harness = try Harness(parameters, listens: false)
        let mailbox = try Mailbox<Announcement>(messagesLimit: 1)
        #expect(try await harness.store("a", to: 0) == .refused(.sinkUnavailable))
        #expect(harness.journal.send(.announce(to: mailbox)))
        #expect(harness.journal.send(.read(sink: 0, after: 0, limit: 1)))
        // The page fills the mailbox, if it isn't still unknown.
        #expect(try await harness.store("b", to: 0) == .refused(.sinkUnavailable))
        let inbox = try Inbox(mailbox)
        guard case .page = try await inbox.next() else { throw Harness.Unexpected() }
        #expect(harness.journal.send(.store(harness.submission([item("c", to: [0])]))))
        guard case .stored(let events, after: 0) = try await inbox.next()
        else { throw Harness.Unexpected() }
        #expect(events.map(\.sequence) == [1])
        harness.stop()
        self.harness.stop()
    }

    @Test func `there is nothing to read`() async throws {
        try await send(item("a", to: [0]))
        let page = try await harness.page(sink: 0)
        #expect(page.events.isEmpty)
        #expect(page.isLast)
        harness.stop()
    }

    @Test func `whoever still waits at the end is told to come back`() async throws {
        try await send(item("a", to: [0]))
        harness.stop()
        #expect(try await harness.receipts.next().result == .refused(.sinkUnavailable))
        #expect(!harness.journal.send(.store(harness.submission([item("b", to: [0])]))))
    }
}
