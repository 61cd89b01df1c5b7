internal import COpenSSL

/// Certificates and keys as text, the form that operators keep them in.
///
/// Spec: RFC 7468 §5, §10, §11
enum PEM {
    /// All certificates, in their order.
    static func certificates(_ octets: [UInt8], file: String) throws(TLSError) -> [Owned] {
        let certificates = try unsafe all(octets, file: file) { memory in
            unsafe tls_read_certificate(memory).map { certificate in
                unsafe Owned(certificate) { unsafe X509_free($0) }
            }
        }
        guard !certificates.isEmpty else { throw .noCertificate(file: file) }
        return certificates
    }

    /// All lists of revoked certificates, in their order.
    static func revocations(_ octets: [UInt8], file: String) throws(TLSError) -> [Owned] {
        let lists = try unsafe all(octets, file: file) { memory in
            unsafe tls_read_revocations(memory).map { list in
                unsafe Owned(list) { unsafe X509_CRL_free($0) }
            }
        }
        guard !lists.isEmpty else { throw .noRevocations(file: file) }
        return lists
    }

    /// Reads one block after the other.
    @unsafe private static func all(
        _ octets: [UInt8], file: String, read: (OpaquePointer) -> Owned?
    ) throws(TLSError) -> [Owned] {
        OpenSSLError.clear()
        defer { OpenSSLError.clear() }
        return try unsafe octets.span.withUnsafeBytes { bytes throws(TLSError) in
            let memory = unsafe memory(of: bytes)
            var blocks: [Owned] = []
            while let block = unsafe read(memory.pointer) { blocks.append(block) }
            guard tls_is_end_of_pem(ERR_peek_last_error()) != 0 else {
                throw .unreadable(file: file, reason: OpenSSLError.text)
            }
            return blocks
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
