import CloudEvents
import Configuration
import Ingress
import Journal
import Logging
import VSphere

/// The vCenters of a configuration, as the thread that reads them needs them.
struct VCenters {
    let settings: Settings
    let statistics: [SourceStatistics]
    let logger: Logger

    /// Finds out for each where it's to go on.
    func places(checkpoints: [String: String]) -> [VSphereContext.Place] {
        let routes = Routes(settings)
        return settings.sources.indices.compactMap { index in
            let source = settings.sources[index]
            guard let vcenter = source.vcenter else { return nil }
            var place = VSphereContext.Place(
                name: source.name, settings: vcenter,
                checkpoint: checkpoints[source.name] ?? formerCheckpoint(of: vcenter),
                received: statistics[index].received, failed: statistics[index].failed,
                sinks: { routes.sinks(of: $0, ofSource: index) })
            place.keepsUnrouted =
                settings.journal.mode == .durable && settings.journal.keepUnrouted > .zero
            return place
        }
    }

    /// What the original left behind, read as long as the journal has nothing of its own.
    private func formerCheckpoint(of vcenter: VCenterSettings) -> String? {
        guard let directory = vcenter.formerCheckpoints else { return nil }
        let path = "\(directory)/cp-\(vcenter.host).json"
        guard let file = try? ConfigurationFile.octets(of: path) else { return nil }
        guard let checkpoint = VSphere.checkpoint(former: file) else {
            logger.warning("there is no checkpoint in the file", metadata: ["file": "\(path)"])
            return nil
        }
        logger.notice("going on where the file says", metadata: ["file": "\(path)"])
        return checkpoint
    }
}

extension VCenterSettings {
    /// The host's name without a port, which the original named its checkpoint for.
    var host: String {
        guard let start = address.firstRange(of: "://")?.upperBound else { return address }
        let authority = address[start...].prefix { $0 != "/" }
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
