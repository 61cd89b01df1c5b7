internal import COpenSSL

/// Which certificates of clients their authorities have taken back.
///
/// There must be a list of each authority that clients' certificates come from, and a list that
/// has run out counts as none: whoever could have been taken back is refused.
///
/// Spec: RFC 5280 §5
public struct Revocations: Sendable {
    /// A digest of the lists: a ticket that was given under others is worth nothing.
    let digest: [UInt8]
    private let pem: [UInt8]
    private let file: String

    /// Reads and checks a file of lists.
    ///
    /// - Parameter file: what to call it in an error.
    /// - Throws: what is wrong with it, for the operator.
    public init(pem: [UInt8], file: String) throws(TLSError) {
        _ = try PEM.revocations(pem, file: file)
        self.pem = pem
        self.file = file
        digest = TLSContext.digest(pem)
    }

    /// Has a store look them up for the certificate that a client shows.
    @unsafe func apply(to store: OpaquePointer) throws(TLSError) {
        for list in try PEM.revocations(pem, file: file) {
            unsafe X509_STORE_add_crl(store, list.pointer)
        }
        unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK))
    }
}
