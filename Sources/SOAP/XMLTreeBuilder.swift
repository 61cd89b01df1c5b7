/// Grows a tree while its document is read, and holds it to its limits.
struct XMLTreeBuilder {
    private(set) var tree = XMLNodes()
    private(set) var failure: XMLFailure?
    private let limits: XMLLimits
    private let separator: UInt8
    /// The elements that have begun and not ended.
    private var open: [Int] = []
    /// Prefixes in force, the innermost last.
    private var prefixes: [(prefix: String, namespace: Int32)] = [("xml", 0)]

    init(limits: XMLLimits, separator: UInt8) {
        self.limits = limits
        self.separator = separator
    }

    mutating func fail(_ failure: XMLFailure) { self.failure = failure }

    mutating func declare(_ prefix: String, _ uri: String) {
        prefixes.append((prefix, namespace(uri)))
    }

    mutating func undeclare() { prefixes.removeLast() }

    mutating func begin(
        _ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>
    ) {
        guard open.count < limits.depth else { return fail(.tooLarge("depth")) }
        guard tree.elements.count < limits.elements else { return fail(.tooLarge("elements")) }
        let first = Int32(tree.attributes.count)
        let name = unsafe append(name: name)
        var type: XMLNodes.Name?
        var pair = 0
        while let name = unsafe attributes[pair], let value = unsafe attributes[pair + 1] {
            guard pair / 2 < limits.attributes else { return fail(.tooLarge("attributes")) }
            let name = unsafe append(name: name)
            let value = unsafe append(octetsOf: value)
            if tree.namespaces[Int(name.namespace)] == XMLNamespace.instance,
                tree.slice(name.local).elementsEqual("type".utf8)
            {
                type = resolve(value)
            } else {
                tree.attributes.append(.init(name: name, value: value))
            }
            pair += 2
        }
        let end = Int32(tree.octets.count)
        open.append(tree.elements.count)
        tree.elements.append(
            .init(
                name: name, attributes: first..<Int32(tree.attributes.count), text: end..<end,
                type: type, end: Int32(tree.elements.count + 1)))
    }

    mutating func end() {
        guard let place = open.popLast() else { return }
        tree.elements[place].end = Int32(tree.elements.count)
    }

    /// Text after a child is nobody's: what is read here mixes no text with elements.
    mutating func append(_ text: UnsafeRawBufferPointer) {
        guard let place = open.last, place == tree.elements.count - 1 else { return }
        unsafe tree.octets.append(contentsOf: text)
        let start = tree.elements[place].text.lowerBound
        tree.elements[place].text = start..<Int32(tree.octets.count)
    }

    // MARK: - Names

    private mutating func append(octetsOf text: UnsafePointer<CChar>) -> Range<Int32> {
        unsafe append(UnsafeRawBufferPointer(start: text, count: length(of: text))[...])
    }

    private mutating func append(_ octets: Slice<UnsafeRawBufferPointer>) -> Range<Int32> {
        let start = Int32(tree.octets.count)
        unsafe tree.octets.append(contentsOf: octets)
        return start..<Int32(tree.octets.count)
    }

    /// Takes a name as expat writes it: namespace, separator, local name; or only the last.
    ///
    /// The namespace is kept once, not for each name.
    private mutating func append(name text: UnsafePointer<CChar>) -> XMLNodes.Name {
        let name = unsafe UnsafeRawBufferPointer(start: text, count: length(of: text))
        guard let place = unsafe name.lastIndex(of: separator)
        else { return unsafe XMLNodes.Name(local: append(name[...]), namespace: 0) }
        let namespace = unsafe namespace(name[..<place])
        return unsafe XMLNodes.Name(local: append(name[(place + 1)...]), namespace: namespace)
    }

    private func length(of text: UnsafePointer<CChar>) -> Int {
        var length = 0
        while unsafe text[length] != 0 { length += 1 }
        return length
    }

    /// A name in an attribute's value: the prefix means what it means in this place.
    private mutating func resolve(_ value: Range<Int32>) -> XMLNodes.Name {
        let text = tree.slice(value)
        let colon = text.firstIndex(of: UInt8(ascii: ":"))
        let prefix = String(decoding: text[..<(colon ?? text.startIndex)], as: UTF8.self)
        let local = Int32(colon.map { $0 + 1 } ?? text.startIndex)..<value.upperBound
        let known = prefixes.last { $0.prefix == prefix }?.namespace
        return XMLNodes.Name(local: local, namespace: known ?? namespace(prefix))
    }

    private mutating func namespace(_ uri: String) -> Int32 {
        if let place = tree.namespaces.firstIndex(of: uri) { return Int32(place) }
        return add(uri)
    }

    private mutating func namespace(_ uri: Slice<UnsafeRawBufferPointer>) -> Int32 {
        for place in tree.namespaces.indices
        where unsafe tree.namespaces[place].utf8.elementsEqual(uri) {
            return Int32(place)
        }
        return add(unsafe String(decoding: uri, as: UTF8.self))
    }

    private mutating func add(_ uri: String) -> Int32 {
        guard tree.namespaces.count < limits.attributes else {
            fail(.tooLarge("namespaces"))
            return 0
        }
        tree.namespaces.append(uri)
        return Int32(tree.namespaces.count - 1)
    }
}
