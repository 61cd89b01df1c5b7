extension ListenerTLSSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .choice("policy", "which versions and ciphers are offered", \.policy),
            .list(
                "certificates", "who it says it is; the first is for clients that name no host",
                \.certificates, count: 1...100),
            .section("clients", "whether clients prove who they are", \.clients),
            .duration(
                "handshakeTimeout", "from a connection's start to the end of its handshake",
                \.handshakeTimeout, .milliseconds(10)...Duration.seconds(86_400)),
            .count(
                "handshakes", "handshakes under way at one time, over all loops", \.handshakes,
                1...1_000_000),
        ]
    }
}

extension CertificateSettings: Section {
    static var blank: Self { Self(certificate: "", key: "") }

    static var keys: [Key<Self>] {
        [
            .text(
                "certificate", "a PEM file: the certificate, then those that lead to its authority",
                \.certificate, isRequired: true, parse: filePath),
            .text(
                "key", "a PEM file with the certificate's private key", \.key, isRequired: true,
                parse: filePath),
        ]
    }
}

extension ClientCertificateSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .choice("mode", "what is asked of a client", \.mode),
            .path("ca", "a PEM file with the authorities of their certificates", \.ca),
            .path("crl", "a PEM file with those authorities' lists of revoked certificates", \.crl),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        // Of a mode that can't be read, nothing follows.
        if let text = node["mode"]?.scalar?.text, Mode(rawValue: text) == nil { return }
        if mode != .off, node["ca"] == nil {
            reader.error(
                .missingKey, at: node.place, "the key 'ca' is missing",
                hint: "name the authorities whose certificates are taken")
        }
        for entry in node.entries where mode == .off && ["ca", "crl"].contains(entry.key) {
            reader.error(
                .conflict, at: entry.keyPlace, "'\(entry.key)' has no meaning where 'mode' is off",
                hint: "remove it, or write mode: optional or required")
        }
    }
}

extension SinkTLSSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .path("ca", "a PEM file with the only authorities to trust", \.ca),
            .optional(
                "CACerts", "the only authorities to trust, as PEM; in place of 'ca'",
                \.authorities, parse: certificates),
            .path(
                "certificate", "a PEM file: our certificate, then those that lead to its authority",
                \.certificate),
            .path("key", "a PEM file with our certificate's private key", \.key),
            .flag("insecure", "take any certificate of the sink's", \.isInsecure),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        for (one, other) in [("certificate", "key"), ("key", "certificate")]
        where node[one] != nil && node[other] == nil {
            reader.error(.missingKey, at: node.place, "'\(one)' needs '\(other)' beside it")
        }
        if let entry = node.entry("CACerts"), node["ca"] != nil {
            reader.error(
                .conflict, at: entry.keyPlace, "'ca' and 'CACerts' can't both say whom to trust",
                hint: "remove one of them")
        }
        guard isInsecure, let place = node["insecure"]?.place else { return }
        reader.warning(
            .insecure, at: place, "the sink's certificate is not verified",
            hint: "name its authority by 'ca' instead")
        if let entry = node.entry("ca") ?? node.entry("CACerts") {
            reader.error(
                .conflict, at: entry.keyPlace,
                "'\(entry.key)' has no meaning beside 'insecure: true'",
                hint: "remove one of them")
        }
    }
}

/// Takes a text in which there is a certificate; whether it's a good one is found out when it's
/// used.
private func certificates(_ text: String) throws(Complaint) -> String {
    guard text.contains("-----BEGIN CERTIFICATE-----"), text.utf8.count <= 256 * 1024 else {
        throw Complaint(
            "this is no certificate as PEM, or too many", hint: "name their file by 'ca' instead")
    }
    return text
}
