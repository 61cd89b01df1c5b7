internal import CCurl

/// What is wrong with a certificate, the server's or ours.
public enum TLSFault: Sendable, Equatable {
    /// The server's is from an authority that isn't trusted, or from none.
    case untrusted
    /// The server's is another server's.
    case wrongName
    /// The server's is too old.
    case expired
    /// The server's is for a time to come.
    case notYetValid
    /// The authorities to trust can't be read.
    case authorities
    /// Our certificate or its key can't be read, or they don't belong together.
    case certificate
    /// The server doesn't take our certificate, or wants one.
    case refused

    /// - Parameters:
    ///   - details: the sentence that curl wrote down.
    ///   - verification: OpenSSL's `X509_V_ERR_…`, or 0.
    init?(_ result: CURLcode, details: String, verification: Int) {
        switch result {
        case CURLE_SSL_CACERT_BADFILE: self = .authorities
        case CURLE_SSL_CERTPROBLEM: self = .certificate
        case CURLE_PEER_FAILED_VERIFICATION:
            switch verification {
            // Names are compared by curl itself, before it asks for OpenSSL's verdict.
            case 0, 1: self = .wrongName
            case 9: self = .notYetValid
            case 10: self = .expired
            default: self = .untrusted
            }
        // In TLS 1.3 a server refuses a certificate when the handshake is over for its client.
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            guard details.contains("SSL routines"), details.contains("alert"),
                ["certificate", "unknown ca"].contains(where: details.contains)
            else { return nil }
            self = .refused
        default: return nil
        }
    }
}
