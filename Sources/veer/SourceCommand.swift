import ArgumentParser
import CloudEvents
import Configuration
import Journal
import VSphere

/// Looks after sources that read events from elsewhere.
struct SourceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "source", abstract: "Looks after sources that read events from elsewhere.",
        subcommands: [CheckpointCommand.self])

    /// Shows or changes how far a source has read.
    struct CheckpointCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "checkpoint", abstract: "Shows or changes how far a source has read.",
            subcommands: [ShowCommand.self, SetCommand.self, ResetCommand.self])
    }

    /// Where the checkpoints are.
    struct Options: ParsableArguments {
        @Option(help: "The journal's directory.")
        var path = "./data"

        /// Does something with the journal, or says why not.
        func attempt<Value>(_ body: () throws(JournalError) -> Value) throws -> Value {
            do {
                return try body()
            } catch {
                printError("\(error)")
                throw ExitStatus.noInput.code
            }
        }
    }

    /// Shows checkpoints.
    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows how far sources have read.",
            discussion: "Example: veer source checkpoint show vc1")
        @OptionGroup var options: Options

        @Argument(help: "The source's name; all, if left out.")
        var source: String?

        func run() throws {
            let (found, prepared) = try options.attempt { () throws(JournalError) in
                let file = try JournalFile(directory: options.path)
                return (try file.checkpoints(), try file.preparedPages())
            }
            for checkpoint in found where source ?? checkpoint.source == checkpoint.source {
                let saved = Timestamp(milliseconds: checkpoint.savedMilliseconds).text
                let text = VSphere.description(ofCheckpoint: checkpoint.text) ?? "unreadable"
                print("\(checkpoint.source): \(text), saved \(saved)")
            }
            for page in prepared where source ?? page.source == page.source {
                print(
                    "\(page.source): \(page.eventsCount) more events wait for the lease, as page"
                        + " \(page.number) of term \(page.term.number)")
            }
        }
    }

    /// Sets a checkpoint.
    struct SetCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Has a source go on at a time.",
            discussion: """
                The gateway must not be running. Events that were created since then are read, as
                far back as the source's replay window.

                Example: veer source checkpoint set vc1 2026-01-02T03:04:05Z
                """)
        @OptionGroup var options: Options

        @Argument(help: "The source's name.")
        var source: String

        @Argument(help: "The time, as RFC 3339 writes it.")
        var time: String

        func run() throws {
            guard let text = VSphere.checkpoint(at: time)
            else { throw ValidationError("'\(time)' is no time like 2026-01-02T03:04:05Z") }
            try options.attempt { () throws(JournalError) in
                try JournalFile.setCheckpoint(text, of: source, directory: options.path)
            }
        }
    }

    /// Takes a checkpoint away.
    struct ResetCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "Has a source begin anew, with what happens next.",
            discussion: """
                The gateway must not be running.

                Example: veer source checkpoint reset vc1
                """)
        @OptionGroup var options: Options

        @Argument(help: "The source's name.")
        var source: String

        func run() throws {
            try options.attempt { () throws(JournalError) in
                try JournalFile.setCheckpoint(nil, of: source, directory: options.path)
            }
        }
    }
}
