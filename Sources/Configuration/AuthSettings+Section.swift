/// One item of an `auth` list.
private struct AuthItem: Section {
    var basic = Basic()

    static var blank: Self { Self() }
    static var later: [String] { NotYetSupported.auth }
    static var keys: [Key<Self>] { [.section("basic", "a name and a password", \.basic)] }

    func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(of: node, "an item of auth", known: ["basic"], later: Self.later)
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

extension Key {
    /// Ways to prove who one is.
    static func auth(_ about: String, _ path: WritableKeyPath<Target, [AuthSettings]>) -> Key {
        Key(
            name: "auth", about: about, isRequired: false,
            shape: [("type", .text("array")), ("items", AuthItem.schema)],
            read: { node, target, reader in
                target[keyPath: path] = (reader.list(node, count: 0...100) ?? []).map { node in
                    var item = AuthItem()
                    reader.read(node, into: &item)
                    return .basic(username: item.basic.username, password: item.basic.password)
                }
            },
            show: { target, settings in
                .list(
                    target[keyPath: path].map { auth in
                        switch auth {
                        case .basic(let username, let password):
                            let basic = Basic(username: username, password: password)
                            return AuthItem(basic: basic).tree(in: settings)
                        }
                    })
            })
    }
}
