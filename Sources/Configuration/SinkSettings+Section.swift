internal import CloudEvents

extension SinkSettings: Section {
    static var blank: Self { Self(name: "", target: .uri(HTTPSinkSettings(uri: ""))) }
    static var later: [String] { NotYetSupported.sink }

    static var keys: [Key<Self>] {
        let name = Key.name("its name in routes, logs and metrics", \Self.name)
        let kinds: [Key<Self>] = [
            .section(
                "console", "the standard output, an event at a time", \.empty,
                where: { $0.target == .console }),
            .section(
                "discard", "nowhere: acknowledged at once", \.empty,
                where: { $0.target == .discard }),
            .section("env", "what the environment says, by K_SINK", \.env),
        ]
        return [name] + HTTPSinkSettings.keys.map(outer) + kinds
    }

    /// An HTTP sink's key; what the environment says is not shown as the configuration's.
    private static func outer(_ key: Key<HTTPSinkSettings>) -> Key<Self> {
        key.inside(
            \.http,
            where: { sink in
                switch key.name {
                case "uri": sink.isHTTP && sink.env == nil
                case "auth": sink.isHTTP && sink.env?.hasToken != true
                default: sink.isHTTP
                }
            })
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        // Beside a reference, 'uri' is relative to its address.
        let kinds = (node["ref"] == nil ? ["uri"] : []) + ["ref", "console", "discard", "env"]
        reader.checkKind(of: node, "a sink", known: kinds, later: [])
        guard let kind = kinds.first(where: { node[$0] != nil }) else { return }
        guard !["uri", "ref", "env"].contains(kind) else {
            if kind == "env" { http.readEnvironment(node, reader) } else { checkURI(node, reader) }
            checkTLS(node, reader)
            return checkDelivery(node, reader)
        }
        target = kind == "console" ? .console : .discard
        let httpKeys = HTTPSinkSettings.keys.map(\.name).filter { !["uri", "ref"].contains($0) }
        for entry in node.entries where httpKeys.contains(entry.key) {
            reader.error(
                .conflict, at: entry.keyPlace,
                "'\(entry.key)' has no meaning for the \(kind) sink", hint: "remove it")
        }
    }

    /// What was not judged before it was known whether there is a reference.
    private func checkURI(_ node: Node, _ reader: Reader) {
        guard let uri = node["uri"], uri.scalar?.isNull == false else { return }
        _ = reader.value(uri) { (scalar) throws(Complaint) in
            try node["ref"] == nil ? sinkURI(scalar.text) : relativeURI(scalar.text)
        }
    }

    private func checkTLS(_ node: Node, _ reader: Reader) {
        guard http.uri.hasPrefix("http:"), let entry = node.entry("tls") else { return }
        reader.error(
            .conflict, at: entry.keyPlace, "'tls' has no meaning for an http URI",
            hint: "write https://, or remove it")
    }

    private func checkDelivery(_ node: Node, _ reader: Reader) {
        if http.auth != nil, let entry = node.entry("auth") {
            reader.warnOfClearText(http.uri, at: entry.keyPlace, "what proves who Veer is")
        }
        if let oidc = http.oidc, oidc.serviceAccount != nil, oidc.audience == nil,
            http.reference?.isCoreService ?? true, let auth = node["auth"]
        {
            reader.error(
                .missingKey, at: (auth["oidc"] ?? auth).place, "the key 'audience' is missing",
                hint: "no object says it here")
        }
        if http.batch != nil {
            for name in ["contentMode", "headerEncoding"] {
                guard let entry = node.entry(name) else { continue }
                reader.error(
                    .conflict, at: entry.keyPlace, "'\(name)' has no meaning beside 'batch'",
                    hint: "remove it; batches are always JSON")
            }
        } else if http.signing != nil, http.contentMode == .binary,
            let entry = node.entry("signing")
        {
            reader.warning(
                .insecure, at: entry.keyPlace,
                "the signature covers the body, and attributes stand in header fields",
                hint: "write contentMode: structured")
        }
    }

    private var isHTTP: Bool {
        if case .uri = target { true } else { false }
    }

    private var http: HTTPSinkSettings {
        get { if case .uri(let http) = target { http } else { HTTPSinkSettings(uri: "") } }
        set { target = .uri(newValue) }
    }

    private var env: SinkBindingSettings? {
        get { isHTTP ? http.env : nil }
        set { http.env = newValue }
    }

    private var empty: EmptySection {
        get { EmptySection() }
        set {}
    }
}

/// A mapping without any key: `{}`.
private struct EmptySection: Section {
    static var blank: Self { Self() }
    static var keys: [Key<Self>] { [] }
}

extension HTTPSinkSettings: Section {
    static var blank: Self { Self(uri: "") }

    static var keys: [Key<Self>] {
        [
            Key(
                name: "uri",
                about: "an absolute http or https URI to POST to; beside 'ref', a relative one",
                isRequired: false, shape: [("type", .text("string"))],
                read: { node, sink, reader in
                    // Whether it's a good one depends on 'ref'; the sink is checked as a whole.
                    let text = reader.value(node) { (scalar) throws(Complaint) in scalar.text }
                    if let text { sink.uri = (try? sinkURI(text)) ?? text }
                },
                show: { sink, _ in sink.uri.isEmpty ? nil : .text(withoutQuery(sink.uri)) }),
            .section("ref", "an object of a Kubernetes cluster to POST to", \.reference),
            .choice("contentMode", "how an event is laid out", \.contentMode),
            .choice(
                "headerEncoding", "how attribute values stand in header fields", \.headerEncoding),
            .section(
                "ceOverrides", "what of an event is another for this sink", \.overrides,
                where: { !$0.ceOverrides.isEmpty }),
            .count(
                "concurrency", "how many requests may be under way at one time", \.concurrency,
                1...10_000),
            .count(
                "queueEvents", "how many events may wait in memory", \.queueEvents, 1...1_000_000),
            .bytes(
                "queueBytes", "how many bytes of events may wait in memory", \.queueBytes,
                64 << 10...1 << 34),
            .section(
                "tls", "whom an https sink must prove to be, and who asks", \.tls,
                where: { $0.uri.hasPrefix("https:") || $0.reference != nil }),
            .section("auth", "how Veer proves who it is", \.authItem),
            .section("signing", "how requests are signed", \.signing),
            .flag(
                "allowPrivateAddresses", "whether it may be at a private or local address",
                \.allowPrivateAddresses),
            .section("webhook", "asks the sink before it's sent anything", \.webhook),
            .optional(
                "ordering", "the attribute whose events keep their order, value by value",
                \.ordering, parse: orderingAttribute),
            .section("batch", "how many events go in one request", \.batch),
            .section(
                "retryBudget", "how many retries it gets beside the first attempts",
                \.retryBudget),
        ]
    }

    private var authItem: SinkAuthItem? {
        get { auth.map(SinkAuthItem.init) }
        set { auth = newValue?.settings }
    }
}

/// A query often carries a key that lets requests in.
func withoutQuery(_ uri: String) -> String {
    guard let query = uri.firstIndex(of: "?") else { return uri }
    return uri[..<query] + "?***"
}
