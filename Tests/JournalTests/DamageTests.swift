import CloudEvents
import Foundation
import Logging
import Testing

@testable import Journal

/// What a disk can do to a journal's files.
///
/// Method: a journal is filled, its files are copied, a copy is damaged, and what the copy gives
/// is compared with what was stored. Whatever the damage, an event is either delivered as it was
/// accepted or missed by name: the file is refused, or the event is quarantined.
@Suite(.timeLimit(.minutes(10))) struct DamageTests {
    let directory: TemporaryDirectory
    var parameters: JournalParameters
    private let logger = Logger(label: "journal") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        directory = try TemporaryDirectory()
        // The smallest, so that little of the file is room set aside.
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
    }

    /// Events of many sizes for both sinks, some of them settled.
    private func fill(_ harness: Harness) async throws {
        for number in 1...40 {
            let sinks = [[0], [1], [0, 1]][number % 3]
            let size = number == 20 ? 30_000 : number * 40
            let item = item("event \(number)", to: sinks, bytes: size)
            #expect(try await harness.store([item], origin: "hook \(number % 2)") == .accepted)
        }
        for sequence in [3, 6, 7, 8, 20] as [SequenceNumber] {
            harness.settle(.delivered(sequence, sink: 0), .delivered(sequence, sink: 1))
        }
        harness.settle(.dead(9, sink: 0), .dead(10, sink: 0), .delivered(11, sink: 1))
        try await harness.wait()
    }

    /// What each sink hasn't settled, read without a thread.
    private func read(
        _ path: String
    ) throws -> (events: [[StoredEvent]], corrupt: [Set<SequenceNumber>]) {
        let parameters = JournalParameters(path: path, sinks: parameters.sinks)
        let store = try JournalStore.open(parameters, logger: logger)
        var events: [[StoredEvent]] = []
        var corrupt: [Set<SequenceNumber>] = []
        for sink in parameters.sinks.indices {
            var found: [StoredEvent] = []
            var damaged: Set<SequenceNumber> = []
            var after: SequenceNumber = 0
            while true {
                let page = try store.page(sink: sink, after: after, limit: 7)
                found += page.events
                damaged.formUnion(page.corrupt.map(\.sequence))
                after = page.through
                if page.isLast { break }
            }
            events.append(found)
            corrupt.append(damaged)
        }
        return (events, corrupt)
    }

    private func isSame(_ one: StoredEvent, _ other: StoredEvent) -> Bool {
        one.sequence == other.sequence && one.event == other.event && one.sinks == other.sinks
            && one.origin == other.origin
            && one.receivedMilliseconds == other.receivedMilliseconds
    }

    /// Reads a damaged copy and holds it to the rule.
    ///
    /// - Returns: how many events were quarantined; nothing if the copy was refused.
    private func check(
        _ copy: TemporaryDirectory, against expected: [[StoredEvent]], _ place: Int
    ) throws -> Int? {
        do {
            let (found, corrupt) = try read(copy.path)
            var quarantined = 0
            for sink in expected.indices {
                let missed = expected[sink].filter { event in
                    !found[sink].contains { isSame($0, event) }
                }
                #expect(missed.count + found[sink].count == expected[sink].count, "at \(place)")
                // A damaged number is quarantined by what it says now.
                #expect(missed.count <= corrupt[sink].count, "at \(place)")
                quarantined += missed.count
            }
            return quarantined
        } catch is JournalError {
            return nil
        } catch is DatabaseError {
            return nil
        }
    }

    // MARK: - The database

    @Test func `a flipped bit is never delivered and never goes unseen`() async throws {
        let harness = try Harness(parameters)
        try await fill(harness)
        harness.stop()
        let whole = try directory.octets("journal.db")
        let expected = try read(directory.path).events
        var generator = SystemRandomNumberGenerator()
        var (refused, quarantined) = (0, 0)
        for place in stride(from: 0, to: whole.count, by: 97) {
            var octets = whole
            octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            let copy = try TemporaryDirectory(inMemory: true)
            try copy.write(octets, to: "journal.db")
            if let events = try check(copy, against: expected, place) {
                quarantined += events
            } else {
                refused += 1
            }
        }
        #expect(refused > 10)
        #expect(quarantined > 100)
    }

    @Test func `a file cut short anywhere is refused or gives whole events`() async throws {
        let harness = try Harness(parameters)
        try await fill(harness)
        harness.stop()
        let whole = try directory.octets("journal.db")
        let expected = try read(directory.path).events
        for length in stride(from: 1, to: whole.count, by: 1_531) {
            let copy = try TemporaryDirectory(inMemory: true)
            try copy.write(whole.prefix(length), to: "journal.db")
            _ = try check(copy, against: expected, length)
        }
    }

    @Test(arguments: [512, 4_096, 8_192])
    func `a block that was zeroed or that stands in another's place is seen`(
        bytes: Int
    ) async throws {
        let harness = try Harness(parameters)
        try await fill(harness)
        harness.stop()
        let whole = try directory.octets("journal.db")
        let expected = try read(directory.path).events
        let blocks = Array(stride(from: 0, to: whole.count - bytes + 1, by: bytes))
        for block in blocks {
            // Every page is put in every other's place, and of the smaller blocks a few.
            let step = bytes == Schema.pageBytes ? 1 : blocks.count / 4
            let others = stride(from: 0, to: blocks.count, by: step).map { blocks[$0] as Int? }
            for source in [nil] + others where source != block {
                var octets = whole
                let new = source.map { whole[$0..<$0 + bytes] } ?? Data(count: bytes)
                octets.replaceSubrange(block..<block + bytes, with: new)
                let copy = try TemporaryDirectory(inMemory: true)
                try copy.write(octets, to: "journal.db")
                _ = try check(copy, against: expected, block)
            }
        }
    }

    @Test func `a corrupt event is quarantined, told of and given up`() async throws {
        var harness = try Harness(parameters)
        for id in ["a", "b", "c"] { #expect(try await harness.store(id, to: 0) == .accepted) }
        harness.stop()
        let database = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try database.execute("UPDATE events SET event = zeroblob(20) WHERE sequence = 1")
        try database.execute("UPDATE events SET pending = 0 WHERE sequence = 2")

        harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [3])
        try await harness.wait()
        #expect(harness.metric("veer_journal_corrupt_events_total") == 2)
        #expect(harness.metric("veer_dead_letters{sink=\"broker\"}") == 2)
        #expect(try await harness.store("d", to: 0) == .accepted)
        harness.stop()

        let file = try JournalFile(directory: directory.path)
        var query = JournalQuery()
        query.state = .dead
        let dead = try file.events(query)
        #expect(dead.map(\.sequence) == [1, 2])
        #expect(dead.map { $0.deadLetters.map(\.reason.code) } == [["corrupt"], ["corrupt"]])
        #expect(try !file.verify().isWhole)
        harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [3, 4])
        #expect(harness.metric("veer_journal_corrupt_events_total") == 0)
        harness.stop()
    }

    // MARK: - The log

    /// The files as a crash leaves them, without the room set aside in them: every event stands
    /// in the log only.
    private func crash() async throws -> (database: Data, log: Data) {
        let harness = try Harness(JournalParameters(path: directory.path, sinks: parameters.sinks))
        for number in 1...10 {
            #expect(try await harness.store("event \(number)", to: 0, bytes: 500) == .accepted)
        }
        let database = try directory.octets("journal.db")
        let log = try directory.octets("journal.db-wal")
        harness.stop()
        let logBytes = 1 + (log.lastIndex { $0 != 0 } ?? 0)
        let pages = 1 + (database.lastIndex { $0 != 0 } ?? 0) / Schema.pageBytes
        return (database.prefix(pages * Schema.pageBytes), log.prefix(logBytes))
    }

    @Test func `a log that was torn at its end gives what was committed before`() async throws {
        let (database, log) = try await crash()
        var previous = 0
        for length in stride(from: 0, through: log.count, by: 1_021) {
            let copy = try TemporaryDirectory(inMemory: true)
            try copy.write(database, to: "journal.db")
            try copy.write(log.prefix(length), to: "journal.db-wal")
            let found = try read(copy.path).events[0]
            #expect(found.map(\.sequence) == (0..<found.count).map { SequenceNumber($0 + 1) })
            #expect(found.count >= previous, "\(length)")
            #expect(length > 0 || found.isEmpty)
            previous = found.count
        }
        #expect(previous >= 9)
    }

    /// A power cut loses any of the pages that weren't synchronized, not only the last ones.
    @Test func `a transaction that was torn in its midst leaves those before it`() async throws {
        let harness = try Harness(JournalParameters(path: directory.path, sinks: parameters.sinks))
        #expect(try await harness.store("small", to: 0) == .accepted)
        #expect(try await harness.store("large", to: 0, bytes: 100_000) == .accepted)
        let database = try directory.octets("journal.db")
        let log = try directory.octets("journal.db-wal")
        harness.stop()
        let frames = (1 + (log.lastIndex { $0 != 0 } ?? 0)) / Schema.frameBytes
        for frame in (frames - 12)..<frames {
            let place = LogScan.headerBytes + frame * Schema.frameBytes
            var octets = log
            octets.resetBytes(in: place..<place + Schema.frameBytes)
            let copy = try TemporaryDirectory(inMemory: true)
            try copy.write(database, to: "journal.db")
            try copy.write(octets, to: "journal.db-wal")
            #expect(try read(copy.path).events[0].map(\.event) == [event("small")])
        }
    }

    @Test func `a bit flipped within the log is seen, but for the last transaction`() async throws {
        let (database, log) = try await crash()
        var (refused, unseen) = (0, 0)
        for place in stride(from: 0, to: log.count, by: 509) {
            var octets = log
            octets[place] ^= 0x10
            let copy = try TemporaryDirectory(inMemory: true)
            try copy.write(database, to: "journal.db")
            try copy.write(octets, to: "journal.db-wal")
            do {
                let found = try read(copy.path).events[0]
                #expect(found.map(\.sequence) == (0..<found.count).map { SequenceNumber($0 + 1) })
                #expect(found.count >= 9, "\(place)")
                unseen += 1
            } catch JournalError.damaged {
                refused += 1
            }
        }
        #expect(refused > 5 * unseen)
    }
}
