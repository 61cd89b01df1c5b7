internal import COpenSSL

/// A server's certificate with those of its issuers, and its key; checked when it was read.
public struct CertificatePair: Sendable {
    /// The server's own certificate first.
    public let chain: [Certificate]
    private let chainPEM: [UInt8]
    private let keyPEM: [UInt8]
    private let file: String
    private let keyFile: String

    /// Reads and checks a chain and its key.
    ///
    /// - Parameters:
    ///   - chainFile: what to call the chain in an error.
    ///   - keyFile: what to call the key in an error.
    ///   - now: seconds since 1970.
    /// - Throws: what is wrong with them, for the operator.
    public init(
        chain pem: [UInt8], file chainFile: String, key: [UInt8], keyFile: String, now: Int
    ) throws(TLSError) {
        chainPEM = pem
        keyPEM = key
        file = chainFile
        self.keyFile = keyFile
        let certificates = try PEM.certificates(pem, file: chainFile)
        chain = certificates.map { unsafe Certificate(x509: $0.pointer) }
        _ = try LoadedPair(certificates, PEM.key(key, file: keyFile), file: file, keyFile: keyFile)
        guard chain[0].isNamed else { throw .noNames(file: chainFile) }
        guard now <= chain[0].notAfter else {
            throw .expired(file: chainFile, notAfter: chain[0].notAfter)
        }
        guard now >= chain[0].notBefore else {
            throw .notYetValid(file: chainFile, notBefore: chain[0].notBefore)
        }
    }

    /// For a context of one's own.
    func load() throws(TLSError) -> LoadedPair {
        try LoadedPair(
            PEM.certificates(chainPEM, file: file), PEM.key(keyPEM, file: keyFile), file: file,
            keyFile: keyFile)
    }
}

/// A pair as OpenSSL's objects, which belong to one context.
@safe final class LoadedPair {
    private let certificates: [Owned]
    private let key: Owned
    private let issuers = unsafe Owned(tls_chain_new()) { unsafe tls_chain_free($0) }
    let leaf: Certificate

    init(
        _ certificates: [Owned], _ key: Owned, file: String, keyFile: String
    ) throws(TLSError) {
        self.certificates = certificates
        self.key = key
        leaf = unsafe Certificate(x509: certificates[0].pointer)
        for issuer in certificates.dropFirst() {
            unsafe tls_chain_append(issuers.pointer, issuer.pointer)
        }
        guard unsafe X509_check_private_key(certificates[0].pointer, key.pointer) == 1 else {
            OpenSSLError.clear()
            throw .keyMismatch(certificate: file, key: keyFile)
        }
        try tryOut(file: file)
    }

    /// Has OpenSSL check what it would check in each handshake.
    private func tryOut(file: String) throws(TLSError) {
        OpenSSLError.clear()
        defer { OpenSSLError.clear() }
        let context = unsafe Owned(SSL_CTX_new(TLS_server_method())) { unsafe SSL_CTX_free($0) }
        unsafe SSL_CTX_set_security_level(context.pointer, 2)
        guard
            unsafe SSL_CTX_use_cert_and_key(
                context.pointer, certificates[0].pointer, key.pointer, issuers.pointer, 1) == 1
        else { throw .weak(file: file, reason: OpenSSLError.text) }
    }

    /// Has a session offer the pair to its client.
    @unsafe func use(for session: OpaquePointer) -> Bool {
        unsafe SSL_use_cert_and_key(
            session, certificates[0].pointer, key.pointer, issuers.pointer, 1) == 1
    }
}
