internal import Filters

extension Key {
    /// A route's filters: a list of which all must match, or a mapping of attributes.
    static func filters(
        _ name: String, _ about: String, _ path: WritableKeyPath<Target, Filter?>
    ) -> Key {
        Key(
            name: name, about: about, isRequired: false, shape: SchemaReference.filters,
            read: { node, target, reader in target[keyPath: path] = reader.filter(node) },
            show: { target, _ in
                switch target[keyPath: path]?.expression {
                case nil: nil
                case .all(let items): .list(items.map(\.tree))
                case let expression?: expression.tree.entries.first?.1
                }
            })
    }
}

/// The kinds of filters, by their names in the configuration.
private enum Dialect: String, CaseIterable {
    case exact, prefix, suffix, all, any, not, cesql
    /// How the CloudEvents Subscriptions API calls `cesql`.
    case sql
}

extension Reader {
    /// Reads a route's filters; nil for those that let everything pass, and after reporting a
    /// mistake.
    fileprivate func filter(_ node: Node) -> Filter? {
        guard case .mapping = node.content else {
            guard let items = filters(node, count: 0...Filter.nodesLimit), !items.isEmpty else {
                return nil
            }
            return filter(.all(items), at: node.place)
        }
        if let entry = node.entries.first(where: { Dialect(rawValue: $0.key) != nil }) {
            error(
                .wrongType, at: entry.keyPlace, "'\(entry.key)' belongs in a list of filters",
                hint: "write '- \(entry.key): …'")
            return nil
        }
        return attributes(node, FilterExpression.attributes).flatMap { filter($0, at: node.place) }
    }

    /// Reads filters; nil after reporting the mistakes in any of them.
    private func filters(_ node: Node, count: ClosedRange<Int>) -> [FilterExpression]? {
        list(node, count: count).flatMap { all($0.map(expression)) }
    }

    private func all<Part>(_ parts: [Part?]) -> [Part]? {
        let read = parts.compactMap(\.self)
        return read.count == parts.count ? read : nil
    }

    /// Reads a mapping of one dialect; nil after reporting a mistake.
    private func expression(_ node: Node) -> FilterExpression? {
        guard let entries = mapping(node) else { return nil }
        let words = Dialect.allCases.map(\.rawValue)
        for entry in entries where Dialect(rawValue: entry.key) == nil {
            unknownKey(entry, in: node.place, candidates: words)
        }
        let known = entries.compactMap { entry in
            Dialect(rawValue: entry.key).map { ($0, entry.value) }
        }
        guard let (dialect, value) = known.first, known.count == 1 else {
            if known.count > 1 || entries.isEmpty {
                error(
                    .conflict, at: node.place,
                    "a filter is exactly one of \(words.joined(separator: ", "))")
            }
            return nil
        }
        return expression(dialect, value)
    }

    private func expression(_ dialect: Dialect, _ node: Node) -> FilterExpression? {
        switch dialect {
        case .exact: attributes(node, FilterExpression.exact)
        case .prefix: attributes(node, FilterExpression.prefix)
        case .suffix: attributes(node, FilterExpression.suffix)
        case .all: filters(node, count: 1...Filter.nodesLimit).map(FilterExpression.all)
        case .any: filters(node, count: 1...Filter.nodesLimit).map(FilterExpression.any)
        case .not: expression(node).map(FilterExpression.not)
        case .cesql, .sql: cesql(node)
        }
    }

    /// Reads attributes and texts, and checks each of them alone, so that a mistake has its place.
    private func attributes(
        _ node: Node, _ comparison: ([FilterExpression.Attribute]) -> FilterExpression
    ) -> FilterExpression? {
        guard let entries = mapping(node) else { return nil }
        guard !entries.isEmpty else {
            return filter(comparison([]), at: node.place)?.expression
        }
        let attributes = entries.map { entry -> FilterExpression.Attribute? in
            guard let scalar = entry.value.scalar, !scalar.isNull else {
                wrongType(entry.value, expected: "a single value")
                return nil
            }
            let attribute = FilterExpression.Attribute(entry.key, scalar.text)
            let isFilter = filter(comparison([attribute]), at: entry.value.place) != nil
            return isFilter ? attribute : nil
        }
        return all(attributes).map(comparison)
    }

