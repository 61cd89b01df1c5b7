extension ListenerSettings: Section {
    static var blank: Self { Self(name: "", address: .unix(path: "")) }
    static var later: [String] { NotYetSupported.listener }

    static var keys: [Key<Self>] {
        [
            .name("its name in logs, metrics and sources", \.name),
            .address("address", "where it listens", \.address, isRequired: true),
            .section("limits", "what it refuses", \.limits),
        ]
    }
}

extension ListenerLimits: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] { sizeKeys + timeKeys + connectionKeys }

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
}
