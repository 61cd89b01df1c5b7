import Configuration
import EventLoops
import Glibc
import TLS

/// Reads what a listener's TLS needs.
struct ListenerMaterial {
    /// Why it can't be used, for the operator.
    struct Unusable: Error, CustomStringConvertible {
        var description: String
    }

    let listener: ListenerSettings
    private let settings: ListenerTLSSettings

    /// Nothing for a plain listener.
    init?(_ listener: ListenerSettings) {
        guard let settings = listener.tls else { return nil }
        self.listener = listener
        self.settings = settings
    }

    /// Which certificates, the one for clients that name no host first.
    var certificates: [CertificateSettings] { settings.certificates }

    /// The files it's read from.
    var paths: [String] {
        settings.certificates.flatMap { [$0.certificate, $0.key] }
            + [settings.clients.ca, settings.clients.crl].compactMap(\.self)
    }

    /// Reads and checks all of it, as of one moment.
    func read(tickets: TicketKeys) throws(Unusable) -> TLSMaterial {
        var files = FileGeneration()
        do {
            let pairs = try settings.certificates.map { try pair($0, &files) }
            let material = TLSMaterial(
                name: listener.name, policy: TLSPolicy(settings.policy), certificates: pairs,
                clients: try clients(&files), tickets: tickets,
                applicationProtocols: listener.http2 ? [.h2, .http1] : [.http1])
            // What the loops will do must not fail there.
            _ = try TLSContext(material)
            return material
        } catch let error as Unusable {
            throw error
        } catch {
            throw Unusable(description: "listener \(listener.name): \(error)")
        }
    }

    private func pair(
        _ certificate: CertificateSettings, _ files: inout FileGeneration
    ) throws -> CertificatePair {
        try CertificatePair(
            chain: octets(certificate.certificate, &files), file: certificate.certificate,
            key: octets(certificate.key, &files), keyFile: certificate.key,
            now: Int(time(nil)))
    }

    private func clients(_ files: inout FileGeneration) throws -> ClientVerification {
        guard let ca = settings.clients.ca else { return .off }
        let revocations = try settings.clients.crl.map {
            try Revocations(pem: octets($0, &files), file: $0)
        }
        let anchors = try TrustAnchors(
            pem: octets(ca, &files), file: ca, revocations: revocations)
        return settings.clients.mode == .required ? .required(anchors) : .optional(anchors)
    }

    private func octets(_ path: String, _ files: inout FileGeneration) throws -> [UInt8] {
        do {
            return try files.octets(of: path)
        } catch {
            throw Unusable(
                description: "listener \(listener.name): \(path) can't be read: \(error)")
        }
    }
}

extension TLSPolicy {
    /// A configured policy.
    init(_ policy: ListenerTLSSettings.Policy) {
        switch policy {
        case .intermediate2026: self = .intermediate2026
        case .modern2026: self = .modern2026
        }
    }
}
