/// A server to talk to, and the handles that are configured for it.
///
/// Ownership: belongs to the loop of its client. Handles are kept, because configuring one
/// costs half as much as a whole request.
public final class HTTPEndpoint {
    /// What holds for each request to the endpoint.
    public struct Options: Sendable {
        /// An absolute `http` or `https` URL.
        public var url: String
        /// A socket in the file system to connect to, whatever the URL's host.
        public var unixSocket: String?
        /// Whom an `https` server must prove to be, and who asks.
        public var tls = TLSOptions()
        /// Takes HTTP/2 where an `https` server offers it.
        public var takesHTTP2 = true
        /// Makes a connection for each request, so that none is ever sent twice: curl sends a
        /// request again that met a connection on its end.
        public var sendsOnce = false
        /// Whether it may be on this machine or nearby.
        ///
        /// If not, a name that leads there is not connected to, nor is a connection used that
        /// another endpoint made.
        public var allowsPrivateAddresses = true
        /// The most requests that are under way at one time; a precondition of `send`.
        public var concurrency = 32
        /// From the look-up of the name to the end of the TLS handshake.
        public var connectTimeout = Duration.seconds(5)
        /// How old a connection that nobody uses just now may be to be used again; what its name
        /// meant then it may mean no more.
        public var connectionLifetime = Duration.seconds(60)
        /// How long fewer octets than ``bytesPerSecondLeast`` may come or go, once the response
        /// has begun.
        public var slowTimeout = Duration.seconds(10)
        /// What a response brings at least.
        public var bytesPerSecondLeast = 64
        /// The most octets of a response's header section, interim responses included.
        public var headBytesLimit = 64 * 1024
        /// The most lines of it, because curl keeps each field, and that takes ten times the octets
        /// of a short one.
        public var headLinesLimit = 512
        /// The most octets of a response's body that are read; then the connection is dropped.
        public var bodyBytesLimit = 64 * 1024
        /// The most octets of a response's body that are kept.
        public var bodyBytesKept = 1024
        /// Names of the response's fields that are wanted.
        public var fieldsKept: [String] = []

        /// The defaults, which suit a receiver of events.
        public init(url: String) { self.url = url }
    }

    /// Whom an `https` server must prove to be, and who asks.
    public struct TLSOptions: Sendable {
        /// A PEM file with the only authorities to trust; nil trusts the system's.
        public var authorities: String?
        /// The authorities to trust as PEM's octets, in the place of ``authorities``; nil where
        /// a file or the system has them.
        public var authorityOctets: [UInt8]?
        /// Trusts the system's authorities beside ``authorityOctets``.
        public var trustsSystem = false
        /// A PEM file with our certificate, and those that lead to its authority.
        public var certificate: String?
        /// A PEM file with our certificate's private key.
        public var key: String?
        /// Our certificate as PEM; in place of ``certificate``.
        public var certificatePEM: [UInt8]?
        /// Its private key as PEM; in place of ``key``.
        public var keyPEM: [UInt8]?
        /// Takes any certificate.
        public var isInsecure = false
        /// The SHA-1 (20 octets) or SHA-256 (32) of the only certificate to trust.
        ///
        /// Whoever issued it to whatever name: ``authorities`` don't count then. One for each
        /// client, because curl uses a connection for all requests to an address.
        public var certificateDigest: [UInt8]?

        /// The system's authorities, and no certificate of ours.
        public init() {}
    }

    let options: Options
    /// Where it is.
    public var url: String { options.url }
    /// When a response to any request last began.
    var lastAnswer: ContinuousClock.Instant?
    var idle: [HTTPTransfer] = []
    var underWayCount = 0

    init(options: Options) { self.options = options }
}
