internal import CloudEvents

/// The section `ceOverrides` of a sink.
///
/// Spec: Knative CloudEventOverrides §v1
struct SinkOverrides: Section {
    var extensions: ExtensionOverrides

    static var blank: Self { Self(extensions: ExtensionOverrides()) }

    static var keys: [Key<Self>] {
        [
            Key(
                name: "extensions", about: "extension attributes to set, whatever an event has",
                isRequired: false,
                shape: [
                    ("type", .text("object")),
                    ("propertyNames", .mapping([("pattern", .text("^[a-z0-9]+$"))])),
                    ("maxProperties", .literal("\(ExtensionOverrides.itemsLimit)")),
                    (
                        "additionalProperties",
                        .mapping([
                            ("type", .list(["string", "number", "boolean"].map(Tree.text)))
                        ])
                    ),
                ],
                read: { node, target, reader in
                    reader.overrides(node, into: &target.extensions)
                },
                show: { target, _ in
                    .mapping(target.extensions.items.map { ($0.name, .text($0.value)) })
                })
        ]
    }
}

extension HTTPSinkSettings {
    /// What the section holds.
    var overrides: SinkOverrides {
        get { SinkOverrides(extensions: ceOverrides) }
        set { ceOverrides = newValue.extensions }
    }
}

extension Reader {
    /// Reads names and values of extension attributes.
    ///
    /// - Parameter keepsOld: leaves those alone that are there already.
    func overrides(
        _ node: Node, into overrides: inout ExtensionOverrides, keepsOld: Bool = false
    ) {
        for entry in mapping(node) ?? [] {
            if keepsOld, overrides.items.contains(where: { $0.name == entry.key }) { continue }
            guard !ExtensionOverrides.isReserved(entry.key) else {
                error(
                    .conflict, at: entry.keyPlace,
                    "\(quoted(entry.key)) is not an extension attribute, and stays what it is",
                    hint: "override extension attributes only")
                continue
            }
            guard let text = value(entry.value, parse: { (scalar) in scalar.text }) else {
                continue
            }
            do throws(EventFailure) {
                try overrides.add(entry.key, text)
            } catch {
                self.error(
                    .invalidValue, at: entry.keyPlace,
                    error.code == .attributesTooMany
                        ? "more than \(ExtensionOverrides.itemsLimit) attributes"
                        : String(error.sentence.dropLast()))
            }
        }
    }
}
