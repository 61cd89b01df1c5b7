extension Reader {
    /// Reads where the original's processor sent events: an object, a URI, or a URI relative to an
    /// object's address.
    func routerDestination(_ destination: Node) -> HTTPSinkSettings? {
        let uri = destination.routerSection("uri")
        guard let ref = destination.routerSection("ref") else {
            guard let uri else {
                error(.missingKey, at: destination.place, "one of 'ref' and 'uri' is needed")
                return nil
            }
            return routerURI(uri).map { HTTPSinkSettings(uri: $0) }
        }
        var sink = HTTPSinkSettings(uri: "")
        sink.reference = routerReference(ref)
        if let uri {
            guard let relative = routerRelativeURI(uri) else { return nil }
            sink.uri = relative
        }
        return sink.reference == nil ? nil : sink
    }

    private func routerReference(_ ref: Node) -> ReferenceSettings? {
        if let group = ref.entry("group"), !group.value.routerText.isEmpty {
            error(
                .invalidValue, at: group.keyPlace, "'group' was never supported",
                hint: "write apiVersion: group/version")
        }
        let missing = ["apiVersion", "kind", "name"].filter { (ref[$0]?.routerText ?? "").isEmpty }
        missingKeys(missing, of: ref)
        guard let version = routerName("apiVersion", of: ref, objectVersion),
            let kind = routerName("kind", of: ref, objectKind),
            let name = routerName("name", of: ref, objectName)
        else { return nil }
        var reference = ReferenceSettings(apiVersion: version, kind: kind, name: name)
        reference.namespace = routerName("namespace", of: ref, namespaceName)
        return reference
    }

    private func routerName(
        _ key: String, of ref: Node, _ parse: (String) throws(Complaint) -> String
    ) -> String? {
        guard let node = ref[key], !node.routerText.isEmpty else { return nil }
        return value(node.routerText, at: node.place, parse)
    }

    private func routerRelativeURI(_ uri: Node) -> String? {
        for key in ["scheme", "host", "opaque"] {
            guard let entry = uri.entry(key), !entry.value.routerText.isEmpty else { continue }
            error(
                .conflict, at: entry.keyPlace, "the URI is absolute, and 'ref' stands beside it",
                hint: "remove one of them")
            return nil
        }
        let text = routerURIPath(uri, isRelative: true)
        return text.isEmpty ? text : value(text, at: uri.place, relativeURI)
    }

    private func routerURI(_ uri: Node) -> String? {
        for key in ["scheme", "host"] where (uri[key]?.routerText ?? "").isEmpty {
            error(.missingKey, at: uri.place, "the key '\(key)' is missing")
        }
        if let opaque = uri["opaque"], !opaque.routerText.isEmpty {
            error(.invalidValue, at: opaque.place, "a sink's URI has no opaque part")
            return nil
        }
        guard let scheme = uri["scheme"]?.routerText, let host = uri["host"]?.routerText,
            !scheme.isEmpty, !host.isEmpty
        else { return nil }
        guard !host.contains(where: { "/?#".contains($0) }) else {
            error(.invalidValue, at: uri.place, "the host holds more than a host and a port")
            return nil
        }
        return value("\(scheme)://\(host)\(routerURIPath(uri))", at: uri.place, sinkURI)
    }
}
