/// A part of the configuration: a mapping with fixed keys.
///
/// Its table of keys is all there is to say of them: from it the part is read, shown and described.
protocol Section {
    /// All defaults; what has none holds a value that no configuration can have.
    static var blank: Self { get }
    /// The keys, in the order in which they are shown.
    static var keys: [Key<Self>] { get }
    /// Keys that belong here but that only later versions understand.
    static var later: [String] { get }
    /// Checks what several keys have to do with each other; called after all were read.
    mutating func check(_ node: Node, _ reader: Reader)
    /// The mapping as it is shown.
    func tree(in settings: Settings) -> Tree
}

extension Section {
    static var later: [String] { [] }
    mutating func check(_ node: Node, _ reader: Reader) {}

    func tree(in settings: Settings) -> Tree { .mapping(keyValues(in: settings)) }

    func keyValues(in settings: Settings) -> [(String, Tree)] {
        Self.keys.compactMap { key in key.show(self, settings).map { (key.name, $0) } }
    }

    /// The mapping as a JSON Schema.
    static var schema: Tree {
        let required = keys.filter(\.isRequired).map { Tree.text($0.name) }
        let properties = keys.map { key in (key.name, Tree.mapping(key.schema(of: blank))) }
        return .mapping(
            [("type", .text("object")), ("additionalProperties", .literal("false"))]
                + (required.isEmpty ? [] : [("required", .list(required))])
                + [("properties", .mapping(properties))])
    }
}

/// One key of a ``Section``.
struct Key<Target> {
    let name: String
    let about: String
    var isRequired: Bool
    /// What a value may be, in the words of JSON Schema.
    let shape: [(String, Tree)]
    /// Reads a value into its place, or reports why it can't.
    let read: (Node, inout Target, Reader) -> Void
    /// What the configuration says here; nil where the key has no place.
    let show: (Target, Settings) -> Tree?
    /// Whether what a blank target shows is the default, whatever stands beside the key.
    var hasDefault = true

    fileprivate func schema(of blank: Target) -> [(String, Tree)] {
        var schema = shape + [("description", .text(about))]
        switch isRequired || !hasDefault ? nil : show(blank, Settings()) {
        case .text(let text): schema.append(("default", .text(text)))
        case .literal(let text):
            let isJSON = text.utf8.allSatisfy(\.isDigit) || ["true", "false"].contains(text)
            schema.append(("default", isJSON ? .literal(text) : .text(text)))
        default: break
        }
        return schema
    }

    /// The same key of a value inside another.
    func inside<Outer>(
        _ path: WritableKeyPath<Outer, Target>, where isShown: @escaping (Outer) -> Bool
    ) -> Key<Outer> {
        Key<Outer>(
            name: name, about: about, isRequired: isRequired, shape: shape,
            read: { node, outer, reader in read(node, &outer[keyPath: path], reader) },
            show: { outer, settings in isShown(outer) ? show(outer[keyPath: path], settings) : nil
            },
            hasDefault: hasDefault)
    }
}

