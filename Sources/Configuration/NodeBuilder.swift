internal import YAML

/// Makes ``Node``s of a document's events and refuses what no configuration needs.
struct NodeBuilder {
    private let reader: Reader
    private let events: [YAMLEvent]
    private var position = 0
    /// Where the events of each anchor's value begin, once the value is complete.
    private var anchors: [String: Int] = [:]
    private var expansionsLeft = YAMLDocument.expansionsLimit
    private var valuesLeft = YAMLDocument.valuesLimit
    private var gaveUp = false

    /// - Parameter events: those of one document, without its frame.
    init(reader: Reader, events: [YAMLEvent]) {
        self.reader = reader
        self.events = events
    }

    /// The document's value; nil where a limit was reached, which is reported once.
    mutating func root() -> Node? { node(at: .root) }

    private mutating func node(at path: Path) -> Node? {
        let start = position
        let event = events[position]
        let place = Place(event.mark, path: path)
        position += 1
        valuesLeft -= 1
        guard valuesLeft >= 0 else {
            giveUp(.tooLarge, place, "more than \(YAMLDocument.valuesLimit) values")
            return nil
        }
        var content: Node.Content?
        switch event.kind {
        case .alias(let name): return expand(name, place)
        case .scalar(let text, let isPlain):
            checkTag(event, standard: "str", place)
            content = .scalar(Scalar(text: text, isPlain: isPlain))
        case .listStart:
            checkTag(event, standard: "seq", place)
            content = .list(items(of: path))
        case .mappingStart:
            checkTag(event, standard: "map", place)
            content = .mapping(entries(of: place))
        case .documentStart, .documentEnd, .listEnd, .mappingEnd: return nil
        }
        if let anchor = event.anchor { anchors[anchor] = start }
        return gaveUp ? nil : content.map { Node(place: place, content: $0) }
    }

    private mutating func items(of path: Path) -> [Node] {
        var items: [Node] = []
        var index = 0
        while !gaveUp, events[position].kind != .listEnd {
            if let item = node(at: .item(index, of: path)) { items.append(item) }
            index += 1
        }
        position += 1
        return items
    }

    private mutating func entries(of place: Place) -> [Node.Entry] {
        var lines: [String: Int] = [:]
        var entries: [Node.Entry] = []
        while !gaveUp, events[position].kind != .mappingEnd {
            let keyPlace = Place(events[position].mark, path: place.path)
            let name = keyName(keyPlace)
            let path = name.map { Path.key($0, of: place.path) } ?? place.path
            let value = node(at: path)
            guard let name, let value else { continue }
            if let line = lines[name] {
                reader.error(
                    .duplicateKey, at: keyPlace, "duplicate key \(quoted(name))",
                    hint: "the first is in line \(line)")
                continue
            }
            lines[name] = keyPlace.line
            entries.append(Node.Entry(key: name, keyPlace: keyPlace, value: value))
        }
        position += 1
        return entries
    }

    /// Reads a key; nil after reporting that it can't be one.
    private mutating func keyName(_ place: Place) -> String? {
        let event = events[position]
        let key = node(at: place.path)
        guard case .scalar(_, let isPlain) = event.kind, let text = key?.scalar?.text else {
            if !gaveUp { reader.error(.wrongType, at: place, "a key must be a text") }
            return nil
        }
        guard text != "<<" || !isPlain else {
            reader.error(
                .mergeKey, at: place, "merge keys are not supported", hint: "write the keys out")
            return nil
        }
        return text
    }

    /// Makes the anchor's value once more, in the alias's place.
    private mutating func expand(_ name: String, _ place: Place) -> Node? {
        guard let start = anchors[name] else {
            reader.error(.alias, at: place, "an alias without an anchor of its name before it")
            return nil
        }
        expansionsLeft -= 1
        guard expansionsLeft >= 0 else {
            giveUp(.alias, place, "more than \(YAMLDocument.expansionsLimit) aliases to follow")
            return nil
        }
        let end = position
        position = start
        let node = node(at: place.path)
        position = end
        return node
    }

    private mutating func giveUp(_ code: Diagnostic.Code, _ place: Place, _ sentence: String) {
        if !gaveUp {
            reader.error(code, at: Place(line: place.line, column: place.column), sentence)
        }
        gaveUp = true
    }

    private func checkTag(_ event: YAMLEvent, standard: String, _ place: Place) {
        guard let tag = event.tag, tag != "tag:yaml.org,2002:\(standard)" else {
            return
        }
        reader.error(
            .tag, at: place, "the tag \(quoted(tag)) is not supported", hint: "remove it")
    }
}
