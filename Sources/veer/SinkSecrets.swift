import Configuration
import EventLoops
import Logging
import Telemetry

/// The passwords, tokens and keys that sinks are convinced with: read again when their files
/// change, and handed to the delivery.
///
/// Whatever is wrong with new files, the old secrets stay in use. Owner: main.
final class SinkSecrets {
    private struct Entry {
        let place: Int
        let name: String
        let settings: HTTPSinkSettings
        /// What was wrong with the files when they were read last.
        var complaint: String?

        var paths: [String] { settings.secrets.compactMap(\.file) }
    }

    private let metrics: Metrics
    private let logger = Logger(label: "AUTH")
    private var entries: [Entry] = []
    private var watch: FileWatch?

    init(_ sinks: [SinkSettings], metrics: Metrics) {
        self.metrics = metrics
        for (place, sink) in sinks.enumerated() {
            guard case .uri(let settings) = sink.target else { continue }
            entries.append(Entry(place: place, name: sink.name, settings: settings))
        }
    }

    /// Reads again for as long as the loop turns.
    ///
    /// - Parameter send: hands new secrets to the sink of that place, if there's room.
    func follow(
        on loop: EventLoop, _ send: @escaping (Int, HTTPSinkSettings) -> Bool
    ) throws(SystemError) {
        let paths = entries.flatMap(\.paths)
        guard !paths.isEmpty else { return }
        watch = try FileWatch(on: loop, paths: paths) { paths in
            for index in self.entries.indices
            where !paths.isDisjoint(with: self.entries[index].paths) {
                self.reload(index, send)
            }
        }
    }

    private func reload(_ index: Int, _ send: (Int, HTTPSinkSettings) -> Bool) {
        var files = FileGeneration()
        do throws(SecretUnavailable) {
            let settings = try entries[index].settings.readingSecretsAgain {
                try files.octets(of: $0)
            }
            // It has room for an order of every sink.
            _ = send(entries[index].place, settings)
            entries[index].complaint = nil
            count(entries[index].name, "succeeded")
            logger.notice("secrets replaced", metadata: ["sink": "\(entries[index].name)"])
        } catch {
            count(entries[index].name, "failed")
            // Told once, and not each time that somebody touches the files.
            guard entries[index].complaint != error.description else { return }
            entries[index].complaint = error.description
            logger.error(
                "secrets not replaced, the old ones stay in use: \(error)",
                metadata: ["sink": "\(entries[index].name)"])
        }
    }

    private func count(_ sink: String, _ outcome: String) {
        metrics.counter(
            "veer_sink_secret_reloads_total",
            help: "Files of sinks' secrets that changed and were read again.",
            (name: "sink", value: sink), (name: "outcome", value: outcome)
        ).add()
    }
}
