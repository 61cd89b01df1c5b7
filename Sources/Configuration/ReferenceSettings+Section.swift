extension ReferenceSettings: Section {
    static var blank: Self { Self(apiVersion: "", kind: "", name: "") }

    static var keys: [Key<Self>] {
        [
            .text(
                "apiVersion", "its group and version, such as eventing.knative.dev/v1",
                \.apiVersion, isRequired: true, parse: objectVersion),
            .text("kind", "its kind, such as Broker", \.kind, isRequired: true, parse: objectKind),
            .text("name", "its name", \.name, isRequired: true, parse: objectName),
            .optional(
                "namespace", "its namespace; kubernetes.namespace, if left out", \.namespace,
                parse: namespaceName),
            .optional(
                "address", "the name of one of its addresses; the first, if left out", \.address),
            Key(
                name: "port", about: "of a Service of the core; the scheme's, if left out",
                isRequired: false,
                shape: [
                    ("type", .text("integer")), ("minimum", .literal("1")),
                    ("maximum", .literal("65535")),
                ],
                read: { node, reference, reader in
                    reference.port = reader.value(node) { (scalar) throws(Complaint) in
                        guard scalar.isPlain, let port = Int(scalar.text), 1...65_535 ~= port
                        else { throw Complaint("\(quoted(scalar.text)) is not a port") }
                        return port
                    }
                },
                show: { reference, _ in reference.port.map { .literal("\($0)") } }),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        for (key, isMeant) in [("port", isCoreService), ("address", !isCoreService)]
        where !isMeant {
            guard let entry = node.entry(key) else { continue }
            reader.error(
                .conflict, at: entry.keyPlace,
                isCoreService
                    ? "a Service of the core has one address"
                    : "only a Service of the core has a 'port' here; others have addresses",
                hint: "remove it")
        }
    }
}

extension KubernetesSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .path("kubeconfig", "a kubeconfig; what a pod has, if left out", \.kubeconfig),
            .text(
                "serviceAccountPath", "where a pod's service account has its files",
                \.serviceAccountPath, parse: filePath),
            .optional(
                "namespace", "of what is named without one; the pod's own, if left out",
                \.namespace, parse: namespaceName),
            .optional(
                "clusterDomain",
                "what the names of Services end with; read from"
                    + " /etc/resolv.conf, if left out", \.clusterDomain, parse: objectName),
            .duration(
                "timeout", "for one request to the API server", \.timeout,
                .seconds(1)...(.seconds(300))),
        ]
    }
}

/// Reads `v1` or `group/version`.
func objectVersion(_ text: String) throws(Complaint) -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isVersion = parts.last.map { $0.hasPrefix("v") && isLabel($0) } ?? false
    let isGroup = parts.count == 1 || parts.count == 2 && isSubdomain(String(parts[0]))
    guard isVersion, isGroup else {
        throw Complaint(
            "\(quoted(text)) is not an apiVersion", hint: "write it like eventing.knative.dev/v1")
    }
    return text
}

/// Reads a kind.
func objectKind(_ text: String) throws(Complaint) -> String {
    guard 1...63 ~= text.utf8.count, text.utf8.allSatisfy(\.isLetterOrDigit) else {
        throw Complaint("\(quoted(text)) is not a kind", hint: "write it like Broker")
    }
    return text
}

/// Reads the name of an object.
func objectName(_ text: String) throws(Complaint) -> String {
    guard isSubdomain(text) else {
        throw Complaint(
            "\(quoted(text)) is not the name of an object",
            hint: "use lower-case letters, digits, '-' and '.'")
    }
    return text
}

/// Reads the name of a namespace.
func namespaceName(_ text: String) throws(Complaint) -> String {
    guard isLabel(text[...]) else {
        throw Complaint(
            "\(quoted(text)) is not a namespace",
            hint: "use 1 to 63 lower-case letters, digits and '-'")
    }
    return text
}

private func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253
        && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
}

/// Whether it's what a name of DNS consists of.
///
/// Spec: RFC 1123 §2.1
private func isLabel(_ text: Substring) -> Bool {
    1...63 ~= text.utf8.count && !text.hasPrefix("-") && !text.hasSuffix("-")
        && text.utf8.allSatisfy {
            $0.isDigit || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "-")
        }
}

/// Reads what is resolved against an object's address: a path, a query, or both.
///
/// Spec: RFC 3986 §4.2
func relativeURI(_ text: String) throws(Complaint) -> String {
    guard !isAbsolute(text) else {
        throw Complaint(
            "the URI is absolute, and 'ref' stands beside it",
            hint: "remove 'ref', or write what is relative to its address, like /update",
            code: .conflict)
    }
    guard !text.hasPrefix("//") else {
        throw Complaint("the URI names another host than 'ref' does", hint: "begin with one '/'")
    }
    guard !text.utf8.contains(UInt8(ascii: "#")) else {
        throw Complaint("the URI has a fragment", hint: "remove '#' and what follows")
    }
    guard areURIOctets(text, besides: pathPunctuation + "?"), 1...4_096 ~= text.utf8.count else {
        throw Complaint(
            "the URI holds a character that no URI may hold, or none",
            hint: "percent-encode it, or remove the key")
    }
    return text
}

/// Whether a text begins with a scheme.
///
/// Spec: RFC 3986 §3.1
func isAbsolute(_ text: String) -> Bool {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
    let scheme = text[..<colon].utf8
    return (scheme.first.map { $0.isLetterOrDigit && !$0.isDigit } ?? false)
        && scheme.allSatisfy {
            $0.isLetterOrDigit || [0x2B, 0x2D, 0x2E].contains($0)
        }
}
