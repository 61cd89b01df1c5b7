import CloudEvents
import Testing

@testable import Journal

/// Copies of dead letters for dead letter sinks.
@Suite(.timeLimit(.minutes(10))) struct CopyTests {
    private let directory: TemporaryDirectory
    private let parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "letters"])
    }

    private func dead(_ sequence: SequenceNumber, bytes: Int = 16) -> Outcome {
        var outcome = Outcome.dead(sequence)
        outcome.copy = item("copy", to: [1], bytes: bytes)
        return outcome
    }

    @Test func `a copy is stored with the dead letter, once`() async throws {
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        _ = try await harness.stored()
        harness.settle(dead(1))
        let events = try await harness.stored().events
        #expect(events.map(\.sequence) == [2])
        #expect(events.map(\.event) == [event("copy")])
        #expect(events.map(\.sinks) == [SinkSet(sink: 1)])
        #expect(events.map(\.origin) == ["hook"])
        harness.settle(dead(1))
        #expect(try await harness.backlog(sink: 1).map(\.sequence) == [2])
        #expect(
            harness.metric("veer_dead_letters{sink=\"broker\"}") == 1)
        harness.stop()
        #expect(try JournalFile(directory: directory.path).verify().isWhole)
    }

    @Test func `without room for a copy the dead letter is kept alone`() async throws {
        var parameters = parameters
        parameters.bytesLimit = JournalParameters.bytesLimitMinimum
        let harness = try Harness(parameters)
        #expect(try await harness.store("a", to: 0) == .accepted)
        harness.settle(dead(1, bytes: 5_000_000))
        try await harness.wait()
        #expect(try await harness.backlog(sink: 1).isEmpty)
        #expect(harness.metric("veer_dead_letters{sink=\"broker\"}") == 1)
        #expect(
            harness.metric("veer_dead_letters_forwarded_total{outcome=\"no_room\"}") == 1)
        harness.stop()
    }

    @Test func `in memory mode the answer to the copy is the sender's`() async throws {
        var parameters = parameters
        parameters.mode = .memory
        let harness = try Harness(parameters)
        try await harness.wait()
        for (number, outcome) in [
            Outcome.delivered(2, sink: 1), .dead(4, sink: 1, status: 400),
            .dead(6, sink: 1, status: 503),
        ].enumerated() {
            #expect(harness.journal.send(.store(harness.submission([item("a", to: [0])]))))
            let stored = try await harness.stored()
            #expect(stored.events.map(\.sequence) == [SequenceNumber(2 * number + 1)])
            harness.settle(dead(stored.events[0].sequence))
            let copies = try await harness.stored()
            #expect(copies.events.map(\.event) == [event("copy")])
            #expect(copies.events.map(\.sequence) == [outcome.sequence])
            harness.settle(outcome)
            let expected: [Receipt.Result] = [
                .accepted, .refused(.sinkRefused), .refused(.sinkUnavailable),
            ]
            #expect(try await harness.receipts.next().result == expected[number])
        }
        #expect(harness.metric("veer_journal_events") == 0)
        harness.stop()
    }
}
