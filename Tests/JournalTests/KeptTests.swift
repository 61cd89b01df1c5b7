import CloudEvents
import EventLoops
import Testing

@testable import Journal

/// What operators do with events that the journal keeps.
@Suite(.timeLimit(.minutes(10))) struct KeptTests {
    private let directory: TemporaryDirectory
    private let parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
    }

    private func file() throws -> JournalFile { try JournalFile(directory: directory.path) }

    private func ids(_ query: KeptQuery) throws -> [String] {
        try file().kept(query).entries.map(\.id)
    }

    // MARK: - Looking

    @Test func `dead letters are found by what they are`() async throws {
        let harness = try Harness(parameters)
        for id in ["a", "b"] { #expect(try await harness.store(id, to: 0, 1) == .accepted) }
        #expect(try await harness.store([item("c", to: [0])], origin: "other") == .accepted)
        harness.settle(.dead(1, sink: 0), .dead(2, sink: 1), .dead(3, sink: 0), .dead(2, sink: 0))
        try await harness.wait()
        func found(_ change: (inout KeptQuery) -> Void) throws -> [String] {
            var query = KeptQuery(.dead)
            change(&query)
            return try ids(query)
        }
        #expect(try found { _ in } == ["a", "b", "c"])
        #expect(try found { $0.filter.sink = "audit" } == ["b"])
        #expect(try found { $0.filter.sink = "nobody" } == [])
        #expect(try found { $0.filter.code = "refused" } == ["a", "b", "c"])
        #expect(try found { $0.filter.code = "corrupt" } == [])
        #expect(try found { $0.filter.origin = "other" } == ["c"])
        #expect(try found { $0.filter.origin = "nobody" } == [])
        #expect(try found { $0.filter.type = TextPattern("com.*") } == ["a", "b", "c"])
        #expect(try found { $0.filter.type = TextPattern("com") } == [])
        #expect(try found { $0.filter.source = TextPattern("/tests") } == ["a", "b", "c"])
        #expect(try found { $0.filter.subject = TextPattern("*") } == [])
        #expect(try found { $0.filter.id = "b" } == ["b"])
        #expect(try found { $0.filter.since = .max } == [])
        #expect(try found { $0.filter.until = 1 } == [])
        #expect(try found { $0.after = 1 } == ["b", "c"])
        #expect(try found { $0.through = 2 } == ["a", "b"])
        harness.stop()
    }

    @Test func `a look ends where its limit is, and says where to go on`() async throws {
        let harness = try Harness(parameters)
        for number in 1...5 { #expect(try await harness.store("\(number)", to: 0) == .accepted) }
        harness.settle(.dead(1), .dead(2), .delivered(3), .dead(4), .dead(5))
        try await harness.wait()
        var query = KeptQuery(.dead)
        query.limit = 2
        var report = try await harness.ask(query, .list)
        #expect(report.entries.map(\.id) == ["1", "2"])
        #expect((report.next, report.last) == (2, 5))
        query.after = 2
        report = try await harness.ask(query, .list)
        #expect(report.entries.map(\.id) == ["4", "5"])
        #expect(report.next == nil)
        harness.stop()
    }

    // MARK: - Replaying

    @Test func `a replayed event has a new number and only its old sink`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 1) == .accepted)
        _ = try await harness.stored()
        harness.settle(.dead(1, sink: 0), .delivered(1, sink: 1))
        let report = try await harness.ask(KeptQuery(.dead), .replay(to: []))
        #expect(report.replays == [.init(sequence: 1, stored: 2, sinks: ["broker"])])
        let (events, after) = try await harness.stored()
        #expect(after == 1)
        #expect(events.map(\.sequence) == [2])
        #expect(events.map(\.event) == [event("a")])
        #expect(events.map(\.sinks) == [SinkSet(sink: 0)])
        #expect(events.map(\.origin) == ["hook"])
        try await harness.wait()
        #expect(harness.metric("veer_journal_events") == 1)
        #expect(harness.metric("veer_dead_letters{sink=\"broker\"}") == 0)
        #expect(try file().events(JournalQuery()).map(\.sequence) == [2])
        harness.settle(.delivered(2))
        try await harness.wait()
        harness.stop()
        #expect(try file().statistics().events == 0)
        #expect(try file().verify().isWhole)
    }

    @Test func `an event that another sink waits for is replayed beside it`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 1) == .accepted)
        harness.settle(.dead(1, sink: 0))
        let report = try await harness.ask(KeptQuery(.dead), .replay(to: []))
        #expect(report.replays.map(\.stored) == [2])
        #expect(try await harness.backlog(sink: 1).map(\.sequence) == [1])
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [2])
        harness.settle(.delivered(1, sink: 1), .delivered(2, sink: 0))
        try await harness.wait()
        harness.stop()
        #expect(try file().statistics().events == 0)
    }

    @Test func `only the dead letters that are meant are replayed`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 1) == .accepted)
        harness.settle(.dead(1, sink: 0), .dead(1, sink: 1))
        var query = KeptQuery(.dead)
        query.filter.sink = "audit"
        let report = try await harness.ask(query, .replay(to: []))
        #expect(report.replays == [.init(sequence: 1, stored: 2, sinks: ["audit"])])
        let left = try file().kept(KeptQuery(.dead)).entries
        #expect(left.map { $0.deadLetters.map(\.sink) } == [["broker"]])
        harness.stop()
    }

    @Test func `a dry run changes nothing`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.settle(.dead(1))
        let before = try await harness.ask(KeptQuery(.dead), .list)
        var report = try await harness.ask(KeptQuery(.dead), .replay(to: []), isDryRun: true)
        #expect(report.replays == [.init(sequence: 1, stored: nil, sinks: ["broker"])])
        report = try await harness.ask(KeptQuery(.dead), .purge, isDryRun: true)
        #expect(report.purged == [1])
        #expect(try await harness.ask(KeptQuery(.dead), .list) == before)
        harness.stop()
    }

    @Test func `what is damaged is purged, but not replayed`() async throws {
        var harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.settle(.dead(1))
        try await harness.wait()
        harness.stop()
        let database = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try database.execute("UPDATE events SET event = zeroblob(20)")
        harness = try Harness(parameters)
        let report = try await harness.ask(KeptQuery(.dead), .replay(to: []))
        #expect(report.replays.isEmpty)
        #expect(report.obstacles == [.damaged: 1])
        #expect(try await harness.ask(KeptQuery(.dead), .purge).purged == [1])
        harness.stop()
        #expect(try file().statistics().events == 0)
        #expect(try file().verify().isWhole)
    }

    @Test func `what a removed sink has left is replayed to one that is named`() async throws {
        var parameters = parameters
        var harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 1) == .accepted)
        harness.stop()
        parameters.sinks = ["broker"]
        harness = try Harness(parameters)
        var report = try await harness.ask(KeptQuery(.dead), .replay(to: []))
        #expect(report.replays.isEmpty)
        #expect(report.obstacles == [.sinkRemoved: 1])
        report = try await harness.ask(KeptQuery(.dead), .replay(to: ["audit"]))
        #expect(report.refusal == .unknownSink("audit"))
        report = try await harness.ask(KeptQuery(.dead), .replay(to: ["broker"]))
        #expect(report.replays.map(\.sinks) == [["broker"]])
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    // MARK: - Purging

    @Test func `what is purged is gone, and what others wait for stays`() async throws {
        let harness = try Harness(parameters)
        for id in ["a", "b"] { #expect(try await harness.store(id, to: 0, 1) == .accepted) }
        harness.settle(.dead(1, sink: 0), .dead(2, sink: 0), .delivered(2, sink: 1))
        #expect(try await harness.ask(KeptQuery(.dead), .purge).purged == [1, 2])
        #expect(try await harness.backlog(sink: 1).map(\.sequence) == [1])
        try await harness.wait()
        #expect(harness.metric("veer_journal_events") == 1)
        #expect(harness.metric("veer_kept_events_total{kind=\"dead\",action=\"purged\"}") == 2)
        harness.stop()
        #expect(try file().statistics().events == 1)
        #expect(try file().verify().isWhole)
    }

    @Test func `dead letters whose time is limited go by themselves`() async throws {
        var parameters = parameters
        parameters.keepDeadLetters = .milliseconds(1)
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.settle(.dead(1))
        while try file().statistics().events > 0 { try await harness.wait() }
        harness.stop()
        #expect(try file().verify().isWhole)
    }

    @Test func `dead letters are looked at again when the oldest is due`() {
        var sweep = LetterSweep()
        #expect(sweep.next(now: 1_000, kept: 500) == 0)
        sweep.looked(at: .init(next: 7), now: 1_000, kept: 500)
        #expect(sweep.next(now: 1_001, kept: 500) == 7)
        sweep.looked(at: .init(), now: 1_001, kept: 500)
        #expect(sweep.next(now: 1_500, kept: 500) == nil)
        #expect(sweep.next(now: 1_501, kept: 500) == 0)
    }

    // MARK: - Delivered and unrouted

    @Test func `delivered events are found, replayed and kept again`() async throws {
        var parameters = parameters
        parameters.keepDelivered = .seconds(3600)
        let harness = try Harness(parameters)
        for id in ["a", "b"] { #expect(try await harness.store(id, to: 0) == .accepted) }
        harness.settle(.delivered(1), .delivered(2))
        var query = KeptQuery(.delivered)
        query.filter.id = "b"
        let report = try await harness.ask(query, .replay(to: ["audit"]))
        #expect(report.replays == [.init(sequence: 2, stored: 3, sinks: ["audit"])])
        #expect(try await harness.backlog(sink: 1).map(\.event) == [event("b")])
        harness.settle(.delivered(3, sink: 1))
        try await harness.wait()
        #expect(try ids(KeptQuery(.delivered)) == ["a", "b"])
        #expect(try await harness.ask(KeptQuery(.delivered), .purge).purged == [1, 3])
        harness.stop()
        #expect(try file().statistics().events == 0)
        #expect(try file().verify().isWhole)
    }

    @Test func `delivered events take no more room than they may`() async throws {
        var parameters = parameters
        parameters.keepDelivered = .seconds(3600)
        parameters.historyBytesLimit = 100_000
        var harness = try Harness(parameters)
        for sequence in 1...50 as ClosedRange<SequenceNumber> {
            #expect(try await harness.store("\(sequence)", to: 0, bytes: 10_000) == .accepted)
            harness.settle(.delivered(sequence))
        }
        // The last may still be waited for when there are no more than nine others.
        while try file().statistics().pendingEvents > 0 { try await harness.wait() }
        while try file().statistics().deliveredEvents > 9 { try await harness.wait() }
        #expect(try ids(KeptQuery(.delivered)).last == "50")
        harness.stop()
        // What there was before counts after a start.
        parameters.historyBytesLimit = 50_000
        harness = try Harness(parameters)
        while try file().statistics().deliveredEvents > 4 { try await harness.wait() }
        #expect(try ids(KeptQuery(.delivered)).last == "50")
        harness.stop()
    }

    @Test func `an event that no route wants is kept, if that is asked for`() async throws {
        var parameters = parameters
        var harness = try Harness(parameters)
        #expect(try await harness.store([item("a", to: [])]) == .accepted)
        try await harness.wait()
        #expect(try file().statistics().events == 0)
        harness.stop()

        parameters.keepUnrouted = .seconds(3600)
        harness = try Harness(parameters)
        #expect(
            try await harness.store([item("b", to: []), item("c", to: [0])]) == .accepted)
        #expect(try await harness.stored().events.map(\.event) == [event("c")])
        #expect(harness.metric("veer_journal_events") == 1)
        harness.stop()

        harness = try Harness(parameters)
        #expect(try ids(KeptQuery(.unrouted)) == ["b"])
        #expect(try ids(KeptQuery(.delivered)) == [])
        #expect(try file().events(JournalQuery()).map(\.state) == [.unrouted, .pending])
        #expect(try file().statistics().unroutedEvents == 1)
        let report = try await harness.ask(KeptQuery(.unrouted), .replay(to: ["audit"]))
        #expect(report.replays.map(\.sinks) == [["audit"]])
        #expect(try await harness.backlog(sink: 1).map(\.event) == [event("b")])
        harness.stop()
        #expect(try file().verify().isWhole)
    }

    @Test func `unrouted events go when their time is over`() async throws {
        var parameters = parameters
        parameters.keepUnrouted = .milliseconds(1)
        let harness = try Harness(parameters)
        #expect(try await harness.store([item("a", to: [])]) == .accepted)
        while try file().statistics().events > 0 { try await harness.wait() }
        harness.stop()
        #expect(try file().verify().isWhole)
    }

    @Test func `a journal in memory keeps nothing, and says so`() async throws {
        var parameters = parameters
        parameters.mode = .memory
        let harness = try Harness(parameters)
        #expect(try await harness.ask(KeptQuery(.dead), .list).refusal == .memory)
        harness.stop()
    }
}

extension Harness {
    /// Asks about kept events and waits for the answer.
    func ask(
        _ query: KeptQuery, _ action: KeptAction, isDryRun: Bool = false
    ) async throws -> KeptReport {
        let reports = try Inbox<KeptReport>()
        let mailbox = reports.mailbox
        let request = KeptRequest(query, action, isDryRun: isDryRun) { _ = mailbox.send($0) }
        // Outcomes that were sent before are settled in the same turn.
        #expect(journal.send(.kept(request)))
        return try await reports.next()
    }
}
