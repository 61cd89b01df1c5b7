import Journal
import Testing

@Suite(.timeLimit(.minutes(1))) struct JournalTests {
    let directory: TemporaryDirectory
    var parameters: JournalParameters

    init() throws {
        directory = try TemporaryDirectory()
        parameters = JournalParameters(path: directory.path, sinks: ["broker", "audit"])
    }

    @Test func `a stored event is found again after the journal was closed`() async throws {
        let first = try Harness(parameters)
        #expect(try await first.store("a", to: 0) == .accepted)
        first.stop()

        let second = try Harness(parameters)
        let backlog = try await second.backlog(sink: 0)
        #expect(backlog.map(\.sequence) == [1])
        #expect(backlog.map(\.event) == [event("a")])
        #expect(backlog.map(\.origin) == ["hook"])
        #expect(backlog.map(\.sinks) == [SinkSet(sink: 0)])
        second.stop()
    }
}
