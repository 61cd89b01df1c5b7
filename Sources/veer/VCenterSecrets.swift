import Configuration
import EventLoops
import Logging
import Telemetry

/// The passwords and thumbprints of vCenters, read again when their files change.
///
/// Whatever is wrong with new files, the old secrets stay in use. Owner: main.
final class VCenterSecrets {
    private let settings: [(name: String, vcenter: VCenterSettings)]
    private let metrics: Metrics
    private let logger: Logger
    private var complaints: [String: String] = [:]
    private var watch: FileWatch?

    init(_ sources: [SourceSettings], metrics: Metrics, logger: Logger) {
        settings = sources.compactMap { source in source.vcenter.map { (source.name, $0) } }
        self.metrics = metrics
        self.logger = logger
    }

    /// Goes on reading for as long as the loop turns.
    ///
    /// - Parameter renew: gets new settings, and the vCenter's place among all of them.
    func follow(
        on loop: EventLoop, _ renew: @escaping (VCenterSettings, Int) -> Void
    ) throws(SystemError) {
        let paths = Set(settings.flatMap { Self.paths(of: $0.vcenter) })
        guard !paths.isEmpty else { return }
        watch = try FileWatch(on: loop, paths: Array(paths)) { paths in
            for place in self.settings.indices
            where !paths.isDisjoint(with: Self.paths(of: self.settings[place].vcenter)) {
                self.reload(place, renew)
            }
        }
    }

    private static func paths(of vcenter: VCenterSettings) -> [String] {
        [vcenter.password.file, vcenter.thumbprintFile].compactMap(\.self)
    }

    private func reload(_ place: Int, _ renew: (VCenterSettings, Int) -> Void) {
        let (name, vcenter) = settings[place]
        var files = FileGeneration()
        do throws(SecretUnavailable) {
            let renewed = try vcenter.renewed { try files.octets(of: $0) }
            renew(renewed, place)
            complaints[name] = nil
            count(name, "succeeded")
            logger.notice("secrets replaced", metadata: ["source": "\(name)"])
        } catch {
            count(name, "failed")
            // Told once, and not each time that somebody touches the files.
            guard complaints[name] != error.description else { return }
            complaints[name] = error.description
            logger.error("secrets not replaced, the old ones stay in use: \(error)")
        }
    }

    private func count(_ source: String, _ outcome: String) {
        metrics.counter(
            "veer_secret_reloads_total", help: "Files of secrets that changed and were read again.",
            (name: "source", value: source), (name: "outcome", value: outcome)
        ).add()
    }
}
