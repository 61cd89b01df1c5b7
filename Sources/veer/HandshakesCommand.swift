import ArgumentParser
import CloudEvents

/// Answers senders that wait for a consent.
struct HandshakesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handshakes", abstract: "Lists senders that wait for a consent, and answers.",
        discussion: """
            The gateway must be running. To let a sender in, its address is called, once; the exit
            status is 1 if that didn't succeed or nobody waits under that name.

            Example: veer handshakes list
            Example: veer handshakes approve 1f3x9k2
            """,
        subcommands: [ListCommand.self, ApproveCommand.self, RefuseCommand.self],
        defaultSubcommand: ListCommand.self)

    /// Lists them.
    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the senders that wait.",
            discussion: "Example: veer handshakes list --output json")
        @OptionGroup var options: ControlClient.Options

        @Option(help: "The form of the output: text, or json for the call's answer.")
        var output = OutputForm.text

        func run() throws {
            let answer = try ControlClient(options).ask("GET", "/api/v1/handshakes")
            guard output == .text else {
                return print(String(decoding: answer, as: UTF8.self), terminator: "")
            }
            let count = answer.span.itemsCount("/handshakes")
            for place in 0..<count {
                func text(_ name: String) -> String {
                    EventText.printable(answer.span.text("/handshakes/\(place)/\(name)") ?? "")
                }
                let name = text("origin").isEmpty ? text("topic") : text("origin")
                print(
                    "\(text("id"))  \(text("source"))  \(name)  \(text("address"))"
                        + "  (asked from \(text("peer")), \(text("waitsSeconds")) s ago)")
            }
            if count == 0 { print("nobody waits") }
        }
    }

    /// The sender that is meant, and the gateway at which it waits.
    struct Chosen: ParsableArguments {
        @OptionGroup var options: ControlClient.Options

        @Argument(help: "The sender's id, as the list has it.")
        var id: String

        func answer(_ verb: String) throws {
            let isID = !id.isEmpty && id.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 }
            guard isID else { throw ValidationError("'\(id)' is no id of a list") }
            _ = try ControlClient(options).ask("POST", "/api/v1/handshakes/\(id)/\(verb)")
        }
    }

    /// Lets one in.
    struct ApproveCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve", abstract: "Lets a sender in and calls its address, once.",
            discussion: "Example: veer handshakes approve 1f3x9k2")
        @OptionGroup var chosen: Chosen

        func run() throws {
            try chosen.answer("approve")
            print("\(chosen.id) is let in")
        }
    }

    /// Forgets one.
    struct RefuseCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "refuse", abstract: "Forgets a sender, which isn't told.",
            discussion: "Example: veer handshakes refuse 1f3x9k2")
        @OptionGroup var chosen: Chosen

        func run() throws {
            try chosen.answer("refuse")
            print("\(chosen.id) was refused")
        }
    }
}
