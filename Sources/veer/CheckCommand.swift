import ArgumentParser
import Configuration

/// Says whether a configuration can be used.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says all that is wrong with a configuration.",
        discussion: """
            Nothing is opened but the files that hold secrets and certificates. The exit status is
            0 for a configuration that can be used, 78 for one that can't, 66 where there is no
            file.

            With --online, Veer logs in to each vCenter, once, tells what the account may see, and
            logs out; and it asks the cluster for what the configuration names there: the objects
            of sinks with 'ref', a token for sinks with auth.oidc, the Lease of leaderElection,
            which is read only. The exit status is 1 if something of it is missing or may not be
            had; what to do is told. Senders of webhooks and sinks are not contacted.

            Example: veer check veer.yaml --show
            Example: veer check veer.yaml --online
            """)

    @Argument(help: "The configuration file; - reads the standard input.")
    var file: String?

    @Flag(help: "Take warnings for errors.")
    var denyWarnings = false

    @Flag(help: "Ask vCenters and the cluster for what is named there; 15 seconds at most.")
    var online = false

    @Flag(
        help:
            "Print the settings, of a file or built in, with every default."
    )
    var show = false

    @Flag(help: "Print the JSON Schema of veer/v1 and check nothing.")
    var schema = false

    func validate() throws {
        guard file != nil || schema || show else {
            throw ValidationError("name the file to check")
        }
        guard !online || !(show || schema) else {
            throw ValidationError("--online goes with neither --show nor --schema")
        }
    }

    func run() throws {
        guard !schema else { return print(Settings.jsonSchema) }
        let (settings, warnings) = try ConfigurationFile.read(file)
        for warning in warnings { printError(warning.detailedDescription) }
        let problems =
            CertificateFiles.problems(of: settings)
            + CredentialFiles.problems(of: settings.sources)
            + ClusterFiles.problems(of: settings)
        for problem in problems { printError(problem) }
        guard problems.isEmpty else { throw ExitStatus.configuration.code }
        if show {
            print(settings.maskedYAML, terminator: "")
        } else {
            for fact in SinkEnvironment.facts(settings) { print(fact) }
            print("\(file ?? "the built-in configuration") can be used")
        }
        if online { try ask(settings) }
        if denyWarnings, !warnings.isEmpty { throw ExitStatus.checkFailed.code }
    }

    private func ask(_ settings: Settings) throws {
        let reports = try OnlineChecks.reports(on: settings)
        for report in reports {
            for fact in report.facts { print("\(report.subject): \(fact)") }
            if let problem = report.problem { printError("\(report.subject): \(problem)") }
        }
        if reports.isEmpty { print("nobody is to be asked: there is no vCenter and no cluster") }
        guard reports.allSatisfy({ $0.problem == nil }) else { throw ExitStatus.checkFailed.code }
    }
}
