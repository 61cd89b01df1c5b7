/// One port to listen on.
public struct ListenerSettings: Sendable, Equatable {
    /// Its name in logs and metrics.
    public var name: String
    /// Where it listens.
    public var address: ListenAddress
    /// How it speaks TLS; nil for plain connections.
    public var tls: ListenerTLSSettings?
    /// Whether it speaks HTTP/2 too: over TLS by ALPN, on plain connections by prior knowledge.
    public var http2 = false
    /// The peers whose word about the client's address and certificate counts.
    public var trustedProxies: [AddressBlock] = []
    /// Whether its peers are all trusted proxies, which tell by the PROXY protocol whose
    /// connections they pass on.
    public var proxyProtocol = false
    /// What it refuses.
    public var limits = ListenerLimits()

    /// A plain listener with the default limits.
    public init(name: String, address: ListenAddress) {
        self.name = name
        self.address = address
    }
}

/// The most that a listener takes from its peers; each is inclusive.
public struct ListenerLimits: Sendable, Equatable {
    /// `requestLineBytes`: method, target and version.
    public var requestLineBytes = 8 * 1024
    /// `headerBytes`: all header fields together with the request line.
    public var headerBytes = 32 * 1024
    /// `headerFields`: how many header fields.
    public var headerFields = 100
    /// `headerValueBytes`: one field's value.
    public var headerValueBytes = 16 * 1024
    /// `bodyBytes`: a body, without its coding; at least 64 KiB.
    public var bodyBytes = 1024 * 1024
    /// `chunkOverheadBytes`: chunk extensions and trailer fields of one body together.
    public var chunkOverheadBytes = 8 * 1024
    /// `batchEvents`: events in one batch.
    public var batchEvents = 1_000
    /// `attributeBytes`: one attribute's value; at most 65,535.
    public var attributeBytes = 4 * 1024
    /// `requestHeadTimeout`: from a request's first octet to the end of its header section.
    public var requestHeadTimeout = Duration.seconds(10)
    /// `bodyTimeout`: from the header section's end to the body's.
    public var bodyTimeout = Duration.seconds(60)
    /// `bodyBytesPerSecond`: the least a body may bring on average, after five seconds.
    public var bodyBytesPerSecond = 240
    /// `writeTimeout`: how long a peer may take nothing of a response.
    public var writeTimeout = Duration.seconds(10)
    /// `idleTimeout`: between requests.
    public var idleTimeout = Duration.seconds(75)
    /// `requestsPerConnection`: after so many the connection is closed, politely.
    public var requestsPerConnection = 1_000
    /// `connections`: open at one time, over all loops.
    public var connections = 10_000
    /// `connectionsPerPeer`: open at one time from one address.
    public var connectionsPerPeer = 256
    /// `streams`: open at one time on one HTTP/2 connection.
    public var streams = 100
    /// `streamsPerConnection`: after so many an HTTP/2 connection is closed, politely.
    public var streamsPerConnection = 10_000
    /// `streamWindowBytes`: of a body that a peer may send without being asked for it.
    public var streamWindowBytes = 8 * 1024
    /// `connectionWindowBytes`: of bodies that are asked for at one time; the oldest request's is
    /// asked for in any case.
    public var connectionWindowBytes = 128 * 1024
    /// `resets`: streams that either side may cut off in a burst.
    public var resets = 200
    /// `resetsPerSecond`: streams that either side may cut off on and on.
    public var resetsPerSecond = 20
    /// `controlFrames`: PING and SETTINGS frames in a burst.
    public var controlFrames = 100
    /// `controlFramesPerSecond`: PING and SETTINGS frames on and on.
    public var controlFramesPerSecond = 10
    /// `glitches`: frames that are allowed, but that no decent client sends.
    public var glitches = 100

    /// The defaults.
    public init() {}
}
