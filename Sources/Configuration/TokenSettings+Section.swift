/// The key `jwt` of an item of an `auth` list.
struct Token: Section {
    private(set) var settings: TokenSettings
    private var keys = TokenKeys()

    static var blank: Self { Self(settings: .blank) }
    static var keys: [Key<Self>] {
        [
            .text("issuer", "the claim iss, whole", \.settings.issuer, isRequired: true),
            .text("audience", "one of the claim aud, whole", \.settings.audience, isRequired: true),
            .values(
                "scopes", "words that the claim scope must have, all of them", \.settings.scopes,
                count: 0...100, item: [("type", .text("string"))], parse: scope, show: { $0 }),
            Key(
                name: "jwks", about: "the issuer's keys, as a JSON Web Key Set", isRequired: true,
                shape: TokenKeys.schema.entries,
                read: { node, token, reader in
                    reader.read(node, into: &token.keys)
                    token.keys.settings.map { token.settings.jwks = $0 }
                },
                show: { token, settings in token.keys.tree(in: settings) }),
            .duration(
                "leeway", "by how much clocks may differ", \.settings.leeway,
                .zero...Duration.seconds(60)),
        ]
    }

    init(_ settings: TokenSettings) {
        self.settings = settings
        keys = TokenKeys(settings.jwks)
    }

    private init(settings: TokenSettings) { self.settings = settings }
}

extension TokenSettings {
    fileprivate static var blank: Self { Self(issuer: "", audience: "", jwks: .file("")) }
}

/// Where an issuer's keys are.
private struct TokenKeys: Section {
    var file: String?
    var url: String?
    var ca: String?

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            .path("file", "a file", \.file),
            Key(
                name: "url", about: "an https URI, or one of http on this machine",
                isRequired: false, shape: [("type", .text("string"))],
                read: { node, keys, reader in
                    keys.url = reader.value(node) { (scalar) throws(Complaint) in
                        try keySetURI(scalar.text)
                    }
                },
                show: { keys, _ in keys.url.map(Tree.text) }),
            .path("ca", "a PEM file with the only authorities to trust at the url", \.ca),
        ]
    }

    init() {}

    init(_ keys: TokenSettings.Keys) {
        switch keys {
        case .file(let path): file = path
        case .url(let url, let authorities): (self.url, ca) = (url, authorities)
        }
    }

    var settings: TokenSettings.Keys? {
        file.map { .file($0) } ?? url.map { .url($0, authorities: ca) }
    }

    func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(of: node, "jwks", known: ["file", "url"], later: [])
        if let entry = node.entry("ca"), node["url"] == nil {
            reader.error(
                .conflict, at: entry.keyPlace, "'ca' has no meaning without 'url'",
                hint: "remove it")
        }
    }
}

/// Whoever can change what comes from there can let himself in, so it must come by TLS.
private func keySetURI(_ text: String) throws(Complaint) -> String {
    let uri = try sinkURI(text)
    guard uri.hasPrefix("http:") else { return uri }
    let authority = uri.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
    let host =
        authority.hasPrefix("[")
        ? authority.prefix { $0 != "]" } + "]"
        : authority.prefix { $0 != ":" }
    let isLocal = host == "localhost" || host == "[::1]" || ipv4Octets(host)?.first == 127
    guard isLocal else {
        throw Complaint("keys can't come by http from another machine", hint: "write https")
    }
    return uri
}

/// Reads one word of a scope.
///
/// Spec: RFC 6749 §3.3
private func scope(_ text: String) throws(Complaint) -> String {
    let isScope = text.utf8.allSatisfy {
        0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    guard isScope, text.utf8.count <= 256 else {
        throw Complaint(
            "\(quoted(text)) is not a scope", hint: "write one word of visible ASCII characters")
    }
    return try nonEmpty(text)
}

extension FailedAttemptSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .count(
                "perMinute", "at once, and then on and on; 0 sets no limit", \.perMinute,
                0...1_000_000)
        ]
    }
}
