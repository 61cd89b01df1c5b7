extension VCenterSettings: Section {
    static var blank: Self { Self(address: "", username: "", password: Secret("")) }

    static var keys: [Key<Self>] {
        [
            .text(
                "address", "its URL; https and /sdk are added where they're left out", \.address,
                isRequired: true, parse: vcenterAddress),
            .text("username", "who logs in", \.username, isRequired: true),
            Key(
                name: "password", about: "with which password", isRequired: true,
                shape: SchemaReference.secret,
                read: { node, vcenter, reader in
                    if let secret = reader.secret(node) { vcenter.password = secret }
                },
                show: { _, _ in .text("***") }),
            .section(
                "tls", "how the server proves who it is", \.tls,
                where: { $0.trust != .system }),
            .choice("eventFormat", "how an event becomes a CloudEvent", \.eventFormat),
            .choice("payload", "what an event's data are", \.payload),
            .duration(
                "replay", "how far back events are read after a restart", \.replay,
                .zero...Duration.seconds(7 * 86_400)),
            Key(
                name: "eventTypes", about: "the types that are wanted; all, if left out",
                isRequired: false,
                shape: [
                    ("type", .text("array")),
                    ("items", .mapping([("type", .text("string")), ("minLength", .literal("1"))])),
                ],
                read: { node, vcenter, reader in
                    vcenter.eventTypes = (reader.list(node, count: 0...1_000) ?? []).compactMap {
                        reader.value($0) { (scalar) throws(Complaint) in try nonEmpty(scalar.text) }
                    }
                },
                show: { vcenter, _ in .list(vcenter.eventTypes.map(Tree.text)) }),
            .section("entity", "what they must be of; everything, if left out", \.entity),
        ]
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        if trust == .insecure, let place = node["tls"]?.place {
            reader.warning(.insecure, at: place, "vCenter's certificate is not verified")
        }
        if address.hasPrefix("http:"), let place = node["address"]?.place {
            reader.warning(.insecure, at: place, "the password is sent without encryption")
        }
    }

    private var tls: VCenterTLS {
        get { VCenterTLS(trust, thumbprintFile) }
        set { (trust, thumbprintFile) = (newValue.trust, newValue.thumbprintFile) }
    }
}

/// The section `tls` of a vCenter.
private struct VCenterTLS: Section {
    var ca = ""
    var thumbprint: [UInt8] = []
    var thumbprintFile: String?
    var insecure = false

    init(_ trust: VCenterSettings.Trust, _ thumbprintFile: String? = nil) {
        self.thumbprintFile = thumbprintFile
        switch trust {
        case .system: break
        case .authorities(let path): ca = path
        case .thumbprint(let digest): thumbprint = digest
        case .insecure: insecure = true
        }
    }

    var trust: VCenterSettings.Trust {
        if insecure { return .insecure }
        if !thumbprint.isEmpty { return .thumbprint(thumbprint) }
        return ca.isEmpty ? .system : .authorities(path: ca)
    }

    static var blank: Self { Self(.system) }

    static var keys: [Key<Self>] {
        [
            Key.text("ca", "a PEM file with the only authorities to trust", \.ca)
                .shown { !$0.ca.isEmpty },
            Key(
                name: "thumbprint",
                about: "the SHA-1 or SHA-256 of the only certificate to trust, or {file: path}",
                isRequired: false, shape: SchemaReference.secret,
                read: { node, tls, reader in
                    guard let secret = reader.secret(node) else { return }
                    tls.thumbprintFile = secret.file
                    guard let digest = certificateDigest(secret.text) else {
                        return reader.error(
                            .invalidValue, at: node.place,
                            "the thumbprint is neither a SHA-1 nor a SHA-256",
                            hint: "write its 20 or 32 octets like AA:BB:…")
                    }
                    tls.thumbprint = digest
                },
                show: { tls, _ in
                    if let file = tls.thumbprintFile { return .mapping([("file", .text(file))]) }
                    return .text(tls.thumbprint.map(hex).joined(separator: ":"))
                }
            ).shown { !$0.thumbprint.isEmpty },
            Key.value(
                "insecure", "takes any certificate", \.insecure,
                shape: [("type", .text("boolean"))], parse: flag,
                show: { .literal("\($0)") }
            ).shown { $0.insecure },
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        let said = node.entries.filter { $0.key != "insecure" || insecure }
        guard said.count > 1 else { return }
        reader.error(
            .conflict, at: said[1].keyPlace,
            "'\(said[0].key)' and '\(said[1].key)' can't both say whom to trust",
            hint: "remove one of them")
    }

    private static func hex(_ octet: UInt8) -> String {
        (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
    }

    private static func flag(_ scalar: Scalar) throws(Complaint) -> Bool {
        guard scalar.isPlain, ["true", "false"].contains(scalar.text)
        else { throw Complaint("\(quoted(scalar.text)) is neither true nor false") }
        return scalar.text == "true"
    }
}

extension Key {
    /// The same key, shown where it says something.
    fileprivate func shown(where isShown: @escaping (Target) -> Bool) -> Key {
        Key(
            name: name, about: about, isRequired: isRequired, shape: shape, read: read,
            show: { target, settings in isShown(target) ? show(target, settings) : nil })
    }
}

/// Reads where a vCenter is: `https` and `/sdk` are what nearly everyone means.
func vcenterAddress(_ text: String) throws(Complaint) -> String {
    let absolute = text.contains("://") ? text : "https://" + text
    let address = try sinkURI(absolute)
    guard let start = address.firstRange(of: "://")?.upperBound else { return address }
    let rest = address[start...]
    guard !rest.contains("?") else { throw Complaint("the address holds a query") }
    return rest.contains("/") ? address : address + "/sdk"
}
