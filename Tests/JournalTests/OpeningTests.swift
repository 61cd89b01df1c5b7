import Foundation
import Glibc
import Logging
import Testing

@testable import Journal

/// What a journal refuses to begin with, and what it does about a changed configuration.
@Suite(.timeLimit(.minutes(10))) struct OpeningTests {
    let directory: TemporaryDirectory
    let parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
    }

    private var file: String { directory.file("journal.db") }

    /// A journal that was closed, with these events for the first sink.
    private func makeJournal(_ ids: String...) async throws {
        let harness = try Harness(parameters)
        for id in ids { #expect(try await harness.store(id, to: 0) == .accepted) }
        harness.stop()
    }

    // MARK: - Refusals

    @Test func `a directory is one journal's alone`() async throws {
        let first = try Harness(parameters)
        let process = Int(getpid())
        #expect(throws: JournalError.inUse(path: directory.path, process: process)) {
            try Harness(parameters)
        }
        first.stop()
        try Harness(parameters).stop()
    }

    @Test func `another process is refused, too`() async throws {
        let first = try Harness(parameters)
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            do {
                _ = try Harness(JournalParameters(path: path, sinks: ["broker", "audit"]))
            } catch JournalError.inUse {
                exit(EXIT_SUCCESS)
            }
            exit(EXIT_FAILURE)
        }
        first.stop()
    }

    @Test func `a newer format is refused and left as it is`() async throws {
        try await makeJournal("a")
        let database = try Database(path: file, access: .readWrite)
        try database.execute("PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)")
        let before = try directory.octets("journal.db")
        let refusal = JournalError.newerFormat(path: file, format: 2)
        #expect(throws: refusal) { try Harness(parameters) }
        #expect(throws: refusal) { try JournalFile(directory: directory.path) }
        #expect(try directory.octets("journal.db") == before)
        #expect("\(refusal)".contains("has format 2"))
    }

    @Test func `a database of another program is refused and left as it is`() throws {
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        try Database(path: file, access: .readWrite).execute("CREATE TABLE things (a)")
        let before = try directory.octets("journal.db")
        #expect(throws: JournalError.foreign(path: file)) { try Harness(parameters) }
        #expect(throws: JournalError.foreign(path: file)) {
            try JournalFile(directory: directory.path)
        }
        #expect(try directory.octets("journal.db") == before)
    }

    @Test func `a file that is no database is refused and named`() throws {
        try directory.write(Data("this is not a database, but quite long\n".utf8), to: "journal.db")
        let error = #expect(throws: JournalError.self) { try Harness(parameters) }
        #expect("\(try #require(error))".hasPrefix(file))
    }

    @Test func `a path that can't hold a journal is refused and named`() throws {
        try directory.write(Data(), to: "file")
        for path in [directory.file("file"), directory.file("missing/child")] {
            let error = #expect(throws: JournalError.self) {
                try Harness(JournalParameters(path: path, sinks: ["broker"]))
            }
            #expect("\(try #require(error))".hasPrefix(path))
        }
    }

    @Test func `a directory that is missing is made, for the owner alone`() async throws {
        let path = directory.file("new")
        let harness = try Harness(JournalParameters(path: path, sinks: ["broker"]))
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.stop()
        for (name, mode) in [
            ("", 0o700), ("/journal.db", 0o600), ("/lock", 0o600), ("/in-hand", 0o600),
        ] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + name)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(name)")
        }
    }

    @Test func `a database that is missing beside its log is missed`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        let copy = try TemporaryDirectory()
        try copy.write(directory.octets("journal.db-wal"), to: "journal.db-wal")
        harness.stop()
        let error = #expect(throws: JournalError.self) {
            try Harness(JournalParameters(path: copy.path, sinks: ["broker"]))
        }
        #expect("\(try #require(error))".contains("missing"))
        #expect(copy.exists("journal.db-wal"))
    }

    @Test func `a log that is missing after a crash is missed`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        let copy = try TemporaryDirectory()
        for name in ["journal.db", "lock"] { try copy.write(directory.octets(name), to: name) }
        harness.stop()
        let error = #expect(throws: JournalError.self) {
            try Harness(JournalParameters(path: copy.path, sinks: ["broker"]))
        }
        #expect("\(try #require(error))".contains("journal.db-wal is damaged"))
    }

    @Test func `a log that is missing after an orderly end isn't missed`() async throws {
        try await makeJournal("a")
        try FileManager.default.removeItem(atPath: directory.file("journal.db-wal"))
        let harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 0).map(\.event) == [event("a")])
        harness.stop()
    }

    @Test func `a limit that leaves no room to work is refused`() throws {
        var parameters = parameters
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum - 1
        let error = #expect(throws: JournalError.self) { try Harness(parameters) }
        #expect("\(try #require(error))".contains("journal.bytesLimit"))
    }

    // MARK: - Sinks that come and go

    @Test func `sinks keep their events wherever they stand`() async throws {
        try await makeJournal("a")
        var parameters = parameters
        parameters.sinks = ["new", "audit", "broker"]
        let harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 0).isEmpty)
        #expect(try await harness.backlog(sink: 1).isEmpty)
        #expect(try await harness.backlog(sink: 2).map(\.sinks) == [SinkSet(sink: 2)])
        #expect(try await harness.store("b", to: 0, 2) == .accepted)
        harness.settle(.delivered(1, sink: 2))
        #expect(try await harness.backlog(sink: 2).map(\.sequence) == [2])
        #expect(
            try await harness.backlog(sink: 0).map(\.sinks) == [[.init(sink: 0), .init(sink: 2)]])
        harness.stop()
        let statistics = try JournalFile(directory: directory.path).statistics()
        #expect(statistics.pendingBySink == ["new": 1, "audit": 0, "broker": 1])
    }

    @Test func `what waits for a sink that was removed becomes dead letters`() async throws {
        var harness = try Harness(parameters)
        for number in 0..<1_500 {
            let submission = harness.submission([item("\(number)", to: number < 3 ? [0, 1] : [0])])
            #expect(harness.journal.send(.store(submission)))
        }
        harness.stop()

        var parameters = parameters
        parameters.sinks = ["audit"]
        harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [1, 2, 3])
        #expect(harness.metric("veer_dead_letters{sink=\"broker\"}") == 1_500)
        #expect(harness.metric("veer_journal_events") == 3)
        harness.stop()

        let file = try JournalFile(directory: directory.path)
        var query = JournalQuery()
        query.state = .dead
        query.sink = "broker"
        query.limit = 5_000
        let dead = try file.events(query)
        #expect(dead.map(\.sequence) == Array(4...1_500))
        #expect(dead.allSatisfy { $0.deadLetters.map(\.reason.code) == ["sink_removed"] })
        #expect(try file.verify().problems == [])

        // The bit is free, and nothing of the old sink comes to the one that gets it.
        parameters.sinks = ["audit", "other"]
        harness = try Harness(parameters)
        #expect(try await harness.backlog(sink: 1).isEmpty)
        harness.stop()
    }

    @Test func `there is room for as many sinks as a set can hold`() async throws {
        var parameters = parameters
        parameters.sinks = (0..<SinkSet.sinksLimit).map { "sink \($0)" }
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0, 62) == .accepted)
        #expect(
            try await harness.backlog(sink: 62).map(\.sinks) == [[.init(sink: 0), .init(sink: 62)]])
        harness.stop()
    }
}
