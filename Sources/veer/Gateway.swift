import Admin
import CloudEvents
import Configuration
import Delivery
import EventLoops
import Glibc
import Ingress
import Journal
import Logging
import Server
import Telemetry

/// The whole of it: makes the journal, the delivery, the listeners and the operators' listener,
/// joins them, and takes them down in the order that loses nothing.
///
/// Owner: main, whose loop hears of signals and answers operators.
final class Gateway {
    /// What the other threads tell main.
    private enum Notice: Sendable {
        case ingressDrained
        case deliveryStopped
    }

    /// Why the gateway can't start.
    struct StartFailure: Error {
        var sentence: String
        var status: ExitStatus
    }

    private let settings: Settings
    private let signals: Signals
    private let logger: Logger
    private let metrics = Metrics()
    private let statistics: [SourceStatistics]
    private let started = Timestamp.now(decimals: 9)
    private let startedSeconds = Int(time(nil))
    private var shutdown = Shutdown()

    init(_ settings: Settings, signals: Signals, logger: Logger) {
        self.settings = settings
        self.signals = signals
        self.logger = logger
        statistics = settings.sources.map { _ in SourceStatistics() }
    }

    /// Runs until it's told to stop, and has stopped.
    func run() throws(StartFailure) {
        Process.register(metrics, startedSeconds: startedSeconds)
        let journal = try openJournal()
        do throws(SystemError) {
            try run(journal)
        } catch {
            _ = journal.send(.stop)
            journal.waitUntilStopped()
            throw StartFailure(sentence: "\(error)", status: .unavailable)
        }
    }

    private func openJournal() throws(StartFailure) -> Journal {
        var parameters = JournalParameters(
            path: settings.journal.path, sinks: settings.sinks.map(\.name))
        parameters.mode = settings.journal.mode == .durable ? .durable : .memory
        parameters.bytesLimit = settings.journal.bytesLimit
        parameters.keepDelivered = settings.journal.keepDelivered
        parameters.queueRequests = settings.journal.queueRequests
        parameters.queueBytes = settings.journal.queueBytes
        do throws(JournalError) {
            return try Journal.open(
                parameters, metrics: metrics, logger: Logger(label: "JOURNAL"))
        } catch {
            let isInUse = if case .inUse = error { true } else { false }
            throw StartFailure(
                sentence: error.description, status: isInUse ? .temporary : .cannotCreate)
        }
    }
}
