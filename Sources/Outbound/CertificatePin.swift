internal import CCurl
internal import COpenSSL

/// Has a handle of curl's trust one certificate only, whoever issued it to whatever name.
///
/// It must live as long as the handle: OpenSSL has a pointer to it.
@safe final class CertificatePin {
    private let digest: [UInt8]

    /// - Parameter digest: the certificate's SHA-1 (20 octets) or SHA-256 (32).
    init(_ digest: [UInt8]) {
        precondition([20, 32].contains(digest.count))
        self.digest = digest
    }

    func apply(to easy: UnsafeMutableRawPointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let result = unsafe curl_set_tls_callback(
            easy,
            { _, tls, pin in
                unsafe SSL_CTX_set_cert_verify_callback(
                    OpaquePointer(tls), { unsafe CertificatePin.isPinned($0, $1) }, pin)
                return CURLE_OK
            }, context)
        precondition(result == CURLE_OK)
    }

    private static func isPinned(
        _ store: OpaquePointer?, _ context: UnsafeMutableRawPointer?
    ) -> CInt {
        guard let context = unsafe context else { return 0 }
        let pin = unsafe Unmanaged<CertificatePin>.fromOpaque(context).takeUnretainedValue()
        let isPinned =
            unsafe pin.digest
            == digest(
                of: X509_STORE_CTX_get0_cert(store), count: pin.digest.count)
        unsafe X509_STORE_CTX_set_error(store, isPinned ? X509_V_OK : X509_V_ERR_CERT_REJECTED)
        return isPinned ? 1 : 0
    }

    private static func digest(of certificate: OpaquePointer?, count: Int) -> [UInt8]? {
        guard let certificate = unsafe certificate else { return nil }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: CUnsignedInt = 0
        let method = unsafe count == 20 ? EVP_sha1() : EVP_sha256()
        guard unsafe X509_digest(certificate, method, &digest, &length) == 1 else { return nil }
        return Array(digest.prefix(Int(length)))
    }
}
