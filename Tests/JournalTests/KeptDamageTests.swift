import CloudEvents
import Foundation
import Testing

@testable import Journal

/// A replay that doesn't come to its end: an event is where it was, or where it goes, never in
/// neither place and never in both.
@Suite(.timeLimit(.minutes(10))) struct KeptDamageTests {
    private let directory: TemporaryDirectory
    private let parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
    }

    @Test func `a replay that was torn off leaves the old state or the new`() async throws {
        let harness = try Harness(parameters)
        for number in 1...8 as ClosedRange<SequenceNumber> {
            #expect(try await harness.store("\(number)", to: 0, bytes: 3_000) == .accepted)
            harness.settle(.dead(number))
            try await harness.wait()
        }
        let before = try logBytes()
        _ = try await harness.ask(KeptQuery(.dead), .replay(to: []))
        let after = try logBytes()
        let database = try directory.octets("journal.db")
        let log = try directory.octets("journal.db-wal")
        harness.stop()
        var states: Set<[Int]> = []
        for length in stride(from: before, through: after + 4_096, by: 1_021) {
            let copy = try TemporaryDirectory(inMemory: true)
            try copy.write(database, to: "journal.db")
            try copy.write(log.prefix(length), to: "journal.db-wal")
            var parameters = parameters
            parameters.path = copy.path
            let store = try JournalStore.open(parameters, logger: .silent)
            let dead = try KeptScan(store.database).find(KeptQuery(.dead)).items
            let pending = try store.page(sink: 0, after: 0, limit: 100).events
            #expect(dead.count + pending.count == 8, "\(length)")
            #expect(store.deadLetters["broker"] ?? 0 == dead.count)
            #expect(store.counters.pendingEvents == pending.count)
            states.insert([dead.count, pending.count])
        }
        #expect(states == [[8, 0], [0, 8]])
    }

    @Test func `a replay that fails changes nothing`() throws {
        let store = try JournalStore.open(parameters, logger: .silent)
        try store.transaction { () throws(DatabaseError) in
            _ = try store.insert(
                event("a"), pending: 1, origin: try store.origin("hook"), received: 1)
            try store.settle([.dead(1)], now: 2)
        }
        let before = (store.counters, store.deadLetters)
        var report = KeptReport()
        let items = try KeptScan(store.database).find(KeptQuery(.dead)).items
        let plans = store.plan(items, KeptFilter(), replays: true, to: [], &report)
        #expect(plans.count == 1)
        let failure = DatabaseError(extendedCode: 13, message: "no room", call: "test")
        #expect(throws: failure) {
            try store.transaction { () throws(DatabaseError) in
                for plan in plans { _ = try store.replay(plan) }
                #expect(store.deadLetters == ["broker": 0])
                throw failure
            }
        }
        #expect(store.counters == before.0)
        #expect(store.deadLetters == before.1)
        #expect(try KeptScan(store.database).find(KeptQuery(.dead)).items.count == 1)
    }

    /// Where the last octet is that isn't room set aside.
    private func logBytes() throws -> Int {
        1 + (try directory.octets("journal.db-wal").lastIndex { $0 != 0 } ?? 0)
    }
}
