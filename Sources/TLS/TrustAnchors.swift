internal import COpenSSL

/// The authorities whose certificates clients may show.
///
/// Each is trusted as it is, whether or not another one signed it.
public struct TrustAnchors: Sendable {
    /// What the bundle holds.
    public let certificates: [Certificate]
    /// Which of their certificates don't count any more.
    public let revocations: Revocations?
    private let pem: [UInt8]
    private let file: String

    /// Reads and checks a bundle.
    ///
    /// - Parameters:
    ///   - file: what to call it in an error.
    ///   - revocations: what their certificates are looked up in.
    /// - Throws: what is wrong with it, for the operator.
    public init(
        pem: [UInt8], file: String, revocations: Revocations? = nil
    ) throws(TLSError) {
        self.pem = pem
        self.file = file
        self.revocations = revocations
        certificates = try PEM.certificates(pem, file: file).map {
            unsafe Certificate(x509: $0.pointer)
        }
        for certificate in certificates where !certificate.isCA {
            throw .notAuthority(file: file, subject: certificate.subject)
        }
    }

    /// Has a context trust them, and name them to clients.
    @unsafe func apply(to context: OpaquePointer) throws(TLSError) {
        let store = unsafe Owned(X509_STORE_new()) { unsafe X509_STORE_free($0) }
        unsafe X509_STORE_set_flags(store.pointer, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        for certificate in try PEM.certificates(pem, file: file) {
            unsafe X509_STORE_add_cert(store.pointer, certificate.pointer)
            unsafe SSL_CTX_add_client_CA(context, certificate.pointer)
        }
        try unsafe revocations?.apply(to: store.pointer)
        unsafe SSL_CTX_set1_cert_store(context, store.pointer)
    }
}

/// Whether clients are asked for a certificate.
public enum ClientVerification: Sendable {
    /// They aren't asked.
    case off
    /// They may send none; one that isn't trusted ends the handshake all the same.
    case optional(TrustAnchors)
    /// They must send one that is trusted.
    case required(TrustAnchors)

    /// The authorities, if any may be shown.
    var anchors: TrustAnchors? {
        switch self {
        case .off: nil
        case .optional(let anchors), .required(let anchors): anchors
        }
    }

    var mode: CInt {
        switch self {
        case .off: SSL_VERIFY_NONE
        case .optional: SSL_VERIFY_PEER
        case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        }
    }
}
