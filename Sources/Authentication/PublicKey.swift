internal import COpenSSL

/// A key that proves who made a signature.
///
/// Ownership: belongs to the loop it was made on, as every object of OpenSSL's.
@safe public final class PublicKey {
    private let key: OpaquePointer

    @unsafe private init?(_ key: OpaquePointer?) {
        guard let key = unsafe key else {
            ERR_clear_error()
            return nil
        }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// A key of Ed25519.
    ///
    /// - Parameter octets: 32 of them.
    ///
    /// Spec: RFC 8032 §5.1.5
    public static func ed25519(_ octets: [UInt8]) -> PublicKey? {
        unsafe PublicKey(
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, octets, octets.count))
    }

    /// A key of ECDSA on the curve P-256; nothing for a point that isn't on it.
    ///
    /// - Parameters: the coordinates, of 32 octets each.
    public static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
        guard x.count == 32, y.count == 32 else { return nil }
        let point = [0x04] + x + y
        return unsafe PublicKey(auth_p256_key(point, point.count))
    }

    /// A key of RSA, with both numbers in the network's order.
    ///
    /// - Returns: nothing for a modulus of fewer than 2048 bits, or of so many that one signature
    ///   would keep a thread busy.
    public static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKey? {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        let bitCount = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard 2048...8192 ~= bitCount, 1...4 ~= exponent.count, exponent != [1],
            exponent.last.map({ $0 & 1 == 1 }) ?? false
        else { return nil }
        return unsafe PublicKey(
            auth_rsa_key(modulus, modulus.count, exponent, exponent.count))
    }

    /// A key as certificates have it, which somebody has looked at before.
    static func info(_ octets: [UInt8]) -> PublicKey? {
        unsafe PublicKey(auth_public_key(octets, octets.count))
    }

    // MARK: - Signatures

    /// Whether a signature of Ed25519 is of this key and message.
    ///
    /// Spec: RFC 8032 §5.1.7
    public func verifiesEd25519(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        unsafe verifies(signature, message, digest: nil)
    }

    /// Whether a signature of ECDSA with SHA-256 is of this key and message.
    ///
    /// - Parameter signature: the two numbers of 32 octets each, as JOSE has them.
    ///
    /// Spec: RFC 7518 §3.4
    public func verifiesES256(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        guard signature.count == 64 else { return false }
        var encoded = [UInt8](repeating: 0, count: 80)
        let count = unsafe auth_ecdsa_der(signature, 32, &encoded, encoded.count)
        guard count > 0 else { return false }
        return unsafe verifies(Array(encoded.prefix(Int(count))), message, digest: EVP_sha256())
    }

    /// Whether a signature of RSASSA-PKCS1-v1_5 with SHA-256 is of this key and message.
    ///
    /// Spec: RFC 8017 §8.2.2
    public func verifiesRS256(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        unsafe verifies(signature, message, digest: EVP_sha256())
    }

    /// Whether a signature of RSASSA-PKCS1-v1_5 with SHA-1 is of this key and message; for
    /// senders that know nothing better.
    ///
    /// Spec: RFC 8017 §8.2.2
    public func verifiesRS1(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        unsafe verifies(signature, message, digest: EVP_sha1())
    }

    /// Whether a signature of RSASSA-PSS with SHA-256 is of this key and message.
    ///
    /// Spec: RFC 7518 §3.5
    public func verifiesPS256(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        unsafe verifies(signature, message, digest: EVP_sha256(), isPSS: true)
    }

    @unsafe private func verifies(
        _ signature: [UInt8], _ message: Span<UInt8>, digest: OpaquePointer?, isPSS: Bool = false
    ) -> Bool {
        defer { ERR_clear_error() }
        return unsafe message.withUnsafeBufferPointer { message in
            unsafe auth_verify(
                key, digest, isPSS ? 1 : 0, signature, signature.count, message.baseAddress,
                message.count) == 1
        }
    }
}
