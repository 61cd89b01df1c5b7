/// The mapping that says how a sink is convinced.
struct SinkAuthItem: Section {
    private var basic: SinkBasic?
    private var bearer: Secret?
    private var oauth2: OAuth2Settings?
    private var oidc: OIDCSettings?

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            .section("basic", "a name and a password", \.basic),
            .secret("bearer", "a token", \.bearer),
            .section("oauth2", "tokens of a server, by client credentials", \.oauth2),
            .section("oidc", "tokens of a cluster, by a file or a service account", \.oidc),
        ]
    }

    private init() {}

    init(_ settings: SinkAuthSettings) {
        switch settings {
        case .basic(let username, let password):
            basic = SinkBasic(username: username, password: password)
        case .bearer(let token): bearer = token
        case .oauth2(let settings): oauth2 = settings
        case .oidc(let settings): oidc = settings
        }
    }

    /// What is meant; nothing where no way can be read.
    var settings: SinkAuthSettings? {
        basic.flatMap { basic in
            basic.password.map { .basic(username: basic.username, password: $0) }
        } ?? bearer.map { .bearer($0) } ?? oauth2.map { .oauth2($0) }
            ?? oidc.map { .oidc($0) }
    }

    func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(of: node, "auth", known: Self.keys.map(\.name), later: Self.later)
    }
}

private struct SinkBasic: Section {
    var username = ""
    var password: Secret?

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            .text("username", "the name", \.username, isRequired: true, parse: basicUsername),
            .secret("password", "the password", \.password, isRequired: true),
        ]
    }
}

extension OAuth2Settings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .value(
                "tokenURL", "where tokens are asked for", \.tokenURL, isRequired: true,
                shape: [("type", .text("string"))],
                parse: { (scalar) throws(Complaint) in try sinkURI(scalar.text) },
                show: { .text(withoutQuery($0)) }),
            .text("clientID", "who asks", \.clientID, isRequired: true),
            .secret("clientSecret", "what proves it", \.ownSecret, isRequired: true),
            .optional("scope", "what a token is to be good for", \.scope),
            .optional("audience", "whom a token is for", \.audience),
            .choice(
                "clientAuthentication", "how the server learns who asks", \.clientAuthentication),
            .path("ca", "a PEM file with the only authorities to trust there", \.ca),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        guard let place = node["tokenURL"]?.place else { return }
        reader.warnOfClearText(tokenURL, at: place, "the client's secret")
    }

    private var ownSecret: Secret? {
        get { clientSecret }
        set { if let newValue { clientSecret = newValue } }
    }
}

extension Reader {
    /// Warns of what anyone on the way could read.
    func warnOfClearText(_ uri: String, at place: Place, _ thing: String) {
        guard uri.hasPrefix("http:"), !isLoopback(uri) else { return }
        warning(.insecure, at: place, "\(thing) is sent in clear", hint: "write https://")
    }
}

/// Whether a URI names this machine, whatever names resolve to.
private func isLoopback(_ uri: String) -> Bool {
    let authority = uri.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
    let host = authority.hasPrefix("[") ? authority : authority.prefix { $0 != ":" }
    return host == "localhost" || host.hasPrefix("[::1]") || ipv4Octets(host)?.first == 127
}

extension Key {
    /// A secret, never shown.
    static func secret(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Secret?>,
        isRequired: Bool = false
    ) -> Key {
        Key(
            name: name, about: about, isRequired: isRequired, shape: SchemaReference.secret,
            read: { node, target, reader in target[keyPath: path] = reader.secret(node) },
            show: { target, _ in target[keyPath: path].map { _ in .text("***") } },
            hasDefault: false)
    }
}
