/// A place in a document: where it stands, and the keys that lead there.
struct Place: Sendable {
    var line = 1
    var column = 1
    var path = Path.root
}

/// The keys that lead to a value.
indirect enum Path: Sendable, CustomStringConvertible {
    case root
    case key(String, of: Path)
    case item(Int, of: Path)

    var description: String {
        switch self {
        case .root: return ""
        case .item(let index, let parent): return "\(parent)[\(index)]"
        case .key(let name, let parent):
            let isPlain = name.utf8.count <= 40 && name.utf8.allSatisfy { $0.isLetterOrDigit }
            let prefix = parent.description
            return (prefix.isEmpty ? "" : prefix + ".") + (isPlain ? name : "…")
        }
    }
}

/// A value of a document that knows its place.
struct Node {
    enum Content {
        case scalar(Scalar)
        case list([Node])
        case mapping([Entry])
    }

    struct Entry {
        let key: String
        let keyPlace: Place
        let value: Node
    }

    let place: Place
    let content: Content

    /// The value of a key, where this is a mapping that has it.
    subscript(key: String) -> Node? {
        entry(key)?.value
    }

    /// A key with its value, where this is a mapping that has it.
    func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }

    /// The entries of a mapping; of anything else none.
    var entries: [Entry] {
        if case .mapping(let entries) = content { entries } else { [] }
    }

    /// The items of a list; of anything else none.
    var items: [Node] {
        if case .list(let items) = content { items } else { [] }
    }

    /// The scalar, where this is one.
    var scalar: Scalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// What this is, as a message names it.
    var kind: String {
        switch content {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "a text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A scalar as it was written: no type is guessed from it.
///
/// The reader knows which type belongs in a place and reads the text as that; so `no`, `0o17` and
/// `1:30` are never taken for a boolean or a number.
struct Scalar: Equatable {
    let text: String
    /// It stood without quotes.
    let isPlain: Bool

    /// Nothing was written, or one of YAML's words for it.
    var isNull: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }
}

extension UInt8 {
    var isDigit: Bool { 0x30...0x39 ~= self }
    var isLetter: Bool { 0x61...0x7A ~= self | 0x20 }
    var isLetterOrDigit: Bool { isDigit || isLetter }
    var isHexDigit: Bool { isDigit || 0x61...0x66 ~= self | 0x20 }
}
