public import HTTP
public import HTTP2

/// The most that a server takes from its peers; each is inclusive.
public struct ServerLimits: Sendable {
    /// A request's head.
    public var head = RequestHeadLimits()
    /// Octets of a body without its coding.
    public var bodyBytes = 1024 * 1024
    /// Octets of chunk extensions and trailer fields.
    public var chunkOverheadBytes = 8 * 1024
    /// From a connection's start to the end of its TLS handshake.
    public var handshakeTimeout = Duration.seconds(10)
    /// TLS handshakes under way at one time, over all loops; whoever comes then waits.
    public var handshakes = 200
    /// From a request's first octet to the end of its head.
    public var requestHeadTimeout = Duration.seconds(10)
    /// From the head's end to the body's.
    public var bodyTimeout = Duration.seconds(60)
    /// The least a body may bring on average, after ``bodyGrace``.
    public var bodyBytesPerSecond = 240
    /// How long a body may be slower.
    public var bodyGrace = Duration.seconds(5)
    /// How long a peer may take nothing of a response.
    public var writeTimeout = Duration.seconds(10)
    /// Between requests.
    public var idleTimeout = Duration.seconds(75)
    /// How long to read on after the last response, so that it arrives.
    public var lingerTimeout = Duration.seconds(5)
    /// After so many requests a connection is closed.
    public var requestsPerConnection = 1_000
    /// Open at one time, over all loops.
    public var connections = 10_000
    /// Open at one time from one address, over all loops.
    public var connectionsPerPeer = 256
    /// Octets of responses that may wait for the peer to take them.
    public var outputBytes = 256 * 1024

    /// What an HTTP/2 connection is held to; nothing where HTTP/2 isn't spoken.
    public var http2: HTTP2Limits?

    /// The defaults.
    public init() {}
}
