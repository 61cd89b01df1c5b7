public import Webhooks

extension SignatureSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .choice("preset", "the sender; custom, if all is said by the other keys", \.preset),
            .secrets("secrets", "any one may have signed; required but for sns", \.secrets),
            .optional("header", "the field with the signatures", \.header, parse: fieldName),
            .word("algorithm", "what a signature is made with", \.algorithm),
            .word("encoding", "how a signature is written", \.encoding),
            .optional("prefix", "what stands before each signature", \.prefix) { $0 },
            .word("separator", "what stands between signatures", \.separator),
            .payload("payload", "what is signed", \.payload),
            .optional(
                "timestampHeader", "the field with the time", \.timestampHeader, parse: fieldName),
            .optional(
                "timestampPrefix", "what stands before the time among the signatures",
                \.timestampPrefix, parse: nonEmpty),
            .word("timestampUnit", "what the time counts in", \.timestampUnit),
            .optional(
                "idHeader", "the field with the delivery's identifier", \.idHeader,
                parse: fieldName),
            .duration(
                "tolerance", "how far the time may be off; 1h for sns, if left out", \.tolerance,
                .seconds(1)...(.seconds(3600))),
            .word("secretEncoding", "how secrets are written", \.secretEncoding),
            .optional(
                "publicUrl", "the address that the sender was told, without its query",
                \.publicUrl, parse: publicURL),
            .section("sns", "whose messages are taken, of Amazon SNS only", \.sns),
        ]
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        guard preset != .sns else { return checkSNS(node, reader) }
        if let entry = node.entry("sns") {
            reader.error(
                .conflict, at: entry.keyPlace, "'sns' has no meaning without 'preset: sns'",
                hint: "remove it")
        }
        guard node["secrets"] != nil else { return reader.missingKeys(["secrets"], of: node) }
        checkSecrets(node, reader)
        let scheme = scheme
        guard !scheme.header.isEmpty else {
            reader.missingKeys(["header"], of: node)
            return
        }
        guard scheme.algorithm != .token else { return }
        let place = (node["payload"] ?? node).place
        if !scheme.payload.covers(.body) {
            reader.error(
                .conflict, at: place, "the signature doesn't cover the body",
                hint: "write {body} in the payload")
        }
        check(
            scheme.hasTimestamp, against: scheme.payload.covers(.timestamp), "{timestamp}",
            "timestampHeader", at: place, reader)
        check(
            scheme.idHeader != nil, against: scheme.payload.covers(.id), "{id}", "idHeader",
            at: place, reader)
        if scheme.payload.covers(.url), scheme.publicURL.isEmpty {
            reader.error(
                .missingKey, at: node.place, "the key 'publicUrl' is missing",
                hint: "write the address that the sender was told, without its query")
        }
    }

    /// All else is as SNS has it, whose messages may be as old as its attempts to deliver them.
    private mutating func checkSNS(_ node: Node, _ reader: Reader) {
        if node["tolerance"] == nil { tolerance = .seconds(3600) }
        if node["sns"] == nil { reader.missingKeys(["sns"], of: node) }
        for entry in node.entries where !["preset", "tolerance", "sns"].contains(entry.key) {
            reader.error(
                .conflict, at: entry.keyPlace, "'\(entry.key)' has no meaning for Amazon SNS",
                hint: "remove it")
        }
    }

    /// What isn't signed can be changed, and what is signed must be found.
    private func check(
        _ isThere: Bool, against isSigned: Bool, _ part: String, _ key: String, at place: Place,
        _ reader: Reader
    ) {
        guard isThere != isSigned else { return }
        reader.error(
            .conflict, at: place,
            isThere
                ? "the payload has no \(part), so anyone could change what '\(key)' names"
                : "the payload has \(part), but there is no '\(key)'")
    }

    private func checkSecrets(_ node: Node, _ reader: Reader) {
        guard let nodes = node["secrets"]?.items, nodes.count == secrets.count else { return }
        for (node, secret) in zip(nodes, secrets) {
            do throws(SecretUnavailable) {
                _ = try key(of: secret)
            } catch {
                reader.error(
                    .secretUnavailable, at: node.place, error.description,
                    hint: error.description == Self.triedByAnyone
                        ? "write the one that the sender has" : nil)
            }
        }
    }

    private static let triedByAnyone = "the secret is one that anyone would try"
    private static let triedFirst: Set = [
        "***", "changeme", "change-me", "default", "example", "password", "secret", "test",
        "your-secret",
    ]

    /// A secret as a key of the scheme.
    public func key(of secret: Secret) throws(SecretUnavailable) -> SignatureKey {
        guard !Self.triedFirst.contains(secret.text.lowercased()) else {
            throw SecretUnavailable(description: Self.triedByAnyone)
        }
        do throws(SignatureKey.Failure) {
            return try SignatureKey(secret.text, for: scheme)
        } catch {
            throw SecretUnavailable(description: sentence(for: error))
        }
    }

    private func sentence(for failure: SignatureKey.Failure) -> String {
        switch failure {
        case .empty: "the secret is empty"
        case .malformed: "the secret isn't written in \(scheme.secretEncoding.rawValue)"
        case .wrongLength: "the secret is no public key of 32 octets"
        }
    }
}

