internal import COpenSSL

/// A digest of 32 octets.
///
/// Spec: RFC 6234 §6.2
public struct SHA256: Sendable, Equatable {
    /// The digest.
    public let octets: [UInt8]

    /// The digest of a message.
    public init(_ message: Span<UInt8>) {
        var octets = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        let isDone = unsafe message.withUnsafeBufferPointer { message in
            unsafe EVP_Digest(
                message.baseAddress, message.count, &octets, nil, EVP_sha256(), nil) == 1
        }
        precondition(isDone)
        self.octets = octets
    }

    /// Compares in a time that doesn't depend on what the digests have in common.
    public static func == (one: SHA256, other: SHA256) -> Bool {
        constantTimeEquals(one.octets, other.octets)
    }
}
