import CloudEvents
import EventLoops
import Foundation
import Testing

@testable import Journal

/// Events that come twice, as senders that heard no answer send them.
@Suite(.timeLimit(.minutes(10))) struct DuplicateTests {
    private let directory: TemporaryDirectory
    private var parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.duplicates["hook"] = DuplicateLimits(window: .seconds(600), entries: 1_000)
    }

    private let duplicates = "veer_events_duplicate_total{source=\"hook\"}"
    private let changed = "veer_events_changed_total{source=\"hook\"}"

    @Test func `an event that comes again is accepted and not stored`() async throws {
        let harness = try Harness(parameters)
        for _ in 1...3 { #expect(try await harness.store("a", to: 0) == .accepted) }
        harness.settle(.delivered(1))
        #expect(try await harness.store("a", to: 0) == .accepted)
        #expect(try await harness.store("b", to: 0) == .accepted)
        #expect(try await harness.backlog(sink: 0).map(\.event.id) == ["b"])
        #expect(harness.metric(duplicates) == 3)
        harness.stop()
    }

    @Test func `other content with the same id is stored and counted`() async throws {
        let harness = try Harness(parameters)
        for bytes in [10, 11, 11] {
            #expect(try await harness.store("a", to: 0, bytes: bytes) == .accepted)
        }
        #expect(try await harness.backlog(sink: 0).map(\.event.data.count) == [10, 11])
        #expect(harness.metric(changed) == 1)
        #expect(harness.metric(duplicates) == 1)
        harness.stop()
    }

    @Test func `of a batch the new ones are stored`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("b", to: 0) == .accepted)
        let batch = ["a", "b", "c", "a"].map { item($0, to: [0]) }
        #expect(try await harness.store(batch) == .accepted)
        #expect(try await harness.backlog(sink: 0).map(\.event.id) == ["b", "a", "c"])
        harness.stop()
    }

    @Test func `sources know nothing of each other's, and some remember nothing`() async throws {
        let harness = try Harness(parameters)
        for origin in ["hook", "other", "other"] {
            #expect(try await harness.store([item("a", to: [0])], origin: origin) == .accepted)
        }
        #expect(try await harness.backlog(sink: 0).map(\.origin) == ["hook", "other", "other"])
        harness.stop()
    }

    @Test(arguments: [true, false])
    func `what was accepted is known after the end, be it a kill`(isKill: Bool) async throws {
        let harness = try Harness(parameters)
        for id in ["a", "b", "c"] { #expect(try await harness.store(id, to: 0) == .accepted) }
        let copy = try TemporaryDirectory()
        if !isKill { harness.stop() }
        // A copy of the files is what a process that was killed here would leave.
        for name in ["journal.db", "journal.db-wal"] {
            try copy.write(try directory.octets(name), to: name)
        }
        if isKill { harness.stop() }
        var parameters = parameters
        parameters.path = copy.path
        let next = try Harness(parameters)
        for id in ["a", "d", "c"] { #expect(try await next.store(id, to: 0) == .accepted) }
        #expect(try await next.backlog(sink: 0).map(\.event.id) == ["a", "b", "c", "d"])
        next.stop()
        let last = try Harness(parameters)
        #expect(try await last.store("d", to: 0) == .accepted)
        #expect(last.metric(duplicates) == 1)
        last.stop()
    }

    @Test func `an event that was refused is new when it comes again`() async throws {
        var parameters = parameters
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        var refused: String?
        for number in 1... {
            let id = "\(number)"
            guard try await harness.store(id, to: 0, bytes: 10_000) != .accepted else { continue }
            refused = id
            break
        }
        for event in try await harness.backlog(sink: 0) {
            harness.settle(.delivered(event.sequence))
        }
        let id = try #require(refused)
        while try await harness.store(id, to: 0, bytes: 10_000) != .accepted {}
        #expect(try await harness.backlog(sink: 0).map(\.event.id) == [id])
        harness.stop()
    }

    @Test func `what a failed transaction took is new when it comes again`() throws {
        let store = try JournalStore.open(parameters, logger: .silent)
        let submission = try Fingerprinter(
            #require(store.recollection).key, parameters.duplicates
        ).marked(Inbox<Receipt>().submission(item("a", to: [0])))
        let failure = DatabaseError(extendedCode: 13, message: "no room", call: "test")
        func take() -> RecentEvents.Finding? {
            store.recollection?.take(submission, at: 0, now: 1)
        }
        #expect(throws: failure) {
            try store.transaction { () throws(DatabaseError) in
                #expect(take() == .new)
                throw failure
            }
        }
        try store.transaction { () throws(DatabaseError) in #expect(take() == .new) }
        try store.transaction { () throws(DatabaseError) in #expect(take() == .known) }
    }

    @Test func `rows go when nothing in them is remembered`() throws {
        var parameters = parameters
        parameters.duplicates["hook"]?.entries = 5
        let store = try JournalStore.open(parameters, logger: .silent)
        let fingerprinter = try Fingerprinter(
            #require(store.recollection).key, parameters.duplicates)
        let receipts = try Inbox<Receipt>()
        for number in 0..<20 {
            let submission = fingerprinter.marked(receipts.submission(item("\(number)", to: [0])))
            try store.transaction { () throws(DatabaseError) in
                _ = store.recollection?.take(submission, at: 0, now: 1)
            }
        }
        try store.transaction { () throws(DatabaseError) in try store.deleteForgotten() }
        #expect(try store.database.integer("SELECT count(*) FROM recent") == 1 + 5)
    }

    @Test func `a damaged row is forgotten, and so are those before it`() async throws {
        let harness = try Harness(parameters)
        for id in ["a", "b", "c"] { #expect(try await harness.store(id, to: 0) == .accepted) }
        harness.stop()
        try Database(path: directory.file(Schema.fileName), access: .readWrite).execute(
            "UPDATE recent SET events = x'00' WHERE place & 0xFFFF = 1")
        let next = try Harness(parameters)
        for id in ["a", "b", "c"] { #expect(try await next.store(id, to: 0) == .accepted) }
        #expect(next.metric(duplicates) == 1)
        next.stop()
    }

    @Test func `without a file an event is known when all sinks have it`() async throws {
        var parameters = parameters
        parameters.mode = .memory
        let harness = try Harness(parameters)
        try await harness.wait()
        func send() {
            #expect(harness.journal.send(.store(harness.submission([item("a", to: [0])]))))
        }
        send()
        // Nobody knows yet whether the first will be accepted.
        send()
        #expect(try await harness.stored().events.count == 1)
        #expect(try await harness.stored().events.count == 1)
        harness.settle(.dead(1, sink: 0, status: 503))
        #expect(try await harness.receipts.next().result == .refused(.sinkUnavailable))
        harness.settle(.delivered(2, sink: 0))
        #expect(try await harness.receipts.next().result == .accepted)
        send()
        #expect(try await harness.receipts.next().result == .accepted)
        #expect(harness.metric("veer_journal_stored_events_total") == 2)
        harness.stop()
    }
}
