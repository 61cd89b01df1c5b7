import CloudEvents
import EventLoops
import Journal

/// Senders that each wait for their receipt before they send the next event.
final class Producers: Sendable {
    static let count = 64

    private let begin: Mailbox<Duration>
    private let counts: AsyncStream<Int>

    init(_ send: @escaping @Sendable (Submission) -> Bool) throws {
        let receipts = try Mailbox<Receipt>(messagesLimit: Self.count)
        let begin = try Mailbox<Duration>(messagesLimit: 1)
        let (counts, continuation) = AsyncStream.makeStream(of: Int.self)
        let item = Submission.Item(event: Self.event(), sinks: SinkSet(sink: 0))
        _ = try EventLoop.start(name: "producers") { loop throws(SystemError) in
            var (accepted, underWay) = (0, 0)
            var end = loop.now
            func submit(_ number: Int) {
                for _ in 0..<number {
                    let submission = Submission(
                        items: [item], origin: "hook", ticket: 1, receipts: receipts)
                    precondition(send(submission))
                }
                underWay += number
            }
            try begin.receive(on: loop) { durations in
                accepted = 0
                end = loop.now + durations[0]
                submit(Self.count)
            }
            try receipts.receive(on: loop) { messages in
                precondition(messages.allSatisfy { $0.result == .accepted })
                accepted += messages.count
                underWay -= messages.count
                if loop.now < end { submit(messages.count) }
                if underWay == 0 { continuation.yield(accepted) }
            }
        }
        (self.begin, self.counts) = (begin, counts)
    }

    /// Sends for so long; how many events were accepted.
    func run(for duration: Duration) async -> Int {
        _ = begin.send(duration)
        return await counts.first { _ in true } ?? 0
    }

    /// An event of about 1 KiB.
    private static func event() -> Event {
        var builder = EventBuilder()
        builder.begin()
        builder.append("specversion", "1.0")
        builder.append("id", "01234567890123456789")
        builder.append("source", "/benchmarks")
        builder.append("type", "com.example.measured")
        builder.beginData(.octets)
        builder.appendData([UInt8](repeating: 120, count: 900).span)
        return builder.finish()
    }
}
