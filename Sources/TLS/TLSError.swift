/// Why certificates, keys or settings can't be used; each sentence tells an operator what to do.
///
/// `file` is whatever name the caller gave to the octets.
public enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A block of the file is damaged, or isn't what its heading says.
    case unreadable(file: String, reason: String)
    /// The file holds no certificate.
    case noCertificate(file: String)
    /// The file holds no list of revoked certificates.
    case noRevocations(file: String)
    /// The file holds no private key.
    case noKey(file: String)
    /// The key has a password, and a server that starts alone can't be asked for it.
    case encryptedKey(file: String)
    /// The key belongs to another certificate.
    case keyMismatch(certificate: String, key: String)
    /// The certificate names no host; what its subject says counts for no client.
    case noNames(file: String)
    /// The certificate was valid until these seconds since 1970.
    case expired(file: String, notAfter: Int)
    /// The certificate is valid from these seconds since 1970 on.
    case notYetValid(file: String, notBefore: Int)
    /// The key is too short, or the signature too weak.
    case weak(file: String, reason: String)
    /// A certificate among the client CAs that may not sign others.
    case notAuthority(file: String, subject: String)
    /// OpenSSL refuses a setting of ours: it is too old, or was built without it.
    case unsupported(reason: String)

    /// A sentence without its full stop.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) is damaged (\(reason)): write it anew as PEM"
        case .noCertificate(let file):
            "\(file) holds no certificate: it needs a block of PEM that begins with "
                + "-----BEGIN CERTIFICATE-----"
        case .noRevocations(let file):
            "\(file) holds no list of revoked certificates: it needs a block of PEM that begins "
                + "with -----BEGIN X509 CRL-----"
        case .noKey(let file):
            "\(file) holds no private key: it needs the PEM block of the certificate's key"
        case .encryptedKey(let file):
            "the key in \(file) has a password: take it off with `openssl pkey`"
        case .keyMismatch(let certificate, let key):
            "the key in \(key) isn't that of the first certificate in \(certificate): name the "
                + "key's file, and put the server's certificate before those of its issuers"
        case .noNames(let file):
            "the certificate in \(file) names no host: have it issued with a subjectAltName"
        case .expired(let file, let notAfter):
            "the certificate in \(file) expired (notAfter is \(notAfter) s since 1970): renew it"
        case .notYetValid(let file, let notBefore):
            "the certificate in \(file) isn't valid yet (notBefore is \(notBefore) s since "
                + "1970): check this machine's clock"
        case .weak(let file, let reason):
            "the certificate in \(file) is too weak (\(reason)): have it issued for a key of "
                + "EC P-256 or RSA 2048 at least, and signed with SHA-256"
        case .notAuthority(let file, let subject):
            "\(file) holds a certificate that may sign no other (\(subject)): leave the CAs only"
        case .unsupported(let reason):
            "OpenSSL doesn't support what is needed (\(reason)): install OpenSSL 3.0 or later"
        }
    }
}
