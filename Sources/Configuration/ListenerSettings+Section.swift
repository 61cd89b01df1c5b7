extension ListenerSettings: Section {
    static var blank: Self { Self(name: "", address: .unix(path: "")) }

    static var keys: [Key<Self>] {
        [
            .name("its name in logs, metrics and sources", \.name),
            .address("address", "where it listens", \.address, isRequired: true),
            .section("tls", "how it speaks TLS; left out, it doesn't", \.tls),
            .flag(
                "http2", "whether it speaks HTTP/2 too; left out, it does so over TLS", \.http2,
                hasDefault: false),
            .values(
                "trustedProxies",
                "the peers whose word about the client's address and certificate counts",
                \.trustedProxies, count: 0...1_000, item: SchemaReference.addressBlock,
                parse: AddressBlock.init(configured:), show: \.description),
            .flag(
                "proxyProtocol",
                "whether trusted proxies, and nobody else, connect, by version 2 of that protocol",
                \.proxyProtocol),
            .section("limits", "what it refuses", \.limits),
        ]
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        if node["http2"] == nil { http2 = tls != nil }
        if proxyProtocol, let entry = node.entry("proxyProtocol"),
            node["trustedProxies"]?.items.isEmpty ?? true
        {
            reader.error(
                .conflict, at: entry.keyPlace, "nobody could connect: no proxy is trusted",
                hint: "name the proxies in trustedProxies")
        }
        guard case .unix = address, !trustedProxies.isEmpty,
            let entry = node.entry("trustedProxies")
        else { return }
        reader.error(
            .conflict, at: entry.keyPlace,
            "'trustedProxies' has no meaning for a unix socket, whose peers have no address",
            hint: "remove it")
    }
}

extension ListenerLimits: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] { sizeKeys + timeKeys + connectionKeys + http2Keys }

    private static var sizeKeys: [Key<Self>] {
        [
            .bytes(
                "requestLineBytes", "method, target and version", \.requestLineBytes,
                256...1 << 20),
            .bytes(
                "headerBytes", "all header fields together with the request line",
                \.headerBytes, 1024...1 << 20),
            .count("headerFields", "how many header fields", \.headerFields, 1...10_000),
            .bytes("headerValueBytes", "one field's value", \.headerValueBytes, 256...1 << 20),
            .bytes("bodyBytes", "a body, without its coding", \.bodyBytes, 64 << 10...1 << 30),
            .bytes(
                "chunkOverheadBytes", "chunk extensions and trailer fields of one body together",
                \.chunkOverheadBytes, 0...1 << 20),
            .count("batchEvents", "events in one batch", \.batchEvents, 1...100_000),
            .bytes("attributeBytes", "one attribute's value", \.attributeBytes, 64...65_535),
        ]
    }

    private static var timeKeys: [Key<Self>] {
        let range = Duration.milliseconds(10)...Duration.seconds(86_400)
        return [
            .duration(
                "requestHeadTimeout", "from a request's first octet to its header section's end",
                \.requestHeadTimeout, range),
            .duration(
                "bodyTimeout", "from the header section's end to the body's", \.bodyTimeout, range),
            .bytes(
                "bodyBytesPerSecond", "the least a body may bring on average, after five seconds",
                \.bodyBytesPerSecond, 0...1 << 30),
            .duration(
                "writeTimeout", "how long a peer may take nothing of a response", \.writeTimeout,
                range),
            .duration("idleTimeout", "between requests", \.idleTimeout, range),
        ]
    }

    private static var connectionKeys: [Key<Self>] {
        [
            .count(
                "requestsPerConnection", "after so many the connection is closed, politely",
                \.requestsPerConnection, 1...1_000_000_000),
            .count(
                "connections", "open at one time, over all loops", \.connections, 1...1_000_000),
            .count(
                "connectionsPerPeer", "open at one time from one address", \.connectionsPerPeer,
                1...1_000_000),
        ]
    }

    private static var http2Keys: [Key<Self>] {
        let rate = 0...1_000_000
        let window = 1 << 10...1 << 30
        return [
            .count("streams", "open at one time on one connection", \.streams, 1...10_000),
            .count(
                "streamsPerConnection", "after so many the connection is closed, politely",
                \.streamsPerConnection, 1...1_000_000_000),
            .bytes(
                "streamWindowBytes", "of a body that a peer may send without asking",
                \.streamWindowBytes, window),
            .bytes(
                "connectionWindowBytes", "of bodies that are asked for at one time",
                \.connectionWindowBytes, window),
            .count("resets", "streams that either side may cut off in a burst", \.resets, rate),
            .count(
                "resetsPerSecond", "streams that either side may cut off on and on",
                \.resetsPerSecond, rate),
            .count(
                "controlFrames", "PING and SETTINGS frames in a burst", \.controlFrames, rate),
            .count(
                "controlFramesPerSecond", "PING and SETTINGS frames on and on",
                \.controlFramesPerSecond, rate),
            .count(
                "glitches", "frames that are allowed, but that no decent client sends",
                \.glitches, rate),
        ]
    }
}
