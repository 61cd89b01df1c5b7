import CloudEvents
import EventLoops
import Foundation
import Testing

@testable import Journal

/// A leader's events count when the Lease tells of them, and only then.
@Suite(.timeLimit(.minutes(10))) struct PreparedPageTests {
    let directory: TemporaryDirectory
    let leadership = Leadership()
    let told: Inbox<SourceProgress>
    let parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        told = try Inbox()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
        leadership.extend(term: 5, until: .now + .seconds(3_600))
    }

    // MARK: - Helpers

    private func record(_ ends: (Int64, Int64)..., term: Int64 = 5) -> PageNews {
        .lease(
            LeaseRecord(
                lease: "u1", term: term,
                ends: ["vc": ends.map { .init(term: $0.0, page: $0.1) }]))
    }

    /// Has a page prepared, and waits until it is.
    private func prepare(
        _ ids: [String], in harness: Harness, term: Int64 = 5, bytes: Int = 16,
        source: String = "vc"
    ) async throws -> SourceProgress {
        submit(ids, in: harness, term: term, bytes: bytes, source: source)
        return try await told.next()
    }

    private func submit(
        _ ids: [String], in harness: Harness, term: Int64 = 5, bytes: Int = 16,
        source: String = "vc"
    ) {
        var submission = harness.submission(
            ids.map { item($0, to: $0 == "both" ? [0, 1] : [0], bytes: bytes) }, origin: source)
        submission.checkpoint = "after \(ids.last ?? "nothing")"
        let told = told.mailbox
        submission.fence = Fence(lease: "u1", term: term, leadership: leadership) {
            _ = told.send($0)
        }
        #expect(harness.journal.send(.store(submission)))
    }

    private func tell(_ news: PageNews, _ harness: Harness) {
        #expect(harness.journal.send(.pages(news)))
    }

    private func statistics() throws -> JournalStatistics {
        try JournalFile(directory: directory.path).statistics()
    }

    private func checkpoints() throws -> [String] {
        try JournalFile(directory: directory.path).checkpoints().map(\.text)
    }

    // MARK: - While this process leads

    @Test func `what is prepared is neither delivered nor counted`() async throws {
        let harness = try Harness(parameters)
        let progress = try await prepare(["a", "both"], in: harness)
        let term = CheckpointTerm(lease: "u1", number: 5)
        #expect(
            progress
                == SourceProgress(source: "vc", checkpoint: "after both", term: term, page: 1))
        tell(record((5, 0)), harness)
        #expect(try await harness.backlog(sink: 0).isEmpty)
        #expect(harness.metric("veer_journal_stored_events_total") == 0)
        #expect(harness.metric("veer_journal_events") == 0)
        #expect(try statistics().events == 0)
        #expect(try statistics().preparedEvents == 2)
        #expect(try checkpoints().isEmpty)
        #expect(try JournalFile(directory: directory.path).verify().isWhole)
        harness.stop()
    }

    @Test func `what the lease tells of is stored once, and the submitter has its receipt`()
        async throws
    {
        let harness = try Harness(parameters)
        _ = try await prepare(["a", "both"], in: harness)
        tell(record((5, 1)), harness)
        #expect(try await harness.receipts.next().result == .accepted)
        let (events, after) = try await harness.stored()
        #expect(events.map(\.event) == [event("a"), event("both")])
        #expect(events.map(\.sinks) == [SinkSet(sink: 0), [SinkSet(sink: 0), SinkSet(sink: 1)]])
        #expect(events.map(\.origin) == ["vc", "vc"])
        #expect(after == 0)
        tell(record((5, 1), term: 6), harness)
        tell(record(term: 7), harness)
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [1, 2])
        #expect(harness.metric("veer_journal_stored_events_total") == 2)
        #expect(try statistics().preparedEvents == 0)
        #expect(try checkpoints() == ["after both"])
        harness.stop()
    }

    @Test func `pages are numbered in their term, and a checkpoint alone needs no preparation`()
        async throws
    {
        let harness = try Harness(parameters)
        #expect(try await prepare([], in: harness).page == 0)
        #expect(try await harness.receipts.next().result == .accepted)
        for page in 1...3 as ClosedRange<Int64> {
            #expect(try await prepare(["\(page)"], in: harness).page == page)
            tell(record((5, page)), harness)
            #expect(try await harness.receipts.next().result == .accepted)
            #expect(try await prepare([], in: harness).page == page)
            #expect(try await harness.receipts.next().result == .accepted)
        }
        leadership.extend(term: 6, until: .now + .seconds(3_600))
        #expect(try await prepare(["x"], in: harness, term: 6).page == 1)
        harness.stop()
    }

    @Test func `each source has a page of its own`() async throws {
        let harness = try Harness(parameters)
        _ = try await prepare(["a"], in: harness)
        _ = try await prepare(["b"], in: harness, source: "other")
        tell(record((5, 1)), harness)
        #expect(try await harness.receipts.next().result == .accepted)
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    @Test func `a second page before the first is decided on is refused`() async throws {
        let harness = try Harness(parameters)
        _ = try await prepare(["a"], in: harness)
        submit(["b"], in: harness)
        #expect(try await harness.receipts.next().result == .refused(.notLeading))
        tell(record((5, 1)), harness)
        #expect(try await harness.receipts.next().result == .accepted)
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    // MARK: - What is left

    @Test func `who waits is refused when the term ends, and the page stays`() async throws {
        let harness = try Harness(parameters)
        _ = try await prepare(["a"], in: harness)
        leadership.end()
        tell(.termEnded, harness)
        #expect(try await harness.receipts.next().result == .refused(.notLeading))
        #expect(try statistics().preparedEvents == 1)
        tell(record((5, 1), term: 6), harness)
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    @Test func `what the lease never told of is let go when another leads`() async throws {
        let harness = try Harness(parameters)
        _ = try await prepare([], in: harness)
        #expect(try await harness.receipts.next().result == .accepted)
        _ = try await prepare(["a"], in: harness)
        tell(record((5, 0), term: 6), harness)
        #expect(try await harness.receipts.next().result == .refused(.notLeading))
        #expect(try await harness.backlog(sink: 0).isEmpty)
        #expect(try statistics().preparedEvents == 0)
        #expect(try checkpoints() == ["after nothing"])
        harness.stop()
    }

    @Test(arguments: [true, false])
    func `what is left is decided on after a restart`(isTold: Bool) async throws {
        let first = try Harness(parameters)
        _ = try await prepare(["a", "both"], in: first)
        first.stop()
        var changed = parameters
        changed.sinks.reverse()
        let second = try Harness(changed)
        #expect(second.journal.hasPreparedPages)
        tell(record((5, 0)), second)
        #expect(try await second.backlog(sink: 1).isEmpty)
        let stored = await second.decided(record((5, isTold ? 1 : 0), term: 6))
        let term = CheckpointTerm(lease: "u1", number: 5)
        #expect(stored == (isTold ? ["vc": TermCheckpoint(text: "after both", term: term)] : [:]))
        #expect(
            try await second.backlog(sink: 1).map(\.event)
                == (isTold ? [event("a"), event("both")] : []))
        #expect(
            try await second.backlog(sink: 0).map(\.event) == (isTold ? [event("both")] : []))
        second.stop()
        let third = try Harness(changed)
        #expect(!third.journal.hasPreparedPages)
        #expect(try await third.backlog(sink: 1).count == (isTold ? 2 : 0))
        third.stop()
    }

    @Test func `what is left is stored where there is no election any more`() async throws {
        let first = try Harness(parameters)
        _ = try await prepare(["a"], in: first)
        first.stop()
        let second = try Harness(parameters)
        #expect(await second.decided(.noElection)["vc"]?.text == "after a")
        #expect(try await second.backlog(sink: 0).map(\.event) == [event("a")])
        second.stop()
    }

    @Test func `what a lease that was made anew can't tell of is stored`() async throws {
        let harness = try Harness(parameters)
        _ = try await prepare(["a"], in: harness)
        _ = await harness.decided(.lease(LeaseRecord(lease: "u2", term: 1)))
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    @Test func `an earlier term's checkpoint takes no later one's place`() async throws {
        let first = try Harness(parameters)
        _ = try await prepare(["a"], in: first)
        first.stop()
        let database = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        let later = CheckpointTerm(lease: "u1", number: 6)
        #expect(try Terms.claim(later, of: "vc", in: database))
        try Checkpoints.save("later", of: "vc", in: database, now: 1)
        let second = try Harness(parameters)
        let stored = await second.decided(record((5, 1), term: 7))
        #expect(stored == ["vc": TermCheckpoint(text: "later", term: later)])
        #expect(try await second.backlog(sink: 0).count == 1)
        second.stop()
    }

    @Test func `an operator's checkpoint stays, whatever is decided`() async throws {
        let first = try Harness(parameters)
        _ = try await prepare(["a"], in: first)
        first.stop()
        try JournalFile.setCheckpoint("set", of: "vc", directory: directory.path)
        let second = try Harness(parameters)
        #expect(await second.decided(record((5, 1)))["vc"]?.text == "set")
        #expect(try await second.backlog(sink: 0).map(\.event) == [event("a")])
        second.stop()
    }

    @Test func `what waits for a sink that was removed is given up, and nobody else's`()
        async throws
    {
        let first = try Harness(parameters)
        _ = try await prepare(["both"], in: first)
        first.stop()
        var changed = parameters
        changed.sinks = ["new", "audit"]
        let second = try Harness(changed)
        _ = await second.decided(record((5, 1)))
        #expect(try await second.backlog(sink: 0).isEmpty)
        #expect(try await second.backlog(sink: 1).map(\.event) == [event("both")])
        second.stop()
        let third = try Harness(changed)
        #expect(try await third.backlog(sink: 1).map(\.event) == [event("both")])
        third.stop()
        #expect(try statistics().deadLettersBySink == ["broker": 1])
    }

    // MARK: - What can go wrong

    @Test(arguments: [
        "events = CAST(replace(hex(events), '0', '1') AS BLOB)", "term = 4", "number = 2",
        "count = 9", "checkpoint = 'x'", "source = 'vd'", "lease = 'u0'",
    ])
    func `what isn't what was prepared is never delivered`(damage: String) async throws {
        let first = try Harness(parameters)
        _ = try await prepare(["a"], in: first)
        first.stop()
        let database = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try database.execute("UPDATE prepared SET \(damage)")
        let file = try JournalFile(directory: directory.path)
        #expect(try !file.verify().isWhole)
        #expect(try file.preparedPages().isEmpty)
        let second = try Harness(parameters)
        #expect(await second.decided(.noElection).isEmpty)
        #expect(try await second.backlog(sink: 0).isEmpty)
        #expect(try #require(second.metric("veer_journal_corrupt_events_total")) > 0)
        // The next page takes its place, but for a name that is damaged.
        _ = try await prepare(["b"], in: second)
        tell(record((5, 1)), second)
        _ = try await second.receipts.next()
        #expect(try await second.backlog(sink: 0).map(\.event) == [event("b")])
        second.stop()
    }

    @Test func `what is damaged while it waits is asked of its source again`() async throws {
        let harness = try Harness(parameters)
        _ = try await prepare(["a"], in: harness)
        let database = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try database.execute("UPDATE prepared SET events = zeroblob(40)")
        tell(record((5, 1)), harness)
        #expect(try await harness.receipts.next().result == .refused(.failed))
        #expect(harness.metric("veer_journal_corrupt_events_total") == 1)
        #expect(try await prepare(["a"], in: harness).page == 2)
        tell(record((5, 2)), harness)
        #expect(try await harness.receipts.next().result == .accepted)
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    @Test func `a full journal prepares nothing, but stores what is prepared`() async throws {
        var parameters = parameters
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        let before = try statistics()
        let ids = (1...20).map(String.init)
        _ = try await prepare(ids, in: harness, bytes: 20_000)
        // Of what the pages of the file hold the limit is made.
        let after = try statistics()
        #expect(
            after.fileBytes - after.freeBytes
                >= before.fileBytes - before.freeBytes + 20 * 20_000)
        var result = Receipt.Result.accepted
        while result == .accepted {
            result = try await harness.store("x", to: 1, bytes: 10_000)
        }
        #expect(result == .refused(.full))
        submit(["y"], in: harness, source: "other")
        #expect(try await harness.receipts.next().result == .refused(.full))
        tell(record((5, 1)), harness)
        #expect(try await harness.receipts.next().result == .accepted)
        #expect(try await harness.backlog(sink: 0).count == 20)
        harness.stop()
    }

    @Test func `without an election nothing is prepared, nor is there a place for it`()
        async throws
    {
        let harness = try Harness(parameters)
        var submission = harness.submission([item("a", to: [0])], origin: "vc")
        submission.checkpoint = "after a"
        #expect(harness.journal.send(.store(submission)))
        #expect(try await harness.receipts.next().result == .accepted)
        harness.stop()
        let database = try Database(path: directory.file(Schema.fileName), access: .readOnly)
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name IN ('prepared', 'terms')"
        #expect(try database.integer(tables) == 0)
    }

    @Test func `a journal in memory tells when the sinks have it, and prepares nothing`()
        async throws
    {
        var parameters = parameters
        parameters.mode = .memory
        let harness = try Harness(parameters)
        try await harness.wait()
        submit(["a"], in: harness)
        let (events, _) = try await harness.stored()
        #expect(events.map(\.event) == [event("a")])
        harness.settle(.delivered(1))
        #expect(try await told.next().page == 0)
        #expect(try await harness.receipts.next().result == .accepted)
        #expect(await harness.decided(.termEnded)["vc"]?.text == "after a")
        harness.stop()
    }
}
