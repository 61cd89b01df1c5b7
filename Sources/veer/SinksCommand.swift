import ArgumentParser
import CloudEvents

/// Looks at the sinks of a running gateway, and sends again to one that said it was gone.
struct SinksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sinks", abstract: "Lists sinks and how they do, and enables them again.",
        discussion: """
            The gateway must be running. A sink that answered 410 is sent nothing more until
            it is enabled, or the gateway is started again.

            Example: veer sinks list
            Example: veer sinks enable audit
            """,
        subcommands: [ListCommand.self, EnableCommand.self], defaultSubcommand: ListCommand.self)

    /// Lists them.
    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the sinks, one a line.",
            discussion: "Example: veer sinks list --output json")
        @OptionGroup var options: ControlClient.Options

        @Option(help: "The form of the output: text, or json for the call's answer.")
        var output = OutputForm.text

        func run() throws {
            let answer = try ControlClient(options).ask("GET", "/api/v1/sinks")
            guard output == .text else {
                return print(String(decoding: answer, as: UTF8.self), terminator: "")
            }
            for place in 0..<answer.span.itemsCount("/sinks") { print(line(place, answer)) }
        }

        private func line(_ place: Int, _ answer: [UInt8]) -> String {
            func text(_ name: String) -> String {
                EventText.printable(answer.span.text("/sinks/\(place)/\(name)") ?? "")
            }
            let obstacle = text("obstacle")
            let state =
                text("disabled") == "true"
                ? "disabled" : obstacle.isEmpty ? text("up") == "true" ? "up" : "failing" : "waits"
            let line =
                "\(text("name"))  \(state)  \(text("address"))  \(text("queueEvents")) in memory,"
                + " \(text("underWay")) under way, \(text("deadLetters")) dead"
            return obstacle.isEmpty ? line : "\(line); \(obstacle)"
        }
    }

    /// Sends to one again.
    struct EnableCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable", abstract: "Sends again to a sink that answered 410.",
            discussion: """
                Events that it was not sent meanwhile are dead letters: veer deadletters replay.

                Example: veer sinks enable audit
                """)
        @OptionGroup var options: ControlClient.Options

        @Argument(help: "The sink's name.")
        var sink: String

        func run() throws {
            let name = ControlClient.encoded(sink)
            _ = try ControlClient(options).ask("POST", "/api/v1/sinks/\(name)/enable")
            print("\(sink) is enabled")
        }
    }
}
