internal import COpenSSL

/// Why a connection failed that a peer began.
public struct TLSFailure: Error, Equatable, Sendable {
    /// A few causes, to count by.
    public enum Code: String, Sendable, CaseIterable {
        /// The peer speaks HTTP without TLS.
        case plainHTTP = "plain_http"
        /// Its versions or algorithms aren't among the policy's.
        case noSharedProtocol = "no_shared_protocol"
        /// It asked for application protocols, and for none that is offered.
        case noApplicationProtocol = "no_application_protocol"
        /// It sent no certificate.
        case clientCertificateRequired = "client_certificate_required"
        /// It sent a certificate that isn't trusted here, or couldn't prove to own it.
        case clientCertificateInvalid = "client_certificate_invalid"
        /// It asked for a server by something that can't be a host's name.
        case unknownName = "unknown_name"
        /// It began a second handshake within the connection.
        case renegotiation = "renegotiation"
        /// It changed its keys again and again, and sent nothing.
        case keyUpdates = "key_updates"
        /// It gave up: it may not trust the server's certificate.
        case refusedByPeer = "refused_by_peer"
        /// It sent what isn't TLS, or broke its rules.
        case malformed = "malformed"
    }

    /// For metrics; stays the same from version to version.
    public let code: Code
    /// For the log: what OpenSSL says about it.
    public let reason: String
}

extension TLSFailure.Code {
    /// - Parameter reason: one of OpenSSL's TLS errors.
    init(reason: CInt) {
        switch reason {
        // A peer's alerts are numbered from here on.
        case SSL_AD_REASON_OFFSET...: self = .refusedByPeer
        case SSL_R_NO_SHARED_CIPHER, SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW,
            SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS,
            SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_INAPPROPRIATE_FALLBACK:
            self = .noSharedProtocol
        case SSL_R_NO_APPLICATION_PROTOCOL: self = .noApplicationProtocol
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: self = .clientCertificateRequired
        case SSL_R_CERTIFICATE_VERIFY_FAILED, SSL_R_BAD_SIGNATURE: self = .clientCertificateInvalid
        default: self = .malformed
        }
    }
}
