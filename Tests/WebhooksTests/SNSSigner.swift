import COpenSSL
import CloudEvents

@testable import Webhooks

/// Signs messages as Amazon SNS does, with a key of its own.
struct SNSSigner: Sendable {
    private let encodedKey: [UInt8]
    private let digest: String

    /// - Parameter kind: `RSA` with so many bits, or `EC`.
    init(_ kind: String = "RSA", bits: Int = 2048, digest: String = "SHA256") {
        let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil)
        defer { EVP_PKEY_CTX_free(context) }
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_ctrl_str(
            context, kind == "EC" ? "ec_paramgen_curve" : "rsa_keygen_bits",
            kind == "EC" ? "P-256" : "\(bits)")
        var key: OpaquePointer?
        EVP_PKEY_generate(context, &key)
        defer { EVP_PKEY_free(key) }
        var octets: UnsafeMutablePointer<UInt8>?
        let count = i2d_PrivateKey(key, &octets)
        encodedKey = Array(UnsafeBufferPointer(start: octets, count: Int(count)))
        CRYPTO_free(octets, "", 0)
        self.digest = digest
    }

    private func withKey<Value>(_ body: (OpaquePointer?) -> Value) -> Value {
        encodedKey.withUnsafeBufferPointer { octets in
            var start = octets.baseAddress
            let key = d2i_AutoPrivateKey(nil, &start, octets.count)
            defer { EVP_PKEY_free(key) }
            return body(key)
        }
    }

    /// Its certificate in PEM, good from and to so many seconds from now.
    func certificate(from first: Int = -60, to last: Int = 3600) -> [UInt8] {
        withKey { certificate(of: $0, from: first, to: last) }
    }

    private func certificate(of key: OpaquePointer?, from first: Int, to last: Int) -> [UInt8] {
        let certificate = X509_new()
        defer { X509_free(certificate) }
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        X509_gmtime_adj(X509_getm_notBefore(certificate), first)
        X509_gmtime_adj(X509_getm_notAfter(certificate), last)
        let name = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, "sns.amazonaws.com", -1, -1, 0)
        X509_set_issuer_name(certificate, name)
        X509_set_pubkey(certificate, key)
        X509_sign(certificate, key, EVP_sha256())
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        PEM_write_bio_X509(bio, certificate)
        var octets: UnsafePointer<UInt8>?
        let count = tls_memory(bio, &octets)
        return Array(UnsafeBufferPointer(start: octets, count: Int(count)))
    }

    /// The signature of a text, in Base64.
    func sign(_ text: [UInt8]) -> String {
        withKey { sign(text, with: $0) }
    }

    private func sign(_ text: [UInt8], with key: OpaquePointer?) -> String {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestSignInit(context, nil, EVP_get_digestbyname(digest), nil, key)
        var count = 1024
        var signature = [UInt8](repeating: 0, count: count)
        let isDone = EVP_DigestSign(context, &signature, &count, text, text.count) == 1
        precondition(isDone)
        return SignatureScheme.Encoding.base64.encode(Array(signature.prefix(count)))
    }
}
