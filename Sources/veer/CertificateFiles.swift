import Configuration
import TLS

/// Looks at all files of certificates that a configuration names, before anything depends on them.
enum CertificateFiles {
    /// What is wrong with them, for the operator.
    static func problems(of settings: Settings) -> [String] {
        settings.listeners.compactMap(ListenerMaterial.init).compactMap { material in
            do throws(ListenerMaterial.Unusable) {
                _ = try material.read(tickets: TicketKeys())
                return nil
            } catch {
                return error.description
            }
        } + settings.sinks.flatMap(problems)
    }

    private static func problems(of sink: SinkSettings) -> [String] {
        guard case .uri(let http) = sink.target else { return [] }
        let certificates = [http.tls.ca, http.tls.certificate].compactMap(\.self)
        if let authorities = http.tls.authorities {
            do {
                _ = try Certificate.read(pem: Array(authorities.utf8), file: "tls.CACerts")
            } catch {
                return ["sink \(sink.name): \(error)"]
            }
        }
        return certificates.compactMap { path in
            problem(with: path, of: sink) { _ = try Certificate.read(pem: $0, file: path) }
        }
            + [http.tls.key].compactMap(\.self).compactMap { path in
                problem(with: path, of: sink) { _ in }
            }
    }

    private static func problem(
        with path: String, of sink: SinkSettings, _ check: ([UInt8]) throws -> Void
    ) -> String? {
        do {
            try check(ConfigurationFile.octets(of: path))
            return nil
        } catch let error as ConfigurationFile.Unreadable {
            return "sink \(sink.name): \(path) can't be read: \(error)"
        } catch {
            return "sink \(sink.name): \(error)"
        }
    }
}
