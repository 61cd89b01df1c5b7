import EventLoops
import Foundation
import Testing

@testable import Journal

/// A journal in a directory, asked as the ingress and the delivery ask it.
@Suite(.timeLimit(.minutes(10))) struct JournalTests {
    let directory: TemporaryDirectory
    var parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
    }

    // MARK: - Storing

    @Test func `a stored event is found again after the journal was closed`() async throws {
        let first = try Harness(parameters)
        #expect(try await first.store("a", to: 0) == .accepted)
        first.stop()

        let second = try Harness(parameters)
        let backlog = try await second.backlog(sink: 0)
        #expect(backlog.map(\.sequence) == [1])
        #expect(backlog.map(\.event) == [event("a")])
        #expect(backlog.map(\.origin) == ["hook"])
        #expect(backlog.map(\.sinks) == [SinkSet(sink: 0)])
        second.stop()
    }

    /// What a process leaves that dies as soon as it has a receipt is a copy of its files.
    @Test func `when the receipt comes the event is in the files`() async throws {
        let harness = try Harness(parameters)
        for id in ["a", "b", "c"] {
            #expect(try await harness.store(id, to: 0) == .accepted)
            let copy = try TemporaryDirectory()
            for name in ["journal.db", "journal.db-wal"] {
                try copy.write(directory.octets(name), to: name)
            }
            let found = try JournalFile(directory: copy.path).events(JournalQuery())
            #expect(found.last?.event == event(id))
        }
        harness.stop()
    }

    @Test func `events keep the order and the octets they came with`() async throws {
        let harness = try Harness(parameters)
        let sizes = [0, 1, 1_000, 8_100, 8_192, 20_000, 300_000]
        let items = sizes.map { item("event \($0)", to: [0], bytes: $0) }
        #expect(try await harness.store(items) == .accepted)
        let stored = try await harness.stored()
        #expect(stored.after == 0)
        #expect(stored.events.map(\.event) == items.map(\.event))
        #expect(stored.events.map(\.sequence) == Array(1...7))
        harness.stop()

        let again = try Harness(parameters)
        #expect(try await again.backlog(sink: 0).map(\.event) == items.map(\.event))
        again.stop()
    }

    @Test func `what arrives during a commit shares the next one`() async throws {
        let harness = try Harness(parameters)
        // Whoever holds the lock keeps the journal's thread waiting at its first commit.
        let other = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try other.execute("BEGIN IMMEDIATE")
        for number in 0..<100 {
            let submission = harness.submission([item("\(number)", to: [0])])
            #expect(harness.journal.send(.store(submission)))
        }
        try other.execute("ROLLBACK")
        for _ in 0..<100 { #expect(try await harness.receipts.next().result == .accepted) }
        try await harness.wait()
        let commits = try #require(harness.metric("veer_journal_commits_total"))
        #expect(commits <= 10)
        #expect(harness.metric("veer_journal_stored_events_total") == 100)
        #expect(harness.metric("veer_journal_events") == 100)
        harness.stop()
    }

    @Test func `a number is never given out twice`() async throws {
        for round in 1...3 as ClosedRange<SequenceNumber> {
            let harness = try Harness(parameters)
            #expect(try await harness.store("a", to: 0) == .accepted)
            let stored = try await harness.stored()
            #expect(stored.events.map(\.sequence) == [round])
            #expect(stored.after == round - 1)
            harness.settle(.delivered(round))
            try await harness.wait()
            #expect(harness.metric("veer_journal_events") == 0)
            harness.stop()
        }
    }

    // MARK: - Settling

    /// A commit for outcomes alone would double what a lone sender costs.
    @Test func `outcomes share the commit of what is stored after them`() async throws {
        let harness = try Harness(parameters)
        let rounds = 20
        for round in 1...rounds {
            #expect(try await harness.store("\(round)", to: 0) == .accepted)
            harness.settle(.delivered(SequenceNumber(round)))
        }
        try await harness.wait()
        #expect(harness.metric("veer_journal_events") == 0)
        // Each round had a commit at least; the machine may have made some wait for the next.
        let commits = try #require(harness.metric("veer_journal_commits_total"))
        #expect(Double(rounds)...Double(rounds) * 1.5 ~= commits)
        harness.stop()
    }

    @Test func `outcomes are settled though nothing is stored after them`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.settle(.delivered(1))
        while harness.metric("veer_journal_events") != 0 { await Task.yield() }
        harness.stop()
    }

    @Test func `an event leaves when the last of its sinks settled it`() async throws {
        var harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 1) == .accepted)
        harness.settle(.delivered(1, sink: 0))
        #expect(try await harness.backlog(sink: 0).isEmpty)
        harness.stop()

        harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 0).isEmpty)
        #expect(try await harness.backlog(sink: 1).map(\.sinks) == [SinkSet(sink: 1)])
        harness.settle(.delivered(1, sink: 1))
        #expect(try await harness.backlog(sink: 1).isEmpty)
        harness.stop()
        #expect(try JournalFile(directory: directory.path).events(JournalQuery()).isEmpty)
    }

    @Test func `a run of deliveries takes only what nobody else waits for`() async throws {
        let harness = try Harness(parameters)
        let sinks = [[0], [0, 1], [0], [0], [1], [0], [0]]
        let items = sinks.enumerated().map { item("\($0 + 1)", to: $1) }
        #expect(try await harness.store(items) == .accepted)
        harness.settle(.dead(4))
        harness.settle(
            .delivered(7), .delivered(1), .delivered(3), .delivered(2), .delivered(6),
            .delivered(5), .delivered(4), .delivered(99), .delivered(1, sink: 62),
            .delivered(1, sink: -1))
        #expect(try await harness.backlog(sink: 0).isEmpty)
        #expect(try await harness.backlog(sink: 1).map(\.sequence) == [2, 5])
        #expect(harness.metric("veer_journal_events") == 2)
        harness.stop()
        let left = try JournalFile(directory: directory.path).events(JournalQuery())
        #expect(left.map(\.sequence) == [2, 4, 5])
        #expect(try JournalFile(directory: directory.path).verify().problems == [])
    }

    @Test func `a dead letter keeps its event and its reason`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 1) == .accepted)
        harness.settle(.dead(1, sink: 0, status: 400), .delivered(1, sink: 1))
        try await harness.wait()
        #expect(harness.metric("veer_dead_letters{sink=\"broker\"}") == 1)
        #expect(harness.metric("veer_journal_events") == 0)
        harness.stop()

        let file = try JournalFile(directory: directory.path)
        let entry = try #require(try file.event(1))
        #expect(entry.state == .dead)
        #expect(entry.event == event("a"))
        #expect(entry.deadLetters.map(\.sink) == ["broker"])
        #expect(entry.deadLetters.map(\.reason) == [reason("refused", status: 400)])

        let again = try Harness(parameters)
        #expect(try await again.backlog(sink: 0).isEmpty)
        #expect(again.metric("veer_dead_letters{sink=\"broker\"}") == 1)
        again.stop()
    }

    @Test func `delivered events are kept as long as asked`() async throws {
        var parameters = parameters
        parameters.keepDelivered = .seconds(3600)
        var harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 1) == .accepted)
        #expect(try await harness.store("b", to: 0) == .accepted)
        harness.settle(.delivered(1), .delivered(2), .delivered(1, sink: 1))
        #expect(try await harness.backlog(sink: 0).isEmpty)
        harness.stop()
        let file = try JournalFile(directory: directory.path)
        var query = JournalQuery()
        query.state = .delivered
        #expect(try file.events(query).map(\.sequence) == [1, 2])
        #expect(try file.statistics().deliveredEvents == 2)

        parameters.keepDelivered = .nanoseconds(1)
        harness = try Harness(parameters)
        while try !file.events(query).isEmpty { try await harness.wait() }
        harness.stop()
    }

    // MARK: - Reading

    @Test func `pages go on where the last one ended, until nothing was stored after it`()
        async throws
    {
        let harness = try Harness(parameters)
        let items = (1...25).map { item("\($0)", to: [$0 % 5 == 0 ? 1 : 0]) }
        #expect(try await harness.store(items) == .accepted)
        var sequences: [SequenceNumber] = []
        var after: SequenceNumber = 0
        var pages = 0
        while true {
            let page = try await harness.page(sink: 0, after: after, limit: 8)
            #expect(page.events.count <= 8)
            #expect(page.through > after)
            sequences += page.events.map(\.sequence)
            after = page.through
            pages += 1
            if page.isLast { break }
        }
        #expect(sequences == (1...25).filter { $0 % 5 != 0 })
        #expect(pages == 3)
        #expect(after == 25)
        #expect(try await harness.page(sink: 1, after: 25).isLast)
        harness.stop()
    }

    @Test func `a page ends before it keeps others waiting`() async throws {
        let harness = try Harness(parameters)
        let large = (1...10).map { item("\($0)", to: [0], bytes: 1_000_000) }
        for item in large { #expect(try await harness.store([item]) == .accepted) }
        let page = try await harness.page(sink: 0)
        #expect(1..<10 ~= page.events.count)
        #expect(page.through == page.events.last?.sequence)
        #expect(!page.isLast)
        // Rows of others count, too.
        let others = try await harness.page(sink: 1)
        #expect(others.events.isEmpty)
        #expect(others.through == page.through)
        #expect(try await harness.backlog(sink: 0).count == 10)
        harness.stop()
    }

    @Test func `a receiver whose mailbox was full learns how far it lags`() async throws {
        let harness = try Harness(parameters, listens: false)
        let mailbox = try Mailbox<Announcement>(messagesLimit: 1)
        #expect(harness.journal.send(.announce(to: mailbox)))
        for id in ["a", "b", "c"] { #expect(try await harness.store(id, to: 0) == .accepted) }

        let inbox = try Inbox(mailbox)
        guard case .stored(let first, after: 0) = try await inbox.next()
        else { throw Harness.Unexpected() }
        #expect(first.map(\.sequence) == [1])
        guard case .stored(let none, after: 3) = try await inbox.next()
        else { throw Harness.Unexpected() }
        #expect(none.isEmpty)
        #expect(harness.journal.send(.read(sink: 0, after: 1, limit: 10)))
        guard case .page(let missed, sink: 0, through: 3, isLast: true) = try await inbox.next()
        else { throw Harness.Unexpected() }
        #expect(missed.map(\.sequence) == [2, 3])
        #expect(try await harness.store("d", to: 0) == .accepted)
        guard case .stored(let next, after: 3) = try await inbox.next()
        else { throw Harness.Unexpected() }
        #expect(next.map(\.sequence) == [4])
        harness.stop()
    }

    // MARK: - Stopping

    @Test func `a stopped journal has stored what came before and takes nothing more`()
        async throws
    {
        let harness = try Harness(parameters)
        for number in 0..<50 {
            let submission = harness.submission([item("\(number)", to: [0])])
            #expect(harness.journal.send(.store(submission)))
        }
        harness.stop()
        for _ in 0..<50 { #expect(try await harness.receipts.next().result == .accepted) }
        #expect(harness.journal.status == .stopped)
        await #expect(throws: Harness.Refused.self) { try await harness.store("x", to: 0) }
        // The database is complete without its log.
        let copy = try TemporaryDirectory()
        try copy.write(directory.octets("journal.db"), to: "journal.db")
        #expect(try JournalFile(directory: copy.path).statistics().events == 50)
        #expect(try JournalFile(directory: directory.path).statistics().events == 50)
    }
}
