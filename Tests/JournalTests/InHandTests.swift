import Foundation
import Glibc
import Testing

@testable import Journal

/// What is left of a process that ended in the midst of an event.
///
/// Such an end is made by copying the directory of a journal that is in use.
@Suite(.timeLimit(.minutes(10))) struct InHandTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func parameters(_ directory: TemporaryDirectory) -> JournalParameters {
        JournalParameters(path: directory.path, sinks: ["a", "b"])
    }

    /// Opens a journal, has something done with it, and gives what a crash would have left.
    private func crash(
        _ directory: TemporaryDirectory, _ body: (Harness) async throws -> Void
    ) async throws -> TemporaryDirectory {
        let harness = try Harness(parameters(directory))
        try await body(harness)
        let copy = try TemporaryDirectory()
        for name in ["journal.db", "journal.db-wal", "lock", "in-hand"]
        where directory.exists(name) {
            try copy.write(directory.octets(name), to: name)
        }
        harness.stop()
        return copy
    }

    private func makeJournal(events: Int = 9) async throws {
        let harness = try Harness(parameters(directory))
        for number in 1...events {
            #expect(try await harness.store("\(number)", to: 0, 1) == .accepted)
        }
        harness.settle(.delivered(2, sink: 0))
        try await harness.wait()
        harness.stop()
    }

    @Test func `what was in hand at three ends is a dead letter of all that wait`() async throws {
        try await makeJournal()
        var directory = directory
        for _ in 1...3 {
            directory = try await crash(directory) { harness in
                #expect(harness.metric("veer_journal_poison_events_total") == 0)
                try #require(harness.journal.inHand).take(2)
            }
        }
        let harness = try Harness(parameters(directory))
        #expect(harness.metric("veer_journal_poison_events_total") == 1)
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [1] + Array(3...9))
        #expect(try await harness.backlog(sink: 1).map(\.sequence) == [1] + Array(3...9))
        harness.stop()
        let entry = try #require(try JournalFile(directory: directory.path).event(2))
        // Where it was delivered before, it isn't given up.
        #expect(entry.deadLetters.map(\.sink) == ["b"])
        #expect(entry.deadLetters.map(\.reason.code) == ["poison"])
        #expect(entry.event == event("2"))
    }

    @Test func `what is put down isn't suspected, whatever ends the process`() async throws {
        try await makeJournal()
        var directory = directory
        for _ in 1...4 {
            directory = try await crash(directory) { harness in
                let inHand = try #require(harness.journal.inHand)
                #expect(!inHand.isSuspect(1))
                inHand.take(1)
                inHand.putDown()
            }
        }
    }

    @Test func `company is suspected, and condemns nobody`() async throws {
        try await makeJournal()
        var directory = directory
        for crashes in 0...4 {
            directory = try await crash(directory) { harness in
                let inHand = try #require(harness.journal.inHand)
                for number in 1...9 as ClosedRange<SequenceNumber> {
                    #expect(inHand.isSuspect(number) == (crashes > 0 && 3...5 ~= number))
                }
                inHand.take(3, through: 5)
            }
        }
        let harness = try Harness(parameters(directory))
        #expect(try await harness.backlog(sink: 1).count == 9)
        harness.stop()
    }

    @Test func `an orderly end clears everybody`() async throws {
        try await makeJournal()
        var directory = directory
        for _ in 1...2 {
            directory = try await crash(directory) { try #require($0.journal.inHand).take(1) }
        }
        let harness = try Harness(parameters(directory))
        #expect(harness.journal.inHand?.isSuspect(1) == true)
        harness.stop()
        directory = try await crash(directory) { harness in
            #expect(harness.journal.inHand?.isSuspect(1) == false)
            try #require(harness.journal.inHand).take(1)
        }
        let again = try Harness(parameters(directory))
        #expect(try await again.backlog(sink: 1).count == 9)
        again.stop()
    }

    @Test(arguments: [
        "empty", "cut", "mark", "version", "checksum", "suspects", "hand", "end", "missing",
    ])
    func `a file that isn't what was written is begun anew`(damage: String) async throws {
        try await makeJournal()
        let copy = try await crash(directory) { try #require($0.journal.inHand).take(1) }
        let whole = try copy.octets("in-hand")
        #expect(whole.count == 4096)
        var octets = whole
        switch damage {
        case "empty": octets = Data()
        case "cut": octets = whole.prefix(4095)
        case "mark": octets[0] ^= 1
        case "version": octets[8] += 1
        case "checksum": octets[16] ^= 1
        case "suspects": octets[24] ^= 1
        case "hand": octets[2048 + 7] = 0x80
        case "end": octets[2056] = 0
        default: break
        }
        try copy.write(octets, to: "in-hand")
        if damage == "missing" {
            try FileManager.default.removeItem(atPath: copy.file("in-hand"))
        }
        let harness = try Harness(parameters(copy))
        #expect(harness.journal.inHand?.isSuspect(1) == false)
        #expect(try copy.octets("in-hand").count == 4096)
        harness.stop()
    }

    @Test func `a journal without an event has nobody to suspect`() async throws {
        let copy = try await crash(directory) { try #require($0.journal.inHand).take(1) }
        let harness = try Harness(parameters(copy))
        #expect(harness.journal.inHand?.isSuspect(1) == false)
        harness.stop()
    }

    /// A link to what never has room, and a directory, which can't be written to by root either.
    @Test(arguments: [true, false])
    func `a journal does without the file where that can't be`(isFull: Bool) async throws {
        if isFull {
            #expect(symlink("/dev/full", directory.file("in-hand")) == 0)
        } else {
            #expect(mkdir(directory.file("in-hand"), 0o700) == 0)
        }
        let harness = try Harness(parameters(directory))
        #expect(harness.journal.inHand == nil)
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.stop()
    }
}

/// Who is suspected, decided without a file.
@Suite struct SuspectsTests {
    private func suspects(_ ranges: ClosedRange<SequenceNumber>...) -> Suspects {
        ranges.reduce(into: Suspects()) { $0.add($1) }
    }

    @Test func `the third crash condemns, and company counts once`() {
        #expect(suspects(5...5, 5...5).condemned == [])
        #expect(suspects(5...5, 5...5, 5...5).condemned == [5])
        #expect(suspects(1...9, 5...5).condemned == [])
        #expect(suspects(1...9, 5...5, 5...5).condemned == [5])
        #expect(suspects(1...9, 2...8, 3...7, 5...5).condemned == [])
        #expect(suspects(5...5, 6...6, 5...5, 6...6, 5...5, 6...6).condemned == [5, 6])
    }

    @Test func `who is given up is forgotten, and the others aren't`() {
        var suspects = suspects(5...5, 6...6, 4...7)
        suspects.remove(5)
        #expect(suspects == self.suspects(6...6, 4...7))
        #expect((3...8).filter { suspects.contains($0) } == [4, 5, 6, 7])
    }

    @Test func `there is an end of entries, and those that go on are the last to go`() {
        var suspects = suspects(1...1)
        for number in 2...64 as ClosedRange<SequenceNumber> { suspects.add(number...number) }
        suspects.add(1...1)
        for number in 65...127 as ClosedRange<SequenceNumber> { suspects.add(number...number) }
        #expect(suspects.entries.count == 64)
        #expect(suspects.crashes(of: 1) == 2)
        #expect(suspects.crashes(of: 64) == 0)
    }

    @Test func `words give back what they were made of`() {
        for suspects in [suspects(), suspects(5...5, 5...5, 1 << 61...1 << 62)] {
            #expect(Suspects(suspects.words) == suspects)
        }
        var words = suspects(5...6).words
        for (place, value) in [(0, 65), (0, -1), (0, 2), (1, 0), (1, 7), (3, 0)] as [(Int, Int64)] {
            let before = words[place]
            words[place] = value
            #expect(Suspects(words) == nil, "\(place) \(value)")
            words[place] = before
        }
        #expect(Suspects(words.dropLast()) == nil)
    }
}
