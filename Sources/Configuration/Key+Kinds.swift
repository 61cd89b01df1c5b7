extension Key {
    /// `true` or `false`.
    static func flag(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Bool>,
        hasDefault: Bool = true
    ) -> Key {
        var key = value(
            name, about, path, shape: [("type", .text("boolean"))], parse: boolean,
            show: { .literal("\($0)") })
        key.hasDefault = hasDefault
        return key
    }

    /// The path of a file that need not be named.
    static func path(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, String?>
    ) -> Key {
        .optional(name, about, path, parse: filePath)
    }

    /// A text that need not be there and has no default.
    static func optional(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, String?>,
        parse: @escaping (String) throws(Complaint) -> String = nonEmpty
    ) -> Key {
        Key(
            name: name, about: about, isRequired: false, shape: [("type", .text("string"))],
            read: { node, target, reader in
                target[keyPath: path] = reader.value(node) { (scalar) throws(Complaint) in
                    try parse(scalar.text)
                }
            },
            show: { target, _ in target[keyPath: path].map(Tree.text) })
    }

    /// A list of scalars that `parse` understands.
    static func values<Value>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, [Value]>,
        count: ClosedRange<Int>, isRequired: Bool? = nil, item: [(String, Tree)],
        parse: @escaping (String) throws(Complaint) -> Value, show: @escaping (Value) -> String
    ) -> Key {
        Key(
            name: name, about: about, isRequired: isRequired ?? (count.lowerBound > 0),
            shape: [
                ("type", .text("array")), ("minItems", .literal("\(count.lowerBound)")),
                ("maxItems", .literal("\(count.upperBound)")), ("items", .mapping(item)),
            ],
            read: { node, target, reader in
                target[keyPath: path] = (reader.list(node, count: count) ?? []).compactMap { item in
                    reader.value(item) { (scalar) throws(Complaint) in try parse(scalar.text) }
                }
            },
            show: { target, _ in .list(target[keyPath: path].map { .text(show($0)) }) })
    }

    /// A mapping with keys of its own that need not be there.
    static func section<Part: Section>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Part?>
    ) -> Key {
        Key(
            name: name, about: about, isRequired: false, shape: Part.schema.entries,
            read: { node, target, reader in
                var part = Part.blank
                reader.read(node, into: &part)
                target[keyPath: path] = part
            },
            show: { target, settings in target[keyPath: path]?.tree(in: settings) })
    }
}

/// Reads a path; whether anything is there is found out by whoever opens it.
func filePath(_ text: String) throws(Complaint) -> String {
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }), text.utf8.count < 4096 else {
        throw Complaint("\(quoted(text)) is not a path")
    }
    return try nonEmpty(text)
}

private func boolean(_ scalar: Scalar) throws(Complaint) -> Bool {
    guard scalar.isPlain, let flag = Bool(scalar.text) else {
        throw Complaint("\(quoted(scalar.text)) is not a boolean", hint: "write true or false")
    }
    return flag
}
