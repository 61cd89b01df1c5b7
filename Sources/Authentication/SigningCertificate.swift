internal import COpenSSL

/// A certificate of RSA by which a sender's signatures are checked.
///
/// Whoever hands its octets over has made sure where they are from: no chain is looked at.
public struct SigningCertificate: Sendable, Equatable {
    /// Why octets are no such certificate.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// They hold no certificate in PEM, or one whose key isn't of RSA.
        case malformed
        /// Its key has fewer than 2048 bits or more than 8192.
        case weakKey

        /// What is wrong, to be put after a file's name.
        public var description: String {
            switch self {
            case .malformed: "holds no certificate of RSA in PEM"
            case .weakKey: "holds a certificate whose key hasn't 2048 to 8192 bits"
            }
        }
    }

    /// The most octets that one is read from.
    public static let bytesLimit = 64 * 1024

    /// The first and the last second it's good in, since 1970.
    public let life: ClosedRange<Int64>
    private let key: [UInt8]

    /// Reads the first certificate of a PEM text.
    public init(pem: [UInt8]) throws(Failure) {
        guard pem.count <= Self.bytesLimit else { throw .malformed }
        defer { ERR_clear_error() }
        var key = [UInt8](repeating: 0, count: 2048)
        var (first, last): (Int64, Int64) = (0, 0)
        var bits: CInt = 0
        let count = unsafe auth_certificate(
            pem, CInt(pem.count), &key, key.count, &first, &last, &bits)
        guard count > 0, first <= last else { throw .malformed }
        guard 2048...8192 ~= bits else { throw .weakKey }
        self.key = Array(key.prefix(Int(count)))
        life = first...last
    }

    /// Reads all certificates of a PEM text; there is one at least.
    public static func all(pem: [UInt8]) throws(Failure) -> [SigningCertificate] {
        let end = Array("-----END CERTIFICATE-----".utf8)
        var certificates: [SigningCertificate] = []
        var rest = pem[...]
        while let place = rest.firstRange(of: end) {
            certificates.append(try SigningCertificate(pem: Array(rest[..<place.upperBound])))
            rest = rest[place.upperBound...]
        }
        guard !certificates.isEmpty else { throw .malformed }
        return certificates
    }

    /// What a message is hashed with.
    public enum Digest: Sendable {
        case sha1, sha256
    }

    /// Whether a signature is of this certificate's key and the message.
    ///
    /// Spec: RFC 8017 §8.2.2
    public func verifies(
        _ signature: [UInt8], of message: Span<UInt8>, with digest: Digest
    ) -> Bool {
        guard let key = PublicKey.info(key) else { return false }
        return switch digest {
        case .sha1: key.verifiesRS1(signature, of: message)
        case .sha256: key.verifiesRS256(signature, of: message)
        }
    }
}
