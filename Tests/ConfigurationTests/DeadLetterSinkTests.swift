import Testing

@testable import Configuration

@Suite struct DeadLetterSinkTests {
    private func routes(_ to: String, _ deadLetterSink: String) -> String {
        Gateway(
            sinks: "sinks: [{name: a, discard: {}}, {name: b, discard: {}}]\n",
            routes: "routes: [{name: all, to: \(to), delivery: "
                + "{deadLetterSink: \(deadLetterSink)}}]\n"
        ).text
    }

    @Test func `a dead letter sink is a sink, which need have no route of its own`() throws {
        let outcome = read(routes("[a]", "b"))
        #expect(outcome.lines == [])
        #expect(try #require(outcome.settings).routes[0].delivery.deadLetterSink == 1)
        #expect(read(routes("[a, b]", "b")).settings != nil)
    }

    @Test func `a dead letter sink that isn't there is a mistake`() {
        #expect(
            read(routes("[a]", "c")).lines == [
                "f:6:58: error: no sink is named 'c' at routes[0].delivery.deadLetterSink"
                    + " [unknown-name]"
            ])
    }

    @Test func `a route's only sink can't be its dead letter sink`() {
        #expect(
            read(routes("[a]", "a")).lines.contains {
                $0.contains("the route's only sink is its own deadLetterSink")
            })
    }

    @Test func `what is kept is bounded by time and size`() throws {
        let rest = "journal: {keepUnrouted: 2h, historyBytesLimit: 2MiB, keepDeadLetters: 30m}\n"
        let journal = try #require(read(Gateway(rest: rest).text).settings).journal
        #expect(journal.keepUnrouted == .seconds(7_200))
        #expect(journal.historyBytesLimit == 2 << 20)
        #expect(journal.keepDeadLetters == .seconds(1_800))
    }
}
