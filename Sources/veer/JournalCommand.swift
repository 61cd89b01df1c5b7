public import ArgumentParser
import CloudEvents
import HTTP
public import Journal

/// Looks inside a journal.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Looks inside a journal, also beside a running gateway.",
        discussion: """
            Nothing is changed. Numbers are those of the journal, which it never uses twice.

            Example: veer journal list --path ./data --state dead
            """,
        subcommands: [
            StatsCommand.self, ListCommand.self, ShowCommand.self, VerifyCommand.self,
            ExportCommand.self,
        ])

    /// Where the journal is, and how to tell what is in it.
    struct Options: ParsableArguments {
        @Option(help: "The journal's directory.")
        var path = "./data"

        @Option(help: "The form of the output: text or json.")
        var output = OutputForm.text

        /// Opens the journal and reads in it.
        func reading(_ body: (JournalFile) throws -> Void) throws {
            do {
                try body(JournalFile(directory: path))
            } catch let error as JournalError {
                printError("\(error)")
                throw ExitStatus.noInput.code
            }
        }
    }

    /// Counts what is in the journal.
    struct StatsCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stats", abstract: "Counts what is in the journal.",
            discussion: "Example: veer journal stats --output json")
        @OptionGroup var options: Options

        func run() throws {
            try options.reading { file in
                let statistics = try file.statistics()
                print(options.output == .json ? statistics.json : statistics.text)
            }
        }
    }

    /// Lists events.
    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists events, one a line, oldest first.",
            discussion: "Example: veer journal list --state pending --sink broker --limit 20")
        @OptionGroup var options: Options

        @Option(help: "Only events in this state: pending, dead or delivered.")
        var state: JournalEntry.State?

        @Option(help: "Only events that wait for this sink or that it gave up.")
        var sink: String?

        @Option(help: "Only events after this number.")
        var after: SequenceNumber = 0

        @Option(help: "At most so many.")
        var limit = 100

        func run() throws {
            try options.reading { file in
                var query = JournalQuery()
                query.state = state
                query.sink = sink
                query.after = after
                query.limit = limit
                for entry in try file.events(query) {
                    print(options.output == .json ? entry.json(withEvent: false) : entry.line)
                }
            }
        }
    }

    /// Shows an event.
    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows an event and what became of it.",
            discussion: "Example: veer journal show 42")
        @OptionGroup var options: Options

        @Argument(help: "The event's number.")
        var number: SequenceNumber

        func run() throws {
            try options.reading { file in
                guard let entry = try file.event(number) else {
                    printError("the journal has no event \(number)")
                    throw ExitStatus.checkFailed.code
                }
                print(options.output == .json ? entry.json(withEvent: true) : entry.text)
            }
        }
    }

    /// Checks every record.
    struct VerifyCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Checks the file and every event's checksum.",
            discussion: "The exit status is 1 if anything is wrong. Example: veer journal verify")
        @OptionGroup var options: Options

        func run() throws {
            try options.reading { file in
                let result = try file.verify()
                if options.output == .json {
                    let problems = result.problems.map { JSONText.quoted($0) }
                        .joined(separator: ",")
                    print("{\"events\":\(result.events),\"problems\":[\(problems)]}")
                } else {
                    for problem in result.problems { print(problem) }
                    print("\(result.events) events, \(result.problems.count) problems")
                }
                guard result.isWhole else { throw ExitStatus.checkFailed.code }
            }
        }
    }

    /// Writes all events out.
    struct ExportCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Writes every event as a line of JSON.",
            discussion: """
                Each line has the event in the CloudEvents JSON format, and what became of it.

                Example: veer journal export > events.jsonl
                """)
        @OptionGroup var options: Options

        func run() throws {
            try options.reading { file in
                try file.forEach { print($0.json(withEvent: true)) }
            }
        }
    }
}

extension JournalEntry.State: ExpressibleByArgument {}

extension JournalStatistics {
    fileprivate var pairs: [(name: String, value: String)] {
        [
            ("format", "\(format)"), ("fileBytes", "\(fileBytes)"), ("freeBytes", "\(freeBytes)"),
            ("logBytes", "\(logBytes)"), ("lastSequence", "\(lastSequence)"),
            ("events", "\(events)"), ("pendingEvents", "\(pendingEvents)"),
            ("deliveredEvents", "\(deliveredEvents)"), ("preparedEvents", "\(preparedEvents)"),
            (
                "oldestReceived",
                oldestMilliseconds.map { "\"\(Timestamp(milliseconds: $0).text)\"" } ?? "null"
            ),
            ("pendingBySink", Self.object(pendingBySink)),
            ("deadLettersBySink", Self.object(deadLettersBySink)),
        ]
    }

    fileprivate var json: String {
        "{" + pairs.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    fileprivate var text: String {
        let width = pairs.map(\.name.count).max() ?? 0
        return pairs.map { pair in
            pair.name + String(repeating: " ", count: width + 2 - pair.name.count) + pair.value
        }.joined(separator: "\n")
    }

    private static func object(_ counts: [String: Int]) -> String {
        let members = counts.sorted { $0.key < $1.key }.map {
            "\(JSONText.quoted($0.key)):\($0.value)"
        }
        return "{\(members.joined(separator: ","))}"
    }
}
