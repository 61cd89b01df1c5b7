internal import CloudEvents
internal import Webhooks

extension Key {
    /// What makes events of requests: a known sender's name, or templates.
    static func adapter(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, AdapterSettings>
    ) -> Key {
        Key(
            name: name, about: about, isRequired: false,
            shape: [("oneOf", .list([.mapping(presetShape), .mapping(templateShape)]))],
            read: { node, target, reader in
                target[keyPath: path] = reader.adapter(node) ?? .none
            },
            show: { target, _ in target[keyPath: path].tree })
    }

    private static var presetShape: [(String, Tree)] {
        [("enum", .list(adapterNames.map(Tree.text)))]
    }

    private static var templateShape: [(String, Tree)] {
        let text = [("type", Tree.text("string"))]
        let attributes: [(String, Tree)] = [
            ("type", .text("object")), ("additionalProperties", .mapping(text)),
            ("required", .list(requiredAttributes.map(Tree.text))),
        ]
        return [
            ("type", .text("object")), ("additionalProperties", .literal("false")),
            ("required", .list([.text("template")])),
            (
                "properties",
                .mapping([("template", .mapping(attributes)), ("each", .mapping(text))])
            ),
        ]
    }
}

private let adapterNames = ["none"] + Adapter.Preset.allCases.map(\.rawValue)
private let requiredAttributes = ["source", "type"]

extension AdapterSettings {
    fileprivate var tree: Tree {
        switch self {
        case .none: return .text("none")
        case .preset(let preset): return .text(preset.rawValue)
        case .template(let adapter):
            let attributes = adapter.attributes.map { ($0.name, Tree.text($0.value.text)) }
            let each = adapter.each.map { [("each", Tree.text($0.description))] } ?? []
            return .mapping(each + [("template", .mapping(attributes))])
        }
    }
}

extension Reader {
    fileprivate func adapter(_ node: Node) -> AdapterSettings? {
        guard case .mapping(let entries) = node.content else { return namedAdapter(node) }
        for entry in entries where !["template", "each"].contains(entry.key) {
            unknownKey(entry, in: node.place, candidates: ["template", "each"])
        }
        guard let template = node["template"] else {
            missingKeys(["template"], of: node)
            return nil
        }
        let attributes = attributes(template)
        var each: JSONPointer?
        if let node = node["each"] {
            each = value(node) { (scalar) throws(Complaint) in try pointer(scalar.text) }
        }
        return .template(Adapter(attributes: attributes, each: each))
    }

    private func namedAdapter(_ node: Node) -> AdapterSettings? {
        value(node) { (scalar) throws(Complaint) in
            if scalar.text == "none" { return AdapterSettings.none }
            guard let preset = Adapter.Preset(rawValue: scalar.text) else {
                throw Complaint(
                    "\(quoted(scalar.text)) is not one of \(adapterNames.joined(separator: ", "))",
                    hint: suggestion(for: scalar.text, among: adapterNames)
                        ?? "write {template: {…}} for any other sender")
            }
            return .preset(preset)
        }
    }

    private func attributes(_ node: Node) -> [Adapter.Attribute] {
        let entries = mapping(node) ?? []
        missingKeys(requiredAttributes.filter { node[$0] == nil }, of: node)
        return entries.compactMap { entry in
            guard isAttributeName(entry.key) else {
                error(
                    .invalidValue, at: entry.keyPlace,
                    "\(quoted(entry.key)) is no attribute that a template can set",
                    hint: "use 1 to 20 lower-case letters and digits; neither data nor"
                        + " specversion")
                return nil
            }
            return value(entry.value) { (scalar) throws(Complaint) in
                Adapter.Attribute(entry.key, try eventTemplate(scalar.text))
            }
        }
    }
}

/// Whether a template may set an attribute of that name.
///
/// Spec: CloudEvents §3.1
private func isAttributeName(_ name: String) -> Bool {
    1...20 ~= name.utf8.count && !["data", "specversion"].contains(name)
        && name.utf8.allSatisfy { $0.isDigit || 0x61...0x7A ~= $0 }
}

private func eventTemplate(_ text: String) throws(Complaint) -> Template<EventPart> {
    do throws(Template<EventPart>.Failure) {
        return try Template(text)
    } catch {
        throw Complaint(
            error,
            "known are header:NAME, json:/POINTER, item:/POINTER, uuid, now, sha256, path and"
                + " 'TEXT'")
    }
}

private func pointer(_ text: String) throws(Complaint) -> JSONPointer {
    guard let pointer = JSONPointer(text) else {
        throw Complaint("\(quoted(text)) is not a JSON pointer", hint: "write it like /alerts")
    }
    return pointer
}
