import ArgumentParser
import Configuration
import EventLoops
import Glibc
import Logging

/// Runs the gateway until it's told to stop.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the gateway until SIGTERM or SIGINT.",
        discussion: """
            Without a configuration it listens on http://127.0.0.1:8080/webhook, keeps its journal
            in ./data, prints each event, and answers operators on http://127.0.0.1:8082.

            Example: veer run --config veer.yaml --log-level debug
            """)

    @Option(help: "The configuration file, of kind Gateway or RouterConfig.")
    var config: String?

    @Option(help: "The least grave that is logged: trace, debug, info, warning or error.")
    var logLevel: String?

    @Flag(help: "Log JSON lines.")
    var logJson = false

    @Option(help: "Keep the journal in this directory, whatever the configuration says.")
    var journal: String?

    @Flag(help: .hidden)
    var router = false

    func run() throws {
        // Before any thread is made, so that no thread is interrupted by them.
        let signals = try Signals([SIGTERM, SIGINT, SIGHUP])
        let (settings, warnings) = try readSettings()
        let output = try LogOutput(format: settings.log.format)
        let level = Logger.Level(settings.log.level)
        LoggingSystem.bootstrap { label in
            VeerLogHandler(label: label, output: output, logLevel: level)
        }
        Process.raiseDescriptorLimit()
        let logger = Logger(label: "MAIN")
        for warning in warnings { logger.warning("\(warning)") }
        for fact in SinkEnvironment.facts(settings) { logger.info("\(fact)") }
        do {
            try Gateway(settings, signals: signals, logger: logger).run()
            output.stop()
        } catch {
            logger.error("\(error.sentence)")
            output.stop()
            throw settings.router == nil ? error.status.code : ExitStatus.checkFailed.code
        }
    }

    private func readSettings() throws -> (Settings, [Diagnostic]) {
        let file = config ?? (router ? "/etc/vmware-event-router/config" : nil)
        var (settings, warnings) = try ConfigurationFile.read(file)
        if let logLevel {
            guard let level = LogSettings.Level(router: logLevel) else {
                throw ValidationError("unknown log level '\(logLevel)'")
            }
            settings.log.level = level
        }
        if logJson { settings.log.format = .json }
        if let journal {
            settings.journal.path = journal
            settings.journal.mode = .durable
        }
        return (settings, warnings)
    }
}

extension LogSettings.Level {
    /// A level by its name, also by those that only the original knew.
    init?(router name: String) {
        switch name.lowercased() {
        case "": self = .info
        case "warn": self = .warning
        case "dpanic", "panic", "fatal": self = .error
        case let name: self.init(rawValue: name)
        }
    }
}