extension Key {
    /// A key whose value is a scalar that `parse` understands.
    static func value<Value>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Value>,
        isRequired: Bool = false, shape: [(String, Tree)],
        parse: @escaping (Scalar) throws(Complaint) -> Value, show: @escaping (Value) -> Tree
    ) -> Key {
        Key(
            name: name, about: about, isRequired: isRequired, shape: shape,
            read: { node, target, reader in
                if let value = reader.value(node, parse: parse) { target[keyPath: path] = value }
            },
            show: { target, _ in show(target[keyPath: path]) })
    }

    /// A text that `parse` takes.
    static func text(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, String>,
        isRequired: Bool = false, shape: [(String, Tree)] = [("type", .text("string"))],
        parse: @escaping (String) throws(Complaint) -> String = nonEmpty
    ) -> Key {
        .value(
            name, about, path, isRequired: isRequired, shape: shape,
            parse: { (scalar) throws(Complaint) in try parse(scalar.text) }, show: Tree.text)
    }

    /// The name of a listener, source, sink or route.
    static func name(_ about: String, _ path: WritableKeyPath<Target, String>) -> Key {
        .text(
            "name", about, path, isRequired: true, shape: SchemaReference.name,
            parse: Configuration.name)
    }

    /// One of a few words.
    static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Value>
    ) -> Key {
        let words = Value.allCases.map(\.rawValue)
        return .value(
            name, about, path, shape: [("enum", .list(words.map(Tree.text)))],
            parse: { (scalar) throws(Complaint) in
                guard let value = Value(rawValue: scalar.text) else {
                    throw Complaint(
                        "\(quoted(scalar.text)) is not one of \(words.joined(separator: ", "))",
                        hint: suggestion(for: scalar.text, among: words))
                }
                return value
            },
            show: { .text($0.rawValue) })
    }

    /// A word that must stand there.
    static func constant(_ name: String, _ about: String, _ word: String) -> Key {
        Key(
            name: name, about: about, isRequired: true, shape: [("const", .text(word))],
            read: { node, _, reader in
                _ = reader.value(node) { (scalar) throws(Complaint) in
                    guard scalar.text == word else {
                        throw Complaint("\(quoted(scalar.text)) is not '\(word)'")
                    }
                }
            },
            show: { _, _ in .text(word) })
    }

    /// A whole number.
    static func count(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Int>,
        _ range: ClosedRange<Int>
    ) -> Key {
        .value(
            name, about, path,
            shape: [
                ("type", .text("integer")), ("minimum", .literal("\(range.lowerBound)")),
                ("maximum", .literal("\(range.upperBound)")),
            ],
            parse: { (scalar) throws(Complaint) in
                try bounded(try wholeNumber(scalar), range) { String($0) }
            },
            show: { .literal("\($0)") })
    }

    /// A size in bytes.
    static func bytes(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Int>,
        _ range: ClosedRange<Int>
    ) -> Key {
        .value(
            name, about, path, shape: SchemaReference.bytes,
            parse: { (scalar) throws(Complaint) in
                try bounded(try byteCount(scalar), range, show: byteCountText)
            },
            show: { .literal(byteCountText($0)) })
    }

    /// A length of time.
    static func duration(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Duration>,
        _ range: ClosedRange<Duration>
    ) -> Key {
        .value(
            name, about, path, shape: SchemaReference.duration,
            parse: { (scalar) throws(Complaint) in
                try bounded(try Configuration.duration(scalar), range, show: durationText)
            },
            show: { .literal(durationText($0)) })
    }

    /// An address to listen on.
    static func address(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, ListenAddress>,
        isRequired: Bool = false
    ) -> Key {
        .value(
            name, about, path, isRequired: isRequired, shape: SchemaReference.address,
            parse: { (scalar) throws(Complaint) in try ListenAddress(configured: scalar.text) },
            show: { .text($0.description) })
    }

    /// A mapping with keys of its own.
    static func section<Part: Section>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Part>,
        isRequired: Bool = false, where isShown: @escaping (Target) -> Bool = { _ in true }
    ) -> Key {
        Key(
            name: name, about: about, isRequired: isRequired, shape: Part.schema.entries,
            read: { node, target, reader in reader.read(node, into: &target[keyPath: path]) },
            show: { target, settings in
                isShown(target) ? target[keyPath: path].tree(in: settings) : nil
            })
    }

    /// A list of mappings; an item that can't be read keeps its place.
    static func list<Part: Section>(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, [Part]>,
        count: ClosedRange<Int>
    ) -> Key {
        Key(
            name: name, about: about, isRequired: count.lowerBound > 0,
            shape: [
                ("type", .text("array")), ("minItems", .literal("\(count.lowerBound)")),
                ("maxItems", .literal("\(count.upperBound)")), ("items", Part.schema),
            ],
            read: { node, target, reader in
                target[keyPath: path] = (reader.list(node, count: count) ?? []).map { item in
                    var part = Part.blank
                    reader.read(item, into: &part)
                    return part
                }
            },
            show: { target, settings in
                .list(target[keyPath: path].map { $0.tree(in: settings) })
            })
    }

    /// A list of names of other things, which are looked up when all are known.
    static func names(
        _ name: String, _ about: String, isRequired: Bool = false,
        show: @escaping (Target, Settings) -> [String]
    ) -> Key {
        Key(
            name: name, about: about, isRequired: isRequired, shape: SchemaReference.names,
            read: { node, _, reader in reader.names(node) },
            show: { target, settings in .list(show(target, settings).map(Tree.text)) })
    }
}

/// Takes any text but an empty one.
func nonEmpty(_ text: String) throws(Complaint) -> String {
    guard !text.isEmpty else { throw Complaint("the text is empty") }
    return text
}
