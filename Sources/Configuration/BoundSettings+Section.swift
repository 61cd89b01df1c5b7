extension HandshakeSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .values(
                "origins", "who may send: a name, '*.' and what a name ends with, or '*'",
                \.origins, count: 1...100, item: [("type", .text("string"))],
                parse: origin, show: { $0 }),
            .count(
                "rate", "the most requests of each of them in a minute; 0 for no limit", \.rate,
                0...1_000_000),
            .flag(
                "requireOrigin", "whether requests must say which of these they are from",
                \.requiresOrigin),
            .choice(
                "callback", "whether a sender may ask for a later consent", \.callback),
            .values(
                "callbackHosts", "the hosts that are called by 'auto', with a port if not 443",
                \.callbackHosts, count: 0...100, item: [("type", .text("string"))],
                parse: trustedHost, show: { $0 }),
            .path("ca", "a PEM file with the only authorities to trust at callbacks", \.ca),
            .flag(
                "allowPrivateAddresses", "whether callbacks may lead to this machine or nearby",
                \.allowPrivateAddresses),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        guard (callback == .auto) == callbackHosts.isEmpty else { return }
        reader.error(
            .conflict, at: (node["callback"] ?? node["callbackHosts"] ?? node).place,
            "'callback: auto' and 'callbackHosts' need each other",
            hint: "name the hosts that may be called")
    }
}

/// Reads the name of a sending system, which looks like a host's but need not be one.
///
/// Spec: CloudEvents Webhook §4.1.1
private func origin(_ text: String) throws(Complaint) -> String {
    let name = text.hasPrefix("*.") ? text.dropFirst(2) : Substring(text)
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isName = labels.allSatisfy { label in
        1...63 ~= label.utf8.count
            && label.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
    }
    guard text == "*" || isName && text.utf8.count <= 253 else {
        throw Complaint(
            "\(quoted(text)) is not an origin",
            hint: "write a name such as eventgrid.azure.net, *.example.com, or *")
    }
    return text.lowercased()
}

extension RateLimitSettings: Section {
    /// As many at once as in a second.
    static var blank: Self { Self(requestsPerSecond: 0, burst: 0) }

    static var keys: [Key<Self>] {
        var burst = Key<Self>.count(
            "burst", "at once; as many as in a second, if left out", \.burst, 1...1_000_000)
        burst.hasDefault = false
        var rate = Key<Self>.count(
            "requestsPerSecond", "requests in the long run", \.requestsPerSecond, 1...1_000_000)
        rate.isRequired = true
        return [rate, burst]
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        if node["burst"] == nil { burst = requestsPerSecond }
    }
}

extension DuplicateSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .duration(
                "window", "how long an event is remembered; 0s for not at all", \.window,
                .zero...(.seconds(86_400))),
            .count("entries", "how many events are remembered", \.entries, 1...10_000_000),
        ]
    }
}
