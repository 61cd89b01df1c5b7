import COpenSSL
import TLS

/// A key of the test's own, at random.
final class TestKey {
    enum Kind: String { case ec = "P-256", rsa = "2048", weak = "1024" }

    let pointer: OpaquePointer

    init(_ kind: Kind = .ec) {
        let context = EVP_PKEY_CTX_new_from_name(nil, kind == .ec ? "EC" : "RSA", nil)
        defer { EVP_PKEY_CTX_free(context) }
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_ctrl_str(
            context, kind == .ec ? "ec_paramgen_curve" : "rsa_keygen_bits", kind.rawValue)
        var made: OpaquePointer?
        EVP_PKEY_generate(context, &made)
        guard let made else { preconditionFailure("no key of kind \(kind)") }
        pointer = made
    }

    deinit { EVP_PKEY_free(pointer) }

    /// - Parameter password: to encrypt it with.
    func pem(password: String? = nil) -> [UInt8] {
        written { bio in
            guard let password else {
                PEM_write_bio_PrivateKey(bio, pointer, nil, nil, 0, nil, nil)
                return
            }
            PEM_write_bio_PKCS8PrivateKey(
                bio, pointer, EVP_aes_256_cbc(), password, CInt(password.utf8.count), nil, nil)
        }
    }
}

/// A certificate that a test signed, with its key.
final class TestCertificate {
    struct Options {
        var subject = "CN=test"
        var names = "DNS:veer.example"
        var usage: String? = "serverAuth"
        var isCA = false
        /// Seconds from now.
        var validity = -60...3600
        var key = TestKey.Kind.ec
        var digest = "SHA256"
    }

    let key: TestKey
    let pointer: OpaquePointer

    /// - Parameter issuer: signs it; itself where there is none.
    init(_ options: Options, issuer: TestCertificate? = nil) {
        key = options.isCA ? TestKey() : TestKey(options.key)
        pointer = X509_new()
        X509_set_version(pointer, 2)
        let serial = (1...8).map { _ in UInt8.random(in: 1...127) }
        ASN1_STRING_set(X509_get_serialNumber(pointer), serial, CInt(serial.count))
        X509_gmtime_adj(X509_getm_notBefore(pointer), options.validity.lowerBound)
        X509_gmtime_adj(X509_getm_notAfter(pointer), options.validity.upperBound)
        let subject = X509_get_subject_name(pointer)
        for part in options.subject.split(separator: ",") {
            let pair = part.split(separator: "=")
            X509_NAME_add_entry_by_txt(
                subject, String(pair[0]), MBSTRING_UTF8, String(pair[1]), -1, -1, 0)
        }
        X509_set_issuer_name(pointer, issuer.map { X509_get_subject_name($0.pointer) } ?? subject)
        X509_set_pubkey(pointer, key.pointer)
        if options.isCA { add(NID_basic_constraints, "critical,CA:TRUE") }
        if !options.names.isEmpty { add(NID_subject_alt_name, options.names) }
        if let usage = options.usage, !options.isCA { add(NID_ext_key_usage, usage) }
        X509_sign(pointer, (issuer?.key ?? key).pointer, EVP_get_digestbyname(options.digest))
        ERR_clear_error()
    }

    deinit { X509_free(pointer) }

    private func add(_ kind: CInt, _ value: String) {
        let made = X509V3_EXT_conf_nid(nil, nil, kind, value)
        precondition(made != nil)
        X509_add_ext(pointer, made, -1)
        X509_EXTENSION_free(made)
    }

    var pem: [UInt8] { written { PEM_write_bio_X509($0, pointer) } }

    static func authority(_ name: String = "authority") -> TestCertificate {
        TestCertificate(Options(subject: "CN=\(name)", names: "", isCA: true))
    }

    /// A server's, signed by an authority of its own.
    static func server(_ names: String = "DNS:veer.example", _ key: TestKey.Kind = .ec)
        -> TestCertificate
    {
        TestCertificate(Options(subject: "CN=server", names: names, key: key), issuer: authority())
    }

    func pair() throws -> CertificatePair {
        try CertificatePair(
            chain: pem, file: "tls.crt", key: key.pem(), keyFile: "tls.key", now: now())
    }
}

/// Seconds since 1970.
func now() -> Int { time(nil) }

private func written(_ write: (OpaquePointer?) -> Void) -> [UInt8] {
    let bio = BIO_new(BIO_s_mem())
    defer { BIO_free(bio) }
    write(bio)
    var octets: UnsafePointer<UInt8>?
    let count = tls_memory(bio, &octets)
    return Array(UnsafeBufferPointer(start: octets, count: Int(count)))
}
