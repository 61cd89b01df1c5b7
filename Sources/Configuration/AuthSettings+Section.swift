/// One item of an `auth` list.
private struct AuthItem: Section {
    var basic: Basic?
    var bearer: Bearer?
    var jwt: Token?
    var clientCertificate: ClientCertificate?

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            .section("basic", "a name and a password", \.basic),
            .section("bearer", "one of these tokens", \.bearer),
            .section("jwt", "a token that an issuer signed", \.jwt),
            .section(
                "clientCertificate", "a certificate with one of these names", \.clientCertificate),
        ]
    }

    init() {}

    init(_ settings: AuthSettings) {
        switch settings {
        case .basic(let username, let password):
            basic = Basic(username: username, password: password)
        case .bearer(let tokens, let isInQuery): bearer = Bearer(tokens: tokens, query: isInQuery)
        case .jwt(let settings): jwt = Token(settings)
        case .clientCertificate(let names):
            clientCertificate = ClientCertificate(subjectAltNames: names)
        }
    }

    var settings: AuthSettings? {
        basic.map { .basic(username: $0.username, password: $0.password) }
            ?? bearer.map { .bearer(tokens: $0.tokens, isInQuery: $0.query) }
            ?? jwt.map { .jwt($0.settings) }
            ?? clientCertificate.map { .clientCertificate(subjectAltNames: $0.subjectAltNames) }
    }

    func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(
            of: node, "an item of auth", known: Self.keys.map(\.name), later: Self.later)
    }
}

private struct Basic: Section {
    var username = ""
    var password = Secret("")

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            .text("username", "the name", \.username, isRequired: true, parse: basicUsername),
            Key(
                name: "password", about: "the password", isRequired: true,
                shape: SchemaReference.secret,
                read: { node, basic, reader in
                    if let secret = reader.secret(node) { basic.password = secret }
                },
                show: { _, _ in .text("***") }),
        ]
    }
}

private struct Bearer: Section {
    var tokens: [Secret] = []
    var query = false

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            Key(
                name: "tokens", about: "each lets in, so that a new one can be handed out",
                isRequired: true,
                shape: [
                    ("type", .text("array")), ("minItems", .literal("1")),
                    ("maxItems", .literal("100")), ("items", .mapping(SchemaReference.secret)),
                ],
                read: { node, bearer, reader in
                    bearer.tokens = (reader.list(node, count: 1...100) ?? [])
                        .compactMap(reader.secret)
                },
                show: { bearer, _ in .list(bearer.tokens.map { _ in .text("***") }) }),
            .flag("query", "whether access_token in the query counts, too", \.query),
        ]
    }
}

private struct ClientCertificate: Section {
    var subjectAltNames: [String] = []

    static var blank: Self { Self() }
    static var keys: [Key<Self>] {
        [
            .values(
                "subjectAltNames", "hosts, addresses, URIs or mailboxes; one of them must be there",
                \.subjectAltNames, count: 1...1_000, item: [("type", .text("string"))],
                parse: subjectAltName, show: { $0 })
        ]
    }
}

/// Reads the name of basic authentication, which ends at the first colon on the wire.
///
/// Spec: RFC 7617 §2
func basicUsername(_ text: String) throws(Complaint) -> String {
    guard !text.contains(":") else { throw Complaint("a username can't hold ':'") }
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
        throw Complaint("a username can't hold control characters")
    }
    return try nonEmpty(text)
}

/// Reads a name of a certificate, which is compared whole: a pattern would match nobody.
///
/// Spec: RFC 5280 §4.2.1.6
private func subjectAltName(_ text: String) throws(Complaint) -> String {
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), text.utf8.count <= 1024 else {
        throw Complaint(
            "\(quoted(text)) is not a certificate's name",
            hint: "write a host, an address, a URI or a mailbox, in ASCII")
    }
    guard !text.contains("*") else {
        throw Complaint("\(quoted(text)) holds '*'", hint: "write each name in full")
    }
    return try nonEmpty(text)
}

extension Key {
    /// Ways to prove who one is.
    static func auth(_ about: String, _ path: WritableKeyPath<Target, [AuthSettings]>) -> Key {
        Key(
            name: "auth", about: about, isRequired: false,
            shape: [("type", .text("array")), ("items", AuthItem.schema)],
            read: { node, target, reader in
                let items = reader.list(node, count: 0...100) ?? []
                target[keyPath: path] = items.compactMap { node in
                    var item = AuthItem()
                    reader.read(node, into: &item)
                    return item.settings
                }
            },
            show: { target, settings in
                .list(target[keyPath: path].map { AuthItem($0).tree(in: settings) })
            })
    }
}

extension Reader {
    /// The keys that let in in one way, of whatever has an `auth` list.
    func authEntries(_ way: String, in node: Node) -> [Node.Entry] {
        (node["auth"]?.items ?? []).flatMap { item in item.entries.filter { $0.key == way } }
    }
}
