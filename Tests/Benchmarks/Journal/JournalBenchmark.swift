import CloudEvents
import EventLoops
import Foundation
import Journal
import Logging
import Telemetry

/// The journal alone, storing for 64 producers and settling at once what it stored.
///
/// Beside it, round by round, the least that could be durable: appending and synchronizing as
/// many events at a time as a commit held, in a bare loop and behind mailboxes like the
/// journal's. Takes a directory on a real disk, then how many rounds of how many milliseconds.
@main struct JournalBenchmark {
    private let directory: String
    private let metrics = Metrics()
    private let journal: Journal

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let directory = arguments.first else {
            print("usage: journal-benchmark DIRECTORY [ROUNDS [MILLISECONDS]]")
            exit(64)
        }
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        let benchmark = try JournalBenchmark(directory: directory)
        try await benchmark.run(
            rounds: numbers.first ?? 9, .milliseconds(numbers.dropFirst().first ?? 2_000))
    }

    private init(directory: String) throws {
        self.directory = directory
        journal = try Journal.open(
            JournalParameters(path: directory + "/journal", sinks: ["discard"]),
            metrics: metrics, logger: Logger(label: "journal"))
    }

    private func run(rounds: Int, _ duration: Duration) async throws {
        try deliver()
        let stored = try Producers { [journal] in journal.send(.store($0)) }
        let appended = try Producers(appending())
        var ratios: [(bare: Double, mailboxes: Double)] = []
        _ = await stored.run(for: duration)
        for round in 1...rounds {
            let commits = metric("veer_journal_commits_total")
            let events = await stored.run(for: duration)
            let batch = events / (metric("veer_journal_commits_total") - commits)
            let bare = Appender(path: directory + "/bare").run(for: duration, batch: batch)
            let behind = await appended.run(for: duration)
            ratios.append((Double(events) / Double(bare), Double(events) / Double(behind)))
            print(
                "\(round): journal \(events), \(batch) a commit; bare \(bare), mailboxes \(behind)")
        }
        show("of the bare loop", ratios.map(\.bare))
        show("of the loop behind mailboxes", ratios.map(\.mailboxes))
        _ = journal.send(.stop)
        journal.waitUntilStopped()
    }

    /// Settles everything as soon as it's announced.
    private func deliver() throws {
        let announcements = try Mailbox<Announcement>(messagesLimit: 1024)
        _ = try EventLoop.start(name: "delivery") { [journal] loop throws(SystemError) in
            try announcements.receive(on: loop) { messages in
                let outcomes = messages.flatMap { message -> [Outcome] in
                    guard case .stored(let events, _) = message else { return [] }
                    return events.map {
                        Outcome(sequence: $0.sequence, sink: 0, result: .delivered)
                    }
                }
                precondition(journal.send(.settle(outcomes)))
            }
        }
        precondition(journal.send(.announce(to: announcements)))
    }

    /// A thread that does no more than append and synchronize what is sent to it.
    private func appending() throws -> @Sendable (Submission) -> Bool {
        let submissions = try Mailbox<Submission>(messagesLimit: Producers.count)
        let path = directory + "/behind"
        _ = try EventLoop.start(name: "appender") { loop throws(SystemError) in
            let appender = Appender(path: path)
            try submissions.receive(on: loop) { messages in
                var octets: [UInt8] = []
                for message in messages { octets += message.items[0].event.octets }
                appender.append(octets)
                let receipts = messages.map { Receipt(ticket: $0.ticket, result: .accepted) }
                precondition(messages[0].receipts.send(contentsOf: receipts))
            }
        }
        return { submissions.send($0) }
    }

    private func metric(_ name: String) -> Int {
        let line = metrics.exposition().split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    }

    private func show(_ name: String, _ ratios: [Double]) {
        let text = ratios.sorted().map { String(format: "%.2f", $0) }
        print("journal: \(text[text.count / 2]) x \(name) (\(text[0]) to \(text[text.count - 1]))")
    }
}
