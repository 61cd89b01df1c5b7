import ArgumentParser
import Glibc

/// The program: a word of what to do, and how.
@main
struct Veer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "veer",
        abstract: "Takes events in, keeps them, and delivers them.",
        discussion: """
            Without a command, the flags of the VMware Event Router are understood:
              veer -config /etc/vmware-event-router/config -log-level debug -log-json
            """,
        version: Version.number,
        subcommands: [
            RunCommand.self, CheckCommand.self, SendCommand.self, ListenCommand.self,
            JournalCommand.self, SourceCommand.self, FilterCommand.self, SignCommand.self,
            CertsCommand.self, DeadLettersCommand.self, ReplayCommand.self,
            HandshakesCommand.self, SinksCommand.self,
            VersionCommand.self,
        ])

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let router = RouterArguments(arguments) {
            runAsRouter(router.translated)
        } else {
            main(arguments)
        }
    }

    /// As `main(_:)`, with the status that the original router had for a wrong command line.
    private static func runAsRouter(_ arguments: [String]) {
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            printError(fullMessage(for: error))
            Glibc.exit(2)
        }
    }
}

/// Tells the version.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Tells the version.",
        discussion: "Example: veer version --output json")

    @Option(help: "The form of the output: text or json.")
    var output = OutputForm.text

    func run() {
        print(output == .json ? Version.json : "veer \(Version.number)\n", terminator: "")
    }
}

/// The forms in which a command can tell what it found.
enum OutputForm: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
