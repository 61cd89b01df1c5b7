internal import COpenSSL

/// Which protocols and algorithms a listener speaks: named and dated, so that a setting means the
/// same tomorrow, and nobody has to write cipher strings.
///
/// Common to all: X25519, P-256 and P-384, authenticated encryption with forward secrecy, the
/// server's order; no renegotiation, no compression and no early data.
public enum TLSPolicy: String, Sendable, CaseIterable {
    /// TLS 1.2 and 1.3: what every client of the last ten years speaks.
    case intermediate2026 = "intermediate-2026"
    /// TLS 1.3 alone.
    case modern2026 = "modern-2026"

    private var minimum: CInt { self == .modern2026 ? TLS1_3_VERSION : TLS1_2_VERSION }

    /// Of TLS 1.2.
    private static let ciphers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]
    /// Of TLS 1.3.
    private static let suites = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    ]
    private static let groups = ["X25519", "P-256", "P-384"]
    private static let signatures = [
        "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519",
        "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
        "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512",
    ]

    /// Whether OpenSSL knows all of it.
    @unsafe func apply(to context: OpaquePointer) -> Bool {
        unsafe SSL_CTX_set_security_level(context, 2)
        unsafe tls_context_harden(context)
        return unsafe tls_context_set_minimum(context, minimum) == 1
            && SSL_CTX_set_cipher_list(context, Self.ciphers.joined(separator: ":")) == 1
            && SSL_CTX_set_ciphersuites(context, Self.suites.joined(separator: ":")) == 1
            && tls_context_set_groups(context, Self.groups.joined(separator: ":")) == 1
            && tls_context_set_signatures(context, Self.signatures.joined(separator: ":")) == 1
    }
}
