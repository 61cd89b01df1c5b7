/// What is spoken within TLS.
public enum ApplicationProtocol: Sendable, CaseIterable {
    /// HTTP/2.
    case h2
    /// HTTP/1.1 and 1.0.
    case http1

    /// Its names in a handshake, the preferred one first.
    ///
    /// Spec: RFC 7301 §6
    var names: [StaticString] {
        switch self {
        case .h2: ["h2"]
        case .http1: ["http/1.1", "http/1.0"]
        }
    }
}

/// All that a listener's TLS needs: made and checked once, then sent to each loop by value.
public struct TLSMaterial: Sendable {
    /// The listener's; tickets of one aren't taken by another.
    public var name: String
    /// Which versions and algorithms are spoken.
    public var policy: TLSPolicy
    /// The first one is for clients that ask for no name, or for an unknown one.
    public var certificates: [CertificatePair]
    /// Whether clients are asked for a certificate.
    public var clients: ClientVerification
    /// Shared by all loops, so that a client may come back to any of them.
    public var tickets: TicketKeys
    /// The preferred one first.
    public var applicationProtocols: [ApplicationProtocol]

    /// - Precondition: there is a certificate, and a protocol.
    public init(
        name: String, policy: TLSPolicy = .intermediate2026, certificates: [CertificatePair],
        clients: ClientVerification = .off, tickets: TicketKeys = TicketKeys(),
        applicationProtocols: [ApplicationProtocol] = [.http1]
    ) {
        precondition(!certificates.isEmpty)
        precondition(!applicationProtocols.isEmpty)
        self.name = name
        self.policy = policy
        self.certificates = certificates
        self.clients = clients
        self.tickets = tickets
        self.applicationProtocols = applicationProtocols
    }
}
