import ArgumentParser
import CloudEvents
import Filters
import HTTP

/// Tries filters out.
struct FilterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filter", abstract: "Tries filters out.",
        discussion: "Example: veer filter eval \"type LIKE 'com.example.%'\" --event event.json",
        subcommands: [EvalCommand.self])
}

extension FilterCommand {
    /// Says what a CESQL expression comes to for an event.
    struct EvalCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "eval", abstract: "Says whether a CESQL expression lets an event pass.",
            discussion: """
                Prints true or false, as a filter would decide; an error on the way, such as an
                attribute that is missing, is told and makes it false. The exit status is 0 for
                true, 1 for false, 65 if the expression or the event isn't valid, 66 where there
                is no file.

                Example: veer filter eval "type LIKE 'com.example.%' AND EXISTS subject" \\
                           --event event.json
                """)

        @Argument(help: "The expression.")
        var expression: String

        @Option(help: "The file of an event in the JSON format; - reads the standard input.")
        var event: String

        @Option(help: "The form of the output: text or json.")
        var output = OutputForm.text

        func run() throws {
            let filter = try parsed()
            let outcome = filter.evaluate(try readEvent())
            if output == .json {
                print(json(outcome))
            } else {
                for doubt in filter.doubts { printError("warning: \(doubt.sentence)") }
                if let error = outcome.error {
                    printError(EventText.printable(error.sentence))
                } else if outcome.value.kind != .boolean {
                    printError("the expression comes to a value that is no Boolean")
                }
                print(outcome.isMatch)
            }
            if !outcome.isMatch { throw ExitStatus.checkFailed.code }
        }

        private func parsed() throws -> CESQL {
            do throws(CESQL.SyntaxFailure) {
                return try CESQL(expression)
            } catch {
                printError("the expression is not valid: \(EventText.printable(error.sentence))")
                throw ExitStatus.badData.code
            }
        }

        private func readEvent() throws -> Event {
            let octets: [UInt8]
            do {
                octets = try ConfigurationFile.octets(of: event)
            } catch {
                printError("\(event): \(error)")
                throw ExitStatus.noInput.code
            }
            var decoder = EventDecoder()
            do throws(EventFailure) {
                try decoder.decode(structured: octets.span)
            } catch {
                printError("\(event): the event is not valid: \(error.sentence)")
                throw ExitStatus.badData.code
            }
            return decoder.event(at: 0)
        }

        private func json(_ outcome: CESQL.Outcome) -> String {
            let value =
                outcome.value.kind == .string
                ? JSONText.quoted(outcome.value.description) : outcome.value.description
            let error = outcome.error.map { error in
                "{\"code\":\"\(error.code)\",\"message\":\(JSONText.quoted(error.sentence))}"
            }
            return
                "{\"matches\":\(outcome.isMatch),\"value\":\(value),\"error\":\(error ?? "null")}"
        }
    }
}
