internal import YAML

/// A YAML document as a tree, without anchors; for files that tools write.
indirect enum YAMLTree {
    case text(String)
    case list([YAMLTree])
    case mapping([(key: String, value: YAMLTree)])

    static let valuesLimit = 10_000
    private static let depthLimit = 32

    /// Nothing for a text that is no YAML, or more than a kubeconfig would be.
    init?(_ octets: [UInt8]) {
        var events: [YAMLEvent] = []
        let parser = YAMLParser(octets)
        do throws(YAMLFailure) {
            while let event = try parser.next() {
                if event.kind == .documentEnd { break }
                if event.kind != .documentStart { events.append(event) }
                guard events.count <= Self.valuesLimit else { return nil }
            }
        } catch {
            return nil
        }
        var rest = events[...]
        guard let tree = Self.value(&rest, depth: 0) else { return nil }
        self = tree
    }

    private static func value(_ rest: inout ArraySlice<YAMLEvent>, depth: Int) -> YAMLTree? {
        guard depth <= depthLimit, let event = rest.popFirst() else { return nil }
        switch event.kind {
        case .scalar(let text, _): return .text(text)
        case .listStart:
            var items: [YAMLTree] = []
            while rest.first?.kind != .listEnd {
                guard let item = value(&rest, depth: depth + 1) else { return nil }
                items.append(item)
            }
            rest.removeFirst()
            return .list(items)
        case .mappingStart:
            var entries: [(key: String, value: YAMLTree)] = []
            while rest.first?.kind != .mappingEnd {
                guard case .text(let key)? = value(&rest, depth: depth + 1),
                    let value = value(&rest, depth: depth + 1)
                else { return nil }
                entries.append((key, value))
            }
            rest.removeFirst()
            return .mapping(entries)
        case .alias, .documentStart, .documentEnd, .listEnd, .mappingEnd: return nil
        }
    }

    subscript(key: String) -> YAMLTree? {
        guard case .mapping(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The text of a key, if it has one that isn't empty.
    func text(_ key: String) -> String? {
        guard case .text(let text)? = self[key], !text.isEmpty else { return nil }
        return text
    }

    /// The item of a list that has this name.
    func item(named name: String) -> YAMLTree? {
        guard case .list(let items) = self else { return nil }
        return items.first { $0.text("name") == name }
    }
}
