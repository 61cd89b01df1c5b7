/// How a listener speaks TLS.
public struct ListenerTLSSettings: Sendable, Equatable {
    /// Which versions and ciphers are offered.
    public enum Policy: String, Sendable, CaseIterable {
        /// TLS 1.2 and 1.3, for whoever was made in this decade.
        case intermediate2026 = "intermediate-2026"
        /// TLS 1.3 only.
        case modern2026 = "modern-2026"
    }

    /// Which versions and ciphers are offered.
    public var policy = Policy.intermediate2026
    /// Who it says it is; never empty, and the first is for clients that name no host.
    public var certificates: [CertificateSettings] = []
    /// Whether clients prove who they are.
    public var clients = ClientCertificateSettings()
    /// From a connection's start to the end of its handshake.
    public var handshakeTimeout = Duration.seconds(10)
    /// Handshakes under way at one time, over all loops.
    public var handshakes = 200

    /// The defaults, without a certificate yet.
    public init() {}
}

/// The files of a certificate: paths as the configuration has them.
public struct CertificateSettings: Sendable, Equatable {
    /// A PEM file: the certificate, then those that lead to its authority.
    public var certificate: String
    /// A PEM file with the certificate's private key.
    public var key: String

    /// A certificate in these files.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Whether a listener's clients prove who they are.
public struct ClientCertificateSettings: Sendable, Equatable {
    /// What is asked of a client.
    public enum Mode: String, Sendable, CaseIterable {
        /// Nothing.
        case off
        /// A certificate, if it has one; a wrong one is refused.
        case optional
        /// A certificate; without one there is no connection.
        case required
    }

    /// What is asked of a client.
    public var mode = Mode.off
    /// A PEM file with the authorities of their certificates; nil exactly where the mode is `off`.
    public var ca: String?
    /// A PEM file with the authorities' lists of revoked certificates; nil takes none for revoked.
    public var crl: String?

    /// Nothing is asked.
    public init() {}
}

/// Whom an `https` sink must prove to be, and who asks.
public struct SinkTLSSettings: Sendable, Equatable {
    /// A PEM file with the only authorities to trust; nil trusts the system's.
    public var ca: String?
    /// The only authorities to trust, as PEM; nil where ``ca`` names them, or nobody does.
    public var authorities: String?
    /// A PEM file with our certificate, and those that lead to its authority.
    public var certificate: String?
    /// A PEM file with our certificate's private key; nil exactly where there is no certificate.
    public var key: String?
    /// Takes any certificate of the sink's.
    public var isInsecure = false

    /// The system's authorities, and no certificate of ours.
    public init() {}
}
