import EventLoops
import Foundation
import Testing

@testable import Journal

/// A checkpoint is never ahead of the events it covers, nor behind them.
@Suite(.timeLimit(.minutes(10))) struct CheckpointTests {
    let directory: TemporaryDirectory
    var parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker"])
    }

    private func store(
        _ checkpoint: String, _ items: [Submission.Item], origin: String, in harness: Harness
    ) async throws -> Receipt.Result {
        var submission = harness.submission(items, origin: origin)
        submission.checkpoint = checkpoint
        #expect(harness.journal.send(.store(submission)))
        return try await harness.receipts.next().result
    }

    @Test func `a checkpoint is found when the journal is opened again`() async throws {
        let first = try Harness(parameters)
        #expect(first.journal.checkpoints.isEmpty)
        #expect(try await store("1\n", [item("a", to: [0])], origin: "vc", in: first) == .accepted)
        #expect(try await store("2\n", [], origin: "vc", in: first) == .accepted)
        #expect(try await store("ä", [], origin: "other", in: first) == .accepted)
        #expect(
            try JournalFile(directory: directory.path).checkpoints().map(\.text) == ["ä", "2\n"])
        first.stop()

        let second = try Harness(parameters)
        #expect(second.journal.checkpoints == ["vc": "2\n", "other": "ä"])
        #expect(try await second.backlog(sink: 0).count == 1)
        second.stop()
    }

    @Test func `a checkpoint is in the files when the receipt comes`() async throws {
        let harness = try Harness(parameters)
        for number in 1...3 {
            let items = [item("\(number)", to: [0])]
            _ = try await store("\(number)", items, origin: "vc", in: harness)
            let copy = try TemporaryDirectory()
            for name in ["journal.db", "journal.db-wal"] {
                try copy.write(directory.octets(name), to: name)
            }
            let file = try JournalFile(directory: copy.path)
            #expect(try file.checkpoints().map(\.text) == ["\(number)"])
            #expect(try file.events(JournalQuery()).count == number)
        }
        harness.stop()
    }

    @Test func `a refused submission leaves the checkpoint where it was`() async throws {
        var parameters = parameters
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        _ = try await store("1", [], origin: "vc", in: harness)
        let large = [item("a", to: [0], bytes: parameters.bytesLimit)]
        #expect(
            try await store("2", large, origin: "vc", in: harness) == .refused(.full))
        harness.stop()
        #expect(try JournalFile(directory: directory.path).checkpoints().map(\.text) == ["1"])
    }

    @Test func `a checkpoint is set and taken away while nobody uses the journal`() async throws {
        let first = try Harness(parameters)
        _ = try await store("1", [item("a", to: [0])], origin: "vc", in: first)
        #expect(throws: JournalError.self) {
            try JournalFile.setCheckpoint("2", of: "vc", directory: directory.path)
        }
        first.stop()
        try JournalFile.setCheckpoint("2", of: "vc", directory: directory.path)
        try JournalFile.setCheckpoint("3", of: "new", directory: directory.path)
        try JournalFile.setCheckpoint(nil, of: "never", directory: directory.path)

        let second = try Harness(parameters)
        #expect(second.journal.checkpoints == ["vc": "2", "new": "3"])
        #expect(try await second.backlog(sink: 0).count == 1)
        second.stop()
        try JournalFile.setCheckpoint(nil, of: "vc", directory: directory.path)
        #expect(try JournalFile(directory: directory.path).checkpoints().map(\.source) == ["new"])
    }

    @Test func `a checkpoint that isn't what was written is none`() async throws {
        let first = try Harness(parameters)
        _ = try await store("1", [], origin: "vc", in: first)
        first.stop()
        let database = try Database(path: directory.file("journal.db"), access: .readWrite)
        try database.execute("UPDATE checkpoints SET text = '9'")
        #expect(try JournalFile(directory: directory.path).checkpoints().isEmpty)
    }

    @Test func `a journal without checkpoints is one of earlier versions, too`() async throws {
        let first = try Harness(parameters)
        #expect(try await first.store("a", to: 0) == .accepted)
        first.stop()
        #expect(try JournalFile(directory: directory.path).checkpoints().isEmpty)
        let second = try Harness(parameters)
        #expect(try await second.backlog(sink: 0).count == 1)
        #expect(try await store("1", [], origin: "vc", in: second) == .accepted)
        second.stop()
    }
}
