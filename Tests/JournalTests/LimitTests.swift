import Foundation
import Glibc
import Testing

@testable import Journal

/// A journal that has no room, or whose writes fail.
@Suite(.timeLimit(.minutes(10))) struct LimitTests {
    // MARK: - Its own limits

    @Test func `at its limit it refuses, and takes events again when enough were delivered`()
        async throws
    {
        let directory = try TemporaryDirectory()
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        var accepted: SequenceNumber = 0
        var result = Receipt.Result.accepted
        while result == .accepted {
            result = try await harness.store("\(accepted)", to: 0, bytes: 10_000)
            if result == .accepted { accepted += 1 }
        }
        #expect(result == .refused(.full))
        #expect(100..<400 ~= accepted)
        try await harness.wait()
        #expect(!harness.journal.status.isWritable)
        #expect(try #require(harness.journal.status.reason).contains("journal.bytesLimit"))
        #expect(try #require(harness.metric("veer_journal_bytes")) <= 4 * 1024 * 1024)
        #expect(harness.metric("veer_journal_refused_total{reason=\"journal_full\"}") == 1)

        // A little room isn't enough, or it would say yes and no by turns.
        harness.settle(.delivered(1), .delivered(2))
        try await harness.wait()
        #expect(try await harness.store("x", to: 0) == .refused(.full))
        for sequence in 3...(accepted - 10) { harness.settle(.delivered(sequence)) }
        try await harness.wait()
        #expect(harness.journal.status.isWritable)
        #expect(try await harness.store("x", to: 0) == .accepted)
        #expect(try await harness.backlog(sink: 0).count == 11)
        harness.stop()
    }

    @Test func `delivered events that are kept give way to new ones`() async throws {
        let directory = try TemporaryDirectory()
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        parameters.keepDelivered = .seconds(3600)
        let harness = try Harness(parameters)
        for sequence in 1...600 as ClosedRange<SequenceNumber> {
            while try await harness.store("\(sequence)", to: 0, bytes: 10_000) != .accepted {}
            harness.settle(.delivered(sequence))
        }
        harness.stop()
        #expect(try JournalFile(directory: directory.path).statistics().deliveredEvents > 50)
    }

    @Test func `a submission larger than the limit is refused alone`() async throws {
        let directory = try TemporaryDirectory()
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        #expect(try await harness.store("x", to: 0, bytes: 5_000_000) == .refused(.full))
        #expect(try await harness.store("y", to: 0) == .accepted)
        harness.stop()
    }

    @Test func `a full queue takes no submission, but outcomes and reads`() async throws {
        let directory = try TemporaryDirectory()
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.queueRequests = 4
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        let other = try Database(
            path: directory.file(Schema.fileName), access: .readWrite)
        try other.execute("BEGIN IMMEDIATE")
        var taken = 0
        while harness.journal.send(.store(harness.submission([item("b", to: [0])]))) { taken += 1 }
        #expect(harness.metric("veer_journal_refused_total{reason=\"queue_full\"}") == 1)
        harness.settle(.delivered(1))
        try other.execute("ROLLBACK")
        for _ in 0..<taken { #expect(try await harness.receipts.next().result == .accepted) }
        #expect(try await harness.backlog(sink: 0).count == taken)
        harness.stop()
    }

    @Test func `a file that has drained is made small again`() async throws {
        let directory = try TemporaryDirectory()
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        let file = try JournalFile(directory: directory.path)
        for number in 1...200 {
            #expect(try await harness.store("\(number)", to: 0, bytes: 10_000) == .accepted)
        }
        #expect(try file.statistics().fileBytes > 2_000_000)
        for sequence in 1...199 as ClosedRange<SequenceNumber> {
            harness.settle(.delivered(sequence))
        }
        while try file.statistics().fileBytes > 200_000 { try await harness.wait() }
        #expect(try await harness.store("a", to: 0) == .accepted)
        #expect(try await harness.backlog(sink: 0).map(\.sequence) == [200, 201])
        harness.stop()
        #expect(try file.verify().problems == [])
    }

    /// A reader of an old state keeps the log from beginning anew.
    @Test func `a reader that doesn't end makes the journal full, but not endless`() async throws {
        let directory = try TemporaryDirectory()
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        let reader = try Database(path: directory.file(Schema.fileName), access: .readOnly)
        try reader.execute("BEGIN; SELECT count(*) FROM events")
        var sequence: SequenceNumber = 1
        while try await harness.store("\(sequence)", to: 0, bytes: 10_000) == .accepted {
            harness.settle(.delivered(sequence))
            sequence += 1
        }
        let file = try JournalFile(directory: directory.path)
        #expect(try file.statistics().logBytes <= 4 * 1024 * 1024)
        try reader.execute("COMMIT")
        while try await harness.store("x", to: 0) != .accepted {}
        #expect(try file.statistics().logBytes < 1024 * 1024)
        harness.stop()
    }

    // MARK: - The disk's

    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
    func `on a full disk it refuses, delivers, and takes events again when there is room`()
        async throws
    {
        let disk = try SmallDisk(bytes: 24 * 1024 * 1024)
        let harness = try Harness(disk.parameters)
        let items = (0..<20).map { item("\($0)", to: [0], bytes: 1_000) }
        for _ in 0..<100 { #expect(try await harness.store(items) == .accepted) }
        try disk.fill()
        var result = Receipt.Result.accepted
        var accepted: SequenceNumber = 2_000
        while result == .accepted {
            result = try await harness.store(items)
            if result == .accepted { accepted += 20 }
        }
        #expect(result == .refused(.diskFull))
        try await harness.wait()
        #expect(try #require(harness.journal.status.reason).contains("no room"))

        // Everything that was accepted goes its way with not one free block.
        let backlog = try await harness.backlog(sink: 0)
        #expect(backlog.map(\.sequence) == Array(1...accepted))
        for stored in backlog {
            harness.settle(
                stored.sequence % 10 == 0 && stored.sequence <= 1_000
                    ? .dead(stored.sequence) : .delivered(stored.sequence))
        }
        try await harness.wait()
        #expect(harness.metric("veer_journal_events") == 0)
        #expect(harness.metric("veer_dead_letters{sink=\"broker\"}") == 100)

        // The pages of delivered events are room enough.
        while try await harness.store(items) != .accepted {}
        try disk.empty()
        while harness.journal.status != .writable { try await harness.wait() }
        for _ in 0..<100 { #expect(try await harness.store(items) == .accepted) }
        harness.stop()
        #expect(try JournalFile(directory: disk.path).verify().problems == [])
        #expect(try JournalFile(directory: disk.path).statistics().pendingEvents == 2_020)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
    func `a journal opens on a full disk and delivers`() async throws {
        let disk = try SmallDisk(bytes: 24 * 1024 * 1024)
        var harness = try Harness(disk.parameters)
        let items = (0..<50).map { item("\($0)", to: [0], bytes: 1_000) }
        for _ in 0..<100 { #expect(try await harness.store(items) == .accepted) }
        harness.stop()
        try disk.fill()
        harness = try Harness(disk.parameters)
        #expect(try await harness.store(items) == .refused(.diskFull))
        #expect(try await harness.backlog(sink: 0).count == 5_000)
        for sequence in 1...5_000 as ClosedRange<SequenceNumber> {
            harness.settle(.delivered(sequence))
        }
        #expect(try await harness.backlog(sink: 0).isEmpty)
        while harness.journal.status != .writable { try await harness.wait() }
        #expect(try await harness.store(items) == .accepted)
        harness.stop()
    }

    /// Or the delivery would get events again whose outcomes still wait here.
    @Test func `while outcomes can't be settled nothing is read`() async throws {
        let directory = try TemporaryDirectory()
        let harness = try Harness(JournalParameters(path: directory.path, sinks: ["broker"]))
        #expect(try await harness.store("a", to: 0) == .accepted)
        let other = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try other.execute("BEGIN IMMEDIATE")
        harness.settle(.delivered(1))
        #expect(harness.journal.send(.read(sink: 0, after: 0, limit: 1)))
        while harness.journal.status.isWritable { await Task.yield() }
        #expect(try #require(harness.journal.status.reason).contains("another program"))
        try other.execute("ROLLBACK")
        _ = try await harness.stored()
        guard
            case .page(let events, sink: 0, through: 1, isLast: true) =
                try await harness.announcements.next()
        else { throw Harness.Unexpected() }
        #expect(events.isEmpty)
        while !harness.journal.status.isWritable { try await harness.wait() }
        #expect(try await harness.store("b", to: 0) == .accepted)
        harness.stop()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
    func `on a full disk dead letters can be purged`() async throws {
        let disk = try SmallDisk(bytes: 24 * 1024 * 1024)
        let harness = try Harness(disk.parameters)
        let items = (0..<20).map { item("\($0)", to: [0], bytes: 1_000) }
        for _ in 0..<50 { #expect(try await harness.store(items) == .accepted) }
        for sequence in 1...1_000 as ClosedRange<SequenceNumber> { harness.settle(.dead(sequence)) }
        try await harness.wait()
        try disk.fill()
        while try await harness.store(items) == .accepted {}
        var query = KeptQuery(.dead)
        query.limit = 1_000
        var purged = 0
        while purged < 1_000 {
            let report = try await harness.ask(query, .purge)
            #expect(report.refusal == nil)
            try #require(!report.purged.isEmpty)
            purged += report.purged.count
        }
        #expect(try await harness.ask(query, .list).entries.isEmpty)
        try disk.empty()
        while try await harness.store(items) != .accepted {}
        harness.stop()
        #expect(try JournalFile(directory: disk.path).verify().isWhole)
    }

    // MARK: - Failures

    /// A limit on the size of files makes a write fail in the midst of a commit.
    @Test func `after a failed write it takes nothing any more and loses nothing`() async throws {
        let directory = try TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            signal(SIGXFSZ, SIG_IGN)
            let harness = try Harness(JournalParameters(path: path, sinks: ["broker"]))
            for id in ["a", "b"] {
                guard try await harness.store(id, to: 0) == .accepted else { exit(2) }
            }
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let unlimited = limit
            limit.rlim_cur = 200_000
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            var accepted = 2
            var result = Receipt.Result.accepted
            while result == .accepted {
                result = try await harness.store("c", to: 0, bytes: 10_000)
                if result == .accepted { accepted += 1 }
            }
            guard result == .refused(.failed), 3...20 ~= accepted else { exit(3) }
            limit = unlimited
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            guard try await harness.store("d", to: 0) == .refused(.failed) else { exit(4) }
            guard case .refusing(.failed, let detail) = harness.journal.status,
                detail.contains("disk I/O error"), detail.contains(path)
            else { exit(5) }
            harness.settle(.delivered(1))
            harness.stop()
            let again = try Harness(JournalParameters(path: path, sinks: ["broker"]))
            guard try await again.backlog(sink: 0).count == accepted else { exit(6) }
            again.stop()
            exit(EXIT_SUCCESS)
        }
    }

    @Test func `a file that is damaged while it is in use is the end, said aloud`() async throws {
        let directory = try TemporaryDirectory()
        let harness = try Harness(JournalParameters(path: directory.path, sinks: ["broker"]))
        #expect(try await harness.store("a", to: 0) == .accepted)
        let other = try Database(path: directory.file(Schema.fileName), access: .readWrite)
        try other.execute("DROP TABLE dead_letters")
        harness.settle(.dead(1))
        #expect(try await harness.store("b", to: 0) == .refused(.failed))
        #expect(try #require(harness.journal.status.reason).contains(directory.path))
        harness.stop()
    }
}

/// A file system of a few bytes, which is gone after the test.
private final class SmallDisk {
    let path: String
    private let directory: TemporaryDirectory

    static let isPossible: Bool = (try? SmallDisk(bytes: 1 << 20)) != nil

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.path
        guard mount("none", path, "tmpfs", 0, "size=\(bytes)") == 0 else { throw NotMounted() }
    }

    deinit { umount2(path, CInt(MNT_DETACH)) }

    /// The journal there, which could grow beyond the disk.
    var parameters: JournalParameters {
        var parameters = JournalParameters(path: path, sinks: ["broker"])
        parameters.bytesLimit = 64 * 1024 * 1024
        return parameters
    }

    /// Has another file take all the room that is left.
    func fill() throws {
        let descriptor = open(path + "/other", O_CREAT | O_WRONLY | O_APPEND, 0o600)
        let octets = [UInt8](repeating: 1, count: 4_096)
        while write(descriptor, octets, octets.count) > 0 {}
        close(descriptor)
    }

    /// Removes the other file.
    func empty() throws { try FileManager.default.removeItem(atPath: path + "/other") }

    struct NotMounted: Error {}
}
