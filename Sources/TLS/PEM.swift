internal import COpenSSL

/// Certificates and keys as text, the form that operators keep them in.
///
/// Spec: RFC 7468 §5, §10, §11
enum PEM {
    /// All certificates, in their order.
    static func certificates(_ octets: [UInt8], file: String) throws(TLSError) -> [Owned] {
        OpenSSLError.clear()
        defer { OpenSSLError.clear() }
        return try unsafe octets.span.withUnsafeBytes { bytes throws(TLSError) in
            let memory = unsafe memory(of: bytes)
            var certificates: [Owned] = []
            while let certificate = unsafe tls_read_certificate(memory.pointer) {
                unsafe certificates.append(Owned(certificate) { unsafe X509_free($0) })
            }
            guard tls_is_end_of_pem(ERR_peek_last_error()) != 0 else {
                throw .unreadable(file: file, reason: OpenSSLError.text)
            }
            guard !certificates.isEmpty else { throw .noCertificate(file: file) }
            return certificates
        }
    }

    /// The first private key.
    static func key(_ octets: [UInt8], file: String) throws(TLSError) -> Owned {
        OpenSSLError.clear()
        defer { OpenSSLError.clear() }
        return try unsafe octets.span.withUnsafeBytes { bytes throws(TLSError) in
            let memory = unsafe memory(of: bytes)
            if let key = unsafe tls_read_key(memory.pointer) {
                return unsafe Owned(key) { unsafe EVP_PKEY_free($0) }
            }
            let text = String(decoding: octets, as: UTF8.self)
            if !text.contains("PRIVATE KEY") { throw .noKey(file: file) }
            if text.contains("ENCRYPTED") { throw .encryptedKey(file: file) }
            throw .unreadable(file: file, reason: OpenSSLError.text)
        }
    }

    /// Reads the octets where they are.
    private static func memory(of bytes: UnsafeRawBufferPointer) -> Owned {
        // Where there are none there may be no address either, and OpenSSL wants one.
        let memory =
            unsafe bytes.isEmpty
            ? BIO_new(BIO_s_mem()) : BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
        return unsafe Owned(memory) { unsafe BIO_free($0) }
    }
}