    private func cesql(_ node: Node) -> FilterExpression? {
        guard let scalar = node.scalar, !scalar.isNull else {
            wrongType(node, expected: "an expression")
            return nil
        }
        let filter = filter(.cesql(scalar.text), at: node.place)
        for doubt in filter?.doubts ?? [] {
            warning(
                .ambiguous, at: node.place.moved(by: doubt.offset, in: scalar.text, source),
                doubt.sentence)
        }
        return filter?.expression
    }

    private func filter(_ expression: FilterExpression, at place: Place) -> Filter? {
        do throws(FilterFailure) {
            return try Filter(expression)
        } catch {
            var place = place
            if case .cesql(let text) = expression, let offset = error.offset {
                place = place.moved(by: offset, in: text, source)
            }
            self.error(.invalidValue, at: place, error.sentence)
            return nil
        }
    }
}

extension Place {
    /// The place of a character inside a scalar, where the scalar stands in its line as it's read;
    /// else the scalar's own.
    fileprivate func moved(by offset: Int, in text: String, _ source: SourceText?) -> Place {
        let written = (source?.line(line) ?? "").unicodeScalars.dropFirst(column - 1)
        let before = text.unicodeScalars.prefix(offset)
        let quote = written.starts(with: before) ? 0 : 1
        guard written.dropFirst(quote).starts(with: before) else { return self }
        return Place(line: line, column: column + quote + offset, path: path)
    }
}

extension FilterExpression {
    /// The mapping that a configuration has.
    fileprivate var tree: Tree {
        switch self {
        case .exact(let attributes): .mapping([("exact", Self.tree(attributes))])
        case .prefix(let attributes): .mapping([("prefix", Self.tree(attributes))])
        case .suffix(let attributes): .mapping([("suffix", Self.tree(attributes))])
        case .attributes(let attributes): .mapping([("attributes", Self.tree(attributes))])
        case .all(let parts): .mapping([("all", .list(parts.map(\.tree)))])
        case .any(let parts): .mapping([("any", .list(parts.map(\.tree)))])
        case .not(let part): .mapping([("not", part.tree)])
        case .cesql(let text): .mapping([("cesql", .text(text))])
        }
    }

    private static func tree(_ attributes: [Attribute]) -> Tree {
        .mapping(attributes.map { ($0.name, .text($0.value)) })
    }
}

extension SchemaReference {
    /// A list of filters or a mapping of attributes.
    static let filters: [(String, Tree)] = [
        (
            "oneOf",
            .list([
                .mapping([("type", .text("array")), ("items", .mapping(reference(to: "filter")))]),
                .mapping(reference(to: "attributes")),
            ])
        )
    ]

    static let attributes: [(String, Tree)] = [
        ("type", .text("object")), ("minProperties", .literal("1")),
        ("propertyNames", .mapping([("pattern", .text("^[a-z][a-z0-9]*$"))])),
        (
            "additionalProperties",
            .mapping([("type", .list(["string", "number", "boolean"].map(Tree.text)))])
        ),
    ]

    /// A mapping of one dialect.
    static var filter: [(String, Tree)] {
        let list = Tree.mapping([
            ("type", .text("array")), ("minItems", .literal("1")),
            ("items", .mapping(reference(to: "filter"))),
        ])
        return [
            ("type", .text("object")), ("additionalProperties", .literal("false")),
            ("minProperties", .literal("1")), ("maxProperties", .literal("1")),
            (
                "properties",
                .mapping(
                    Dialect.allCases.map { dialect in
                        switch dialect {
                        case .exact, .prefix, .suffix:
                            (dialect.rawValue, .mapping(reference(to: "attributes")))
                        case .all, .any: (dialect.rawValue, list)
                        case .not: (dialect.rawValue, .mapping(reference(to: "filter")))
                        case .cesql, .sql:
                            (dialect.rawValue, .mapping([("type", .text("string"))]))
                        }
                    })
            ),
        ]
    }
}
