import Configuration
import EventLoops
import Glibc
import Logging
import TLS
import Telemetry

/// The certificates of all listeners: read before a port is opened, read again when their files
/// change, and handed to the loops.
///
/// Whatever is wrong with new files, the old ones serve on. Owner: main.
final class Certificates {
    /// How long before its end a certificate should have been renewed, in seconds.
    static let warningSeconds = 14 * 86_400

    /// One listener's.
    private struct Entry {
        let index: Int
        let source: ListenerMaterial
        var material: TLSMaterial
        /// What was wrong with the files when they were read last.
        var complaint: String?
    }

    private let metrics: Metrics
    private let logger: Logger
    private var entries: [Entry] = []
    private var watch: FileWatch?

    /// Reads the certificates of every listener that has some.
    init(
        _ listeners: [ListenerSettings], metrics: Metrics, logger: Logger
    ) throws(ListenerMaterial.Unusable) {
        self.metrics = metrics
        self.logger = logger
        for (index, listener) in listeners.enumerated() {
            guard let source = ListenerMaterial(listener) else { continue }
            let material = try source.read(tickets: TicketKeys())
            entries.append(Entry(index: index, source: source, material: material))
            show(material, of: source)
        }
        checkAge()
    }

    /// What a listener begins with; nothing for a plain one.
    func material(ofListener index: Int) -> TLSMaterial? {
        entries.first { $0.index == index }?.material
    }

    /// Goes on reading for as long as the loop turns.
    ///
    /// - Parameter send: hands a listener's new material to whoever serves it.
    func follow(
        on loop: EventLoop, _ send: @escaping (_ listener: Int, TLSMaterial) -> Void
    ) throws(SystemError) {
        guard !entries.isEmpty else { return }
        watch = try FileWatch(on: loop, paths: entries.flatMap(\.source.paths)) { paths in
            for place in self.entries.indices
            where !paths.isDisjoint(with: self.entries[place].source.paths) {
                self.reload(place, send)
            }
        }
        repeatedly(every: .seconds(12 * 3_600), on: loop) {
            for place in self.entries.indices { self.rotateTickets(place, send) }
        }
        repeatedly(every: .seconds(86_400), on: loop) { self.checkAge() }
    }

    private func repeatedly(
        every interval: Duration, on loop: EventLoop, _ body: @escaping () -> Void
    ) {
        loop.schedule(after: interval) {
            body()
            self.repeatedly(every: interval, on: loop, body)
        }
    }

    private func reload(_ place: Int, _ send: (Int, TLSMaterial) -> Void) {
        let (source, tickets) = (entries[place].source, entries[place].material.tickets)
        let name = source.listener.name
        do throws(ListenerMaterial.Unusable) {
            let material = try source.read(tickets: tickets.rotated())
            entries[place].material = material
            entries[place].complaint = nil
            send(entries[place].index, material)
            count(name, "succeeded")
            show(material, of: source)
            let serials = material.certificates.map(\.chain[0].serial)
            logger.notice(
                "certificates replaced",
                metadata: ["listener": "\(name)", "serials": "\(serials.joined(separator: " "))"])
            checkAge()
        } catch {
            count(name, "failed")
            // Told once, and not each time that somebody touches the files.
            guard entries[place].complaint != error.description else { return }
            entries[place].complaint = error.description
            logger.error("certificates not replaced, the old ones serve on: \(error)")
        }
    }

    private func rotateTickets(_ place: Int, _ send: (Int, TLSMaterial) -> Void) {
        entries[place].material.tickets = entries[place].material.tickets.rotated()
        send(entries[place].index, entries[place].material)
    }

    // MARK: - Telling

    private func count(_ listener: String, _ outcome: String) {
        metrics.counter(
            "veer_tls_reloads_total", help: "Certificate files that changed and were read again.",
            (name: "listener", value: listener), (name: "outcome", value: outcome)
        ).add()
    }

    private func show(_ material: TLSMaterial, of source: ListenerMaterial) {
        for (pair, files) in zip(material.certificates, source.certificates) {
            metrics.gauge(
                "veer_tls_certificate_not_after_timestamp_seconds",
                help: "When a served certificate's life ends, in seconds since 1970.",
                (name: "listener", value: source.listener.name),
                (name: "file", value: files.certificate)
            ).set(pair.chain[0].notAfter)
        }
    }

    private func checkAge() {
        for entry in entries {
            for (pair, files) in zip(entry.material.certificates, entry.source.certificates) {
                let seconds = pair.chain[0].notAfter - Int(time(nil))
                guard seconds < Self.warningSeconds else { continue }
                logger.warning(
                    "a certificate must be renewed",
                    metadata: [
                        "listener": "\(entry.source.listener.name)",
                        "file": "\(files.certificate)", "daysLeft": "\(max(seconds, 0) / 86_400)",
                    ])
            }
        }
    }
}
