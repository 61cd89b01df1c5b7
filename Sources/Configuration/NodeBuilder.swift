internal import Yams

/// Makes ``Node``s of the library's nodes and refuses what no configuration needs.
struct NodeBuilder {
    private let reader: Reader
    /// The names of keys that were renamed to get past duplicates.
    private let names: [Position: String]
    private var anchors: Set<ObjectIdentifier> = []
    private var expansionsLeft = YAMLDocument.expansionsLimit
    private var valuesLeft = YAMLDocument.valuesLimit
    private var gaveUp = false

    init(reader: Reader, names: [Position: String]) {
        self.reader = reader
        self.names = names
    }

    /// Nil where a limit was reached; that is reported once.
    mutating func node(_ node: Yams.Node, at path: Path, depth: Int) -> Node? {
        let place = place(of: node, path)
        guard isWithinLimits(node, place, depth) else { return nil }
        switch node {
        case .scalar(let scalar):
            checkTag(scalar.tag, .str, place)
            let text = Scalar(text: scalar.string, isPlain: scalar.style == .plain)
            return Node(place: place, content: .scalar(text))
        case .sequence(let sequence):
            checkTag(sequence.tag, .seq, place)
            let items = sequence.enumerated().compactMap { index, item in
                self.node(item, at: .item(index, of: path), depth: depth + 1)
            }
            return gaveUp ? nil : Node(place: place, content: .list(items))
        case .mapping(let mapping):
            checkTag(mapping.tag, .map, place)
            let entries = entries(mapping, at: place, depth: depth)
            return gaveUp ? nil : Node(place: place, content: .mapping(entries))
        case .alias: return nil  // The parser puts what an alias stands for in its place.
        }
    }

    private mutating func entries(
        _ mapping: Yams.Node.Mapping, at place: Place, depth: Int
    ) -> [Node.Entry] {
        var lines: [String: Int] = [:]
        var entries: [Node.Entry] = []
        for (key, value) in mapping {
            let keyPlace = self.place(of: key, place.path)
            guard !gaveUp, let name = keyName(key, keyPlace) else { continue }
            if let line = lines[name] {
                reader.error(
                    .duplicateKey, at: keyPlace, "duplicate key\(reader.shown(name, at: place))",
                    hint: "the first is in line \(line)")
                continue
            }
            lines[name] = keyPlace.line
            let path = Path.key(name, of: place.path)
            guard let value = node(value, at: path, depth: depth + 1) else { continue }
            entries.append(Node.Entry(key: name, keyPlace: keyPlace, value: value))
        }
        return entries
    }

    private func keyName(_ key: Yams.Node, _ place: Place) -> String? {
        guard case .scalar(let scalar) = key else {
            reader.error(.wrongType, at: place, "a key must be a text")
            return nil
        }
        checkTag(scalar.tag, .str, place)
        guard scalar.string != "<<" || scalar.style != .plain else {
            reader.error(
                .mergeKey, at: place, "merge keys are not supported", hint: "write the keys out")
            return nil
        }
        return names[Position(line: place.line, column: place.column)] ?? scalar.string
    }

    private mutating func isWithinLimits(
        _ node: Yams.Node, _ place: Place, _ depth: Int
    ) -> Bool {
        guard !gaveUp else { return false }
        valuesLeft -= 1
        if let anchor = node.anchor, !anchors.insert(ObjectIdentifier(anchor)).inserted {
            expansionsLeft -= 1
        }
        if depth > YAMLDocument.depthLimit {
            giveUp(.tooDeep, place, "more than \(YAMLDocument.depthLimit) levels of nesting")
        } else if expansionsLeft < 0 {
            giveUp(.alias, place, "more than \(YAMLDocument.expansionsLimit) aliases to follow")
        } else if valuesLeft < 0 {
            giveUp(.tooLarge, place, "more than \(YAMLDocument.valuesLimit) values")
        }
        return !gaveUp
    }

    private mutating func giveUp(_ code: Diagnostic.Code, _ place: Place, _ sentence: String) {
        reader.error(code, at: Place(line: place.line, column: place.column), sentence)
        gaveUp = true
    }

    private func checkTag(_ tag: Tag, _ expected: Tag.Name, _ place: Place) {
        guard !["", expected.rawValue].contains(tag.rawValue) else { return }
        reader.error(
            .tag, at: place, "the tag \(quoted(tag.rawValue)) is not supported", hint: "remove it")
    }

    private func place(of node: Yams.Node, _ path: Path) -> Place {
        Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, path: path)
    }
}
