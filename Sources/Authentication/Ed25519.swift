internal import COpenSSL

/// Signatures that only the holder of a private key can make, and everyone can check.
///
/// Spec: RFC 8032 §5.1
public enum Ed25519 {
    /// Whether a signature was made of the message with the private half of a key.
    ///
    /// - Parameter publicKey: 32 octets; of another count it's nobody's key.
    public static func isValid(
        _ signature: [UInt8], of message: Span<UInt8>, publicKey: [UInt8]
    ) -> Bool {
        PublicKey.ed25519(publicKey)?.verifiesEd25519(signature, of: message) ?? false
    }

    /// The signature of a message, 64 octets.
    ///
    /// - Parameter privateKey: the seed, 32 octets.
    public static func signature(of message: Span<UInt8>, privateKey: [UInt8]) -> [UInt8] {
        precondition(privateKey.count == 32)
        let key = unsafe EVP_PKEY_new_raw_private_key(
            EVP_PKEY_ED25519, nil, privateKey, privateKey.count)
        let context = unsafe EVP_MD_CTX_new()
        defer {
            unsafe EVP_MD_CTX_free(context)
            unsafe EVP_PKEY_free(key)
        }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        let isDone = unsafe message.withUnsafeBufferPointer { message in
            unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1
                && EVP_DigestSign(
                    context, &signature, &count, message.baseAddress, message.count) == 1
        }
        precondition(isDone)
        return signature
    }
}
