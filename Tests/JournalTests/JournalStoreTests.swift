import CloudEvents
import Logging
import Testing

@testable import Journal

/// The open file itself, without a thread.
@Suite(.timeLimit(.minutes(10))) struct JournalStoreTests {
    private let directory: TemporaryDirectory
    private let store: JournalStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try JournalStore.open(
            JournalParameters(path: directory.path, sinks: ["broker", "audit"]),
            logger: Logger(label: "journal") { _ in SwiftLogNoOpLogHandler() })
    }

    private func insert(_ id: String) throws(DatabaseError) -> SequenceNumber {
        let origin = try store.origin("origin of \(id)")
        return try store.insert(event(id), pending: 1, origin: origin, received: 1)
    }

    @Test func `a transaction that fails leaves everything as it was`() throws {
        try store.transaction { () throws(DatabaseError) in #expect(try insert("a") == 1) }
        let counters = store.counters
        let failure = DatabaseError(extendedCode: 13, message: "no room", call: "test")
        #expect(throws: failure) {
            try store.transaction { () throws(DatabaseError) in
                _ = try insert("b")
                try store.settle([.dead(1)], now: 2)
                throw failure
            }
        }
        #expect(store.counters == counters)
        #expect(store.deadLetters == [:])
        let page = try store.page(sink: 0, after: 0, limit: 10)
        #expect(page.events.map(\.sequence) == [1])
        // The origin wasn't stored either, and so is stored the next time.
        try store.transaction { () throws(DatabaseError) in #expect(try insert("b") == 2) }
        #expect(
            try store.page(sink: 0, after: 1, limit: 10).events.map(\.origin) == ["origin of b"])
        #expect(try JournalFile(directory: directory.path).verify().problems == [])
    }

    @Test func `an outcome that comes twice counts once`() throws {
        try store.transaction { () throws(DatabaseError) in _ = try insert("a") }
        for _ in 0..<3 {
            try store.transaction { () throws(DatabaseError) in
                try store.settle([.dead(1), .delivered(1), .dead(1)], now: 2)
            }
        }
        #expect(store.counters.pendingEvents == 0)
        #expect(store.deadLetters == ["broker": 1])
    }

    @Test func `the oldest event is found, past those that are dead`() throws {
        try store.transaction { () throws(DatabaseError) in
            for id in ["a", "b", "c"] { _ = try insert(id) }
        }
        try store.transaction { () throws(DatabaseError) in
            try store.settle([.dead(1), .delivered(2)], now: 2)
        }
        let (record, next) = try store.oldestPending(from: 0)
        #expect(record?.sequence == 3)
        try store.transaction { () throws(DatabaseError) in
            try store.settle([.delivered(3)], now: 2)
        }
        #expect(try store.oldestPending(from: next).record == nil)
    }
}
