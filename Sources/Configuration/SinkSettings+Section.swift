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

    /// An HTTP sink's key; the URI is the environment's where that says it.
    private static func outer(_ key: Key<HTTPSinkSettings>) -> Key<Self> {
        key.inside(\.http, where: { $0.isHTTP && (key.name != "uri" || $0.env == nil) })
    }

    private static let kinds = ["uri", "console", "discard", "env"]

    mutating func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(
            of: node, "a sink", known: Self.kinds, later: ["ref"])
        guard let kind = Self.kinds.first(where: { node[$0] != nil }) else { return }
        if kind == "env" { http.readEnvironment(node, reader) }
        guard kind != "uri", kind != "env" else { return checkTLS(node, reader) }
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
                where: { $0.uri.hasPrefix("https:") }),
        ]
    }
}

/// A query often carries a key that lets requests in.
private func withoutQuery(_ uri: String) -> String {
    guard let query = uri.firstIndex(of: "?") else { return uri }
    return uri[..<query] + "?***"
}
