internal import COpenSSL

/// Codes that prove that a message comes from somebody who knows a key.
///
/// Spec: RFC 2104 §2
public enum HMAC {
    /// The code of 20 octets, for senders that know nothing better.
    public static func sha1(key: [UInt8], message: Span<UInt8>) -> [UInt8] {
        unsafe code(EVP_sha1(), key, message)
    }

    /// The code of 32 octets.
    public static func sha256(key: [UInt8], message: Span<UInt8>) -> [UInt8] {
        unsafe code(EVP_sha256(), key, message)
    }

    /// The code of 48 octets.
    public static func sha384(key: [UInt8], message: Span<UInt8>) -> [UInt8] {
        unsafe code(EVP_sha384(), key, message)
    }

    /// The code of 64 octets.
    public static func sha512(key: [UInt8], message: Span<UInt8>) -> [UInt8] {
        unsafe code(EVP_sha512(), key, message)
    }

    private static func code(
        _ digest: OpaquePointer?, _ key: [UInt8], _ message: Span<UInt8>
    ) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: CUnsignedInt = 0
        let isDone = unsafe message.withUnsafeBufferPointer { message in
            // Without an address OpenSSL takes the key for one that was given before.
            unsafe key.withUnsafeBufferPointer { key in
                unsafe auth_hmac(
                    digest, key.baseAddress, key.count, message.baseAddress, message.count,
                    &code, &count) == 1
            }
        }
        precondition(isDone)
        return Array(code.prefix(Int(count)))
    }
}

/// Whether two texts are the same.
///
/// The time it takes depends on how long they are, and not on what they have in common.
public func constantTimeEquals(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    return unsafe CRYPTO_memcmp(one, other, one.count) == 0
}
