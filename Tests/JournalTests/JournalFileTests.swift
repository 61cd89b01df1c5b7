import Foundation
import Testing

@testable import Journal

/// What an operator sees of a journal, beside a server and without one.
@Suite(.timeLimit(.minutes(10))) struct JournalFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Nine events, of which the sinks settled all there is to settle in a journal.
    private func makeHarness() async throws -> Harness {
        var parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
        parameters.keepDelivered = .seconds(3600)
        let harness = try Harness(parameters)
        for number in 1...9 {
            let items = [item("event \(number)", to: number % 3 == 0 ? [0, 1] : [0])]
            #expect(try await harness.store(items, origin: "hook \(number % 2)") == .accepted)
        }
        harness.settle(
            .delivered(1), .delivered(2), .dead(3, sink: 0, status: 400), .dead(4),
            .dead(6, sink: 0), .delivered(6, sink: 1))
        try await harness.wait()
        return harness
    }

    private func sequences(
        _ state: JournalEntry.State? = nil, sink: String? = nil, after: SequenceNumber = 0,
        limit: Int = 100
    ) throws -> [SequenceNumber] {
        var query = JournalQuery()
        query.state = state
        query.sink = sink
        query.after = after
        query.limit = limit
        return try JournalFile(directory: directory.path).events(query).map(\.sequence)
    }

    @Test(arguments: [true, false])
    func `events are found by state, sink and number`(isRunning: Bool) async throws {
        let harness = try await makeHarness()
        if !isRunning { harness.stop() }
        #expect(try sequences() == Array(1...9))
        #expect(try sequences(after: 3, limit: 2) == [4, 5])
        #expect(try sequences(limit: 0) == [])
        #expect(try sequences(.pending) == [3, 5, 7, 8, 9])
        #expect(try sequences(.pending, sink: "audit") == [3, 9])
        #expect(try sequences(.dead) == [4, 6])
        #expect(try sequences(.dead, sink: "audit") == [])
        #expect(try sequences(sink: "audit") == [3, 9])
        #expect(try sequences(sink: "broker") == [3, 4, 5, 6, 7, 8, 9])
        #expect(try sequences(sink: "nobody") == [])
        #expect(try sequences(.delivered) == [1, 2])
        if isRunning { harness.stop() }
    }

    @Test func `an event is shown with all that is known of it`() async throws {
        let harness = try await makeHarness()
        let file = try JournalFile(directory: directory.path)
        let entry = try #require(try file.event(3))
        #expect(entry.state == .pending)
        #expect(entry.event == event("event 3"))
        #expect([entry.id, entry.source, entry.type] == ["event 3", "/tests", "com.example.test"])
        #expect(entry.origin == "hook 1")
        #expect(entry.pendingSinks == ["audit"])
        #expect(entry.deadLetters.map(\.sink) == ["broker"])
        #expect(entry.deadLetters.map(\.reason) == [reason("refused", status: 400)])
        let delivered = try #require(try file.event(1))
        #expect(delivered.state == .delivered)
        #expect(try #require(delivered.settledMilliseconds) >= delivered.receivedMilliseconds)
        #expect(try file.event(10) == nil)
        #expect(try file.event(-1) == nil)
        harness.stop()
    }

    @Test func `everything is counted`() async throws {
        let harness = try await makeHarness()
        let statistics = try JournalFile(directory: directory.path).statistics()
        #expect(statistics.format == 1)
        #expect(statistics.lastSequence == 9)
        #expect(statistics.events == 9)
        #expect(statistics.pendingEvents == 5)
        #expect(statistics.deliveredEvents == 2)
        #expect(statistics.pendingBySink == ["broker": 4, "audit": 2])
        #expect(statistics.deadLettersBySink == ["broker": 3])
        #expect(statistics.oldestMilliseconds != nil)
        #expect(statistics.fileBytes > 0)
        #expect(statistics.logBytes > 0)
        harness.stop()
    }

    @Test func `an empty journal has nothing`() async throws {
        try Harness(JournalParameters(path: directory.path, sinks: [])).stop()
        let file = try JournalFile(directory: directory.path)
        #expect(try file.statistics().events == 0)
        #expect(try file.statistics().oldestMilliseconds == nil)
        #expect(try file.events(JournalQuery()).isEmpty)
        #expect(try file.verify().isWhole)
    }

    @Test func `all events are passed over, many times as many as are held`() async throws {
        let harness = try Harness(JournalParameters(path: directory.path, sinks: ["broker"]))
        let items = (1...200).map { item("\($0)", to: [0]) }
        #expect(try await harness.store(items) == .accepted)
        var ids: [String] = []
        try JournalFile(directory: directory.path).forEach { ids.append($0.id) }
        #expect(ids == (1...200).map { "\($0)" })
        harness.stop()
    }

    @Test func `a whole journal is verified while it is in use`() async throws {
        let harness = try await makeHarness()
        let verification = try JournalFile(directory: directory.path).verify()
        #expect(verification.problems == [])
        #expect(verification.events == 9)
        #expect(try await harness.store("x", to: 0) == .accepted)
        harness.stop()
    }

    @Test(arguments: [
        ("UPDATE events SET event = zeroblob(30) WHERE sequence = 5", "event 5: its octets"),
        ("UPDATE events SET pending = 0 WHERE sequence = 5", "event 5: its numbers"),
        ("UPDATE events SET id = 'other' WHERE sequence = 5", "event 5: its copied attributes"),
        ("UPDATE counters SET pending_events = 0", "table counters"),
        ("UPDATE sinks SET name = 'other' WHERE bit = 0", "table sinks"),
        ("UPDATE origins SET name = 'other' WHERE number = 1", "table origins"),
        ("DELETE FROM events WHERE sequence = 5", "5 events should be pending, but 4 are"),
    ])
    func `what is not as it was written is told of`(sql: String, problem: String) async throws {
        try await makeHarness().stop()
        try Database(path: directory.file(Schema.fileName), access: .readWrite).execute(sql)
        let verification = try JournalFile(directory: directory.path).verify()
        #expect(!verification.isWhole)
        #expect(verification.problems.contains { $0.hasPrefix(problem) }, "\(verification)")
    }

    @Test func `looking changes nothing`() async throws {
        try await makeHarness().stop()
        let before = try directory.octets("journal.db")
        let file = try JournalFile(directory: directory.path)
        _ = try file.verify()
        _ = try file.statistics()
        #expect(try directory.octets("journal.db") == before)
    }

    @Test func `a missing journal is an error that names it`() throws {
        let error = #expect(throws: JournalError.self) {
            try JournalFile(directory: directory.file("none"))
        }
        #expect("\(try #require(error))".hasPrefix(directory.file("none/journal.db")))
    }
}
