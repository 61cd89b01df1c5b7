/// A document, read and within its limits.
///
/// Reading an element allocates nothing for its children; a name is compared where it stands.
public final class XMLTree: Sendable {
    let nodes: XMLNodes

    init(_ nodes: XMLNodes) { self.nodes = nodes }

    /// The outermost element.
    public var root: XMLElement { XMLElement(tree: self, place: 0) }
}

/// A document's elements, in the order they begin, and their texts in one block of octets.
struct XMLNodes: Sendable {
    /// What an element is called, and by whom.
    struct Name: Sendable {
        /// Where the local name stands in `octets`.
        var local: Range<Int32>
        /// The place of its namespace in `namespaces`.
        var namespace: Int32
    }

    struct Attribute: Sendable {
        var name: Name
        var value: Range<Int32>
    }

    struct Node: Sendable {
        var name: Name
        var attributes: Range<Int32>
        var text: Range<Int32>
        /// The type that `xsi:type` names, its prefix resolved.
        var type: Name?
        /// The place after its last descendant.
        var end: Int32
    }

    var octets: [UInt8] = []
    var elements: [Node] = []
    var attributes: [Attribute] = []
    /// Each namespace once; the first is none.
    var namespaces = [""]
}

/// One element of an ``XMLTree``.
public struct XMLElement: Sendable {
    /// What it belongs to.
    let tree: XMLTree
    let place: Int

    private var nodes: XMLNodes { tree.nodes }
    private var node: XMLNodes.Node { nodes.elements[place] }

    /// Its name without a prefix.
    public var name: String { nodes.string(node.name.local) }

    /// The octets of its name without a prefix.
    public var nameOctets: ArraySlice<UInt8> { nodes.slice(node.name.local) }

    /// The namespace of its name; empty where it has none.
    public var namespace: String { nodes.namespaces[Int(node.name.namespace)] }

    /// The type that its `xsi:type` names, without a prefix.
    public var typeName: String? { node.type.map { nodes.string($0.local) } }

    /// The namespace of its `xsi:type`; a prefix that nobody declared stands for itself.
    public var typeNamespace: String? { node.type.map { nodes.namespaces[Int($0.namespace)] } }

    /// The text before its first child; for an element without children that is all of it.
    public var text: String { nodes.string(node.text) }

    /// The octets of ``text``, in UTF-8.
    public var textOctets: ArraySlice<UInt8> { nodes.slice(node.text) }

    /// Whether it has no child.
    public var isLeaf: Bool { Int(node.end) == place + 1 }

    /// Whether it's called so, by whichever namespace.
    public func isNamed(_ name: String) -> Bool { nameOctets.elementsEqual(name.utf8) }

    /// The value of an attribute without a namespace.
    public func attribute(_ name: String) -> String? {
        for place in node.attributes {
            let attribute = nodes.attributes[Int(place)]
            guard attribute.name.namespace == 0,
                nodes.slice(attribute.name.local).elementsEqual(name.utf8)
            else { continue }
            return nodes.string(attribute.value)
        }
        return nil
    }

    /// All attributes but `xsi:type`, by their names without prefixes.
    public var attributes: [(name: String, value: String)] {
        node.attributes.map {
            let attribute = nodes.attributes[Int($0)]
            return (nodes.string(attribute.name.local), nodes.string(attribute.value))
        }
    }

    /// The elements in it, in their order.
    public var children: Children {
        Children(tree: tree, place: place + 1, end: Int(node.end))
    }

    /// The first element of that name in it.
    public func child(_ name: String) -> XMLElement? {
        for child in children where child.isNamed(name) { return child }
        return nil
    }

    /// The elements of that name in it.
    public func children(_ name: String) -> [XMLElement] {
        children.filter { $0.isNamed(name) }
    }

    /// The elements within one, one after the other.
    public struct Children: Sequence, IteratorProtocol, Sendable {
        let tree: XMLTree
        var place: Int
        let end: Int

        /// The next element.
        public mutating func next() -> XMLElement? {
            guard place < end else { return nil }
            defer { place = Int(tree.nodes.elements[place].end) }
            return XMLElement(tree: tree, place: place)
        }
    }
}

extension XMLNodes {
    func slice(_ range: Range<Int32>) -> ArraySlice<UInt8> {
        octets[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    func string(_ range: Range<Int32>) -> String { String(decoding: slice(range), as: UTF8.self) }
}
