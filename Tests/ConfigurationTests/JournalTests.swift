import Testing

@testable import Configuration

@Suite struct JournalTests {
    @Test(arguments: [
        ("keepDelivered", "1h"), ("keepUnrouted", "0s"), ("historyBytesLimit", "1GiB"),
        ("keepDeadLetters", "24h"),
    ])
    func `a journal in memory keeps nothing, whatever is written`(key: String, value: String) {
        func lines(_ mode: String) -> [String] {
            read(Gateway(rest: "journal:\n  mode: \(mode)\n  \(key): \(value)\n").text).lines
        }
        #expect(
            lines("memory") == [
                "f:9:3: warning: a journal in memory keeps nothing at journal;"
                    + " remove '\(key)', or write mode: durable [ignored]"
            ])
        #expect(lines("durable") == [])
    }

    @Test func `a journal in memory without such keys is as good as any`() {
        #expect(read(Gateway(rest: "journal: {mode: memory, queueBytes: 1MiB}\n").text).lines == [])
    }
}
