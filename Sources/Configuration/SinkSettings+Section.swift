extension SinkSettings: Section {
    static var blank: Self { Self(name: "", target: .uri(HTTPSinkSettings(uri: ""))) }
    static var later: [String] { NotYetSupported.sink }

    static var keys: [Key<Self>] {
        [.name("its name in routes, logs and metrics", \.name)]
            + HTTPSinkSettings.keys.map { $0.inside(\.http, where: \.isHTTP) }
            + [
                .section(
                    "console", "the standard output, an event at a time", \.empty,
                    where: { $0.target == .console }),
                .section(
                    "discard", "nowhere: acknowledged at once", \.empty,
                    where: { $0.target == .discard }),
            ]
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(
            of: node, "a sink", known: ["uri", "console", "discard"], later: ["ref"])
        let kind = ["uri", "console", "discard"].first { node[$0] != nil }
        guard let kind else { return }
        guard kind != "uri" else {
            checkTLS(node, reader)
            return checkDelivery(node, reader)
        }
        target = kind == "console" ? .console : .discard
        let httpKeys = HTTPSinkSettings.keys.map(\.name).filter { $0 != "uri" }
        for entry in node.entries where httpKeys.contains(entry.key) {
            reader.error(
                .conflict, at: entry.keyPlace,
                "'\(entry.key)' has no meaning for the \(kind) sink", hint: "remove it")
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
            .value(
                "uri", "an absolute http or https URI to POST to", \.uri,
                shape: [
                    ("type", .text("string")), ("pattern", .text("^[Hh][Tt][Tt][Pp][Ss]?://")),
                ],
                parse: { (scalar) throws(Complaint) in try sinkURI(scalar.text) },
                show: { .text(withoutQuery($0)) }),
            .choice("contentMode", "how an event is laid out", \.contentMode),
            .choice(
                "headerEncoding", "how attribute values stand in header fields", \.headerEncoding),
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
                where: { $0.uri.hasPrefix("https:") }),
            .section("auth", "how Veer proves who it is", \.authItem),
            .section("signing", "how requests are signed", \.signing),
            .flag(
                "allowPrivateAddresses", "whether it may be at a private or local address",
                \.allowPrivateAddresses),
            .section("webhook", "asks the sink before it's sent anything", \.webhook),
            .optionalText(
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
