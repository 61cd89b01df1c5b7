internal import CCurl

/// A request that got no whole response, and why.
public struct CurlError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What failed; the raw value is a stable word for metrics and logs.
    public enum Kind: String, Sendable, CaseIterable {
        /// The host's name has no address, or no server answered for it.
        case dns
        /// No connection: refused, or no way to the host.
        case connect
        /// A time limit was reached, at whatever stage.
        case timeout
        /// No TLS session, or a certificate that isn't trusted.
        case tls
        /// The connection ended too early.
        case reset
        /// What came isn't HTTP, or isn't what was agreed on.
        case malformed
        /// The host's addresses aren't public, and it must be at one that is.
        case forbidden = "forbidden_address"
        /// We gave the request up.
        case cancelled
        /// Anything else, such as a URL that isn't one.
        case other
    }

    /// What failed.
    public var kind: Kind
    /// curl's own number, `CURLcode`; 0 for what curl doesn't know of.
    public var code: Int
    /// A sentence for people.
    public var text: String
    /// What is wrong with a certificate, where that is the reason.
    public var tlsFault: TLSFault?

    /// An error of curl's or of the client's.
    public init(kind: Kind, code: Int = 0, text: String) {
        self.kind = kind
        self.code = code
        self.text = text
    }

    /// Takes a result that isn't `CURLE_OK`, the details that curl wrote down, and what OpenSSL
    /// made of the server's certificate.
    init(_ result: CURLcode, details: String, verification: Int = 0) {
        let text =
            details.isEmpty ? unsafe String(cString: curl_easy_strerror(result)) : details
        self.init(kind: Kind(result), code: Int(result.rawValue), text: text)
        tlsFault = TLSFault(result, details: details, verification: verification)
        if tlsFault != nil { kind = .tls }
    }

    /// Kind and sentence.
    public var description: String { "\(kind.rawValue): \(text)" }
}

extension CurlError.Kind {
    fileprivate init(_ result: CURLcode) {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST: self = .dns
        case CURLE_COULDNT_CONNECT: self = .connect
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            self = .tls
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE,
            CURLE_HTTP2_STREAM:
            self = .reset
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2,
            CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR:
            self = .malformed
        default: self = .other
        }
    }
}
