import EventLoops
import Foundation
import Telemetry
import Testing

@testable import Journal

/// What only a leader may store isn't stored once it leads no more.
@Suite(.timeLimit(.minutes(1))) struct FenceTests {
    let directory: TemporaryDirectory
    let leadership = Leadership()

    init() throws { directory = try TemporaryDirectory() }

    private func parameters(_ mode: JournalParameters.Mode) -> JournalParameters {
        var parameters = JournalParameters(path: directory.path, sinks: ["broker"])
        parameters.mode = mode
        return parameters
    }

    private func store(
        _ id: String, term: Int64, lease: String = "u1", origin: String = "vc", in harness: Harness
    ) async throws -> Receipt.Result {
        var submission = harness.submission([], origin: origin)
        submission.checkpoint = id
        submission.fence = Fence(lease: lease, term: term, leadership: leadership)
        #expect(harness.journal.send(.store(submission)))
        return try await harness.receipts.next().result
    }

    private func lead(_ term: Int64) {
        leadership.extend(term: term, until: .now + .seconds(3_600))
    }

    @Test(arguments: [JournalParameters.Mode.durable, .memory])
    func `a leader stores`(mode: JournalParameters.Mode) async throws {
        let harness = try Harness(parameters(mode))
        lead(1)
        #expect(try await store("a", term: 1, in: harness) == .accepted)
        #expect(try await store("b", term: 1, in: harness) == .accepted)
        lead(2)
        #expect(try await store("c", term: 2, in: harness) == .accepted)
        harness.stop()
    }

    @Test(arguments: [JournalParameters.Mode.durable, .memory])
    func `nobody stores whose time is over, whatever told them so`(
        mode: JournalParameters.Mode
    ) async throws {
        let harness = try Harness(parameters(mode))
        #expect(try await store("a", term: 1, in: harness) == .refused(.notLeading))
        leadership.extend(term: 1, until: .now - .nanoseconds(1))
        #expect(try await store("b", term: 1, in: harness) == .refused(.notLeading))
        lead(1)
        leadership.end()
        #expect(try await store("c", term: 1, in: harness) == .refused(.notLeading))
        lead(2)
        #expect(try await store("d", term: 1, in: harness) == .refused(.notLeading))
        #expect(try await store("e", term: 2, in: harness) == .accepted)
        harness.stop()
        #expect(harness.metrics.exposition().contains(#"refused_total{reason="not_leading"} 4"#))
    }

    @Test func `a term that was overtaken stores nothing, not even after a restart`() async throws {
        let first = try Harness(parameters(.durable))
        lead(7)
        #expect(try await store("a", term: 7, in: first) == .accepted)
        #expect(try await store("x", term: 7, origin: "other", in: first) == .accepted)
        first.stop()
        let second = try Harness(parameters(.durable))
        #expect(
            await second.decided(.termEnded)["vc"]?.term == CheckpointTerm(lease: "u1", number: 7))
        // Somebody leads in an older term, or believes so.
        lead(6)
        #expect(try await store("b", term: 6, in: second) == .refused(.notLeading))
        #expect(try await store("c", term: 6, origin: "new", in: second) == .accepted)
        // A lease that was made anew counts from the beginning.
        lead(1)
        #expect(try await store("d", term: 1, lease: "u2", in: second) == .accepted)
        second.stop()
        let checkpoints = try JournalFile(directory: directory.path).checkpoints()
        #expect(
            Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.source, $0.text) })
                == ["vc": "d", "other": "x", "new": "c"])
    }

    @Test func `others are stored beside what is refused`() async throws {
        let harness = try Harness(parameters(.durable))
        lead(2)
        #expect(try await store("a", term: 2, in: harness) == .accepted)
        lead(1)
        var outdated = harness.submission([item("b", to: [])], origin: "vc")
        outdated.fence = Fence(lease: "u1", term: 1, leadership: leadership)
        let other = harness.submission([item("c", to: [])], origin: "hooks")
        #expect(harness.journal.send(.store(outdated)))
        #expect(harness.journal.send(.store(other)))
        let receipts = [try await harness.receipts.next(), try await harness.receipts.next()]
        #expect(Set(receipts.map(\.result.isAccepted)) == [true, false])
        harness.stop()
    }

    @Test func `a term ends when the next begins, and at its time`() {
        let leadership = Leadership()
        #expect(!leadership.holds(term: 0))
        leadership.extend(term: 1, until: .now + .seconds(3_600))
        #expect(leadership.holds(term: 1))
        #expect(!leadership.holds(term: 2))
        leadership.extend(term: 2, until: .now + .seconds(3_600))
        #expect(!leadership.holds(term: 1))
        #expect(leadership.holds(term: 2))
        leadership.extend(term: 2, until: .now)
        #expect(!leadership.holds(term: 2))
    }
}

extension Receipt.Result {
    fileprivate var isAccepted: Bool { self == .accepted }
}