private func fieldName(_ text: String) throws(Complaint) -> String {
    guard isFieldName(text) else { throw Complaint("\(quoted(text)) is not a field's name") }
    return text.lowercased()
}

/// A query would stand there twice: the one that is sent is what counts.
private func publicURL(_ text: String) throws(Complaint) -> String {
    guard !text.contains("?") else {
        throw Complaint("the URI has a query", hint: "remove '?' and what follows")
    }
    return try sinkURI(text)
}

extension Complaint {
    /// What is wrong with a template.
    init<Place>(_ failure: Template<Place>.Failure, _ hint: String) {
        switch failure {
        case .unbalanced:
            self.init("the template has a half of a pair", hint: "a mark itself is written twice")
        case .unknownPlace(let place):
            self.init("\(quoted("{\(place)}")) is not known here", hint: hint)
        }
    }
}

extension Key {
    /// One of a few words that need not be there.
    fileprivate static func word<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Value?>
    ) -> Key {
        let words = Value.allCases.map(\.rawValue)
        return Key(
            name: name, about: about, isRequired: false,
            shape: [("enum", .list(words.map(Tree.text)))],
            read: { node, target, reader in
                target[keyPath: path] = reader.value(node) { (scalar) throws(Complaint) in
                    guard let value = Value(rawValue: scalar.text) else {
                        throw Complaint(
                            "\(quoted(scalar.text)) is not one of \(words.joined(separator: ", "))",
                            hint: suggestion(for: scalar.text, among: words))
                    }
                    return value
                }
            },
            show: { target, _ in target[keyPath: path].map { .text($0.rawValue) } })
    }

    fileprivate static func payload(
        _ name: String, _ about: String,
        _ path: WritableKeyPath<Target, Template<SignedPart>?>
    ) -> Key {
        Key(
            name: name, about: about, isRequired: false, shape: [("type", .text("string"))],
            read: { node, target, reader in
                target[keyPath: path] = reader.value(node) { (scalar) throws(Complaint) in
                    do throws(Template<SignedPart>.Failure) {
                        return try Template(scalar.text)
                    } catch {
                        throw Complaint(
                            error, "known are body, timestamp, id, url, form and header:NAME")
                    }
                }
            },
            show: { target, _ in target[keyPath: path].map { .text($0.text) } })
    }

    static func secrets(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, [Secret]>
    ) -> Key {
        Key(
            name: name, about: about, isRequired: false,
            shape: [
                ("type", .text("array")), ("minItems", .literal("1")), ("maxItems", .literal("10")),
                ("items", .mapping(SchemaReference.secret)),
            ],
            read: { node, target, reader in
                let items = reader.list(node, count: 1...10) ?? []
                target[keyPath: path] = items.compactMap { reader.secret($0) }
            },
            show: { target, _ in
                let secrets = target[keyPath: path]
                return secrets.isEmpty ? nil : .list(secrets.map { _ in .text("***") })
            },
            hasDefault: false)
    }
}
