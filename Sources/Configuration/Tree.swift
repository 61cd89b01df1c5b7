/// A value to be shown, as YAML or JSON.
indirect enum Tree: Sendable {
    /// A text, in quotes where it needs them.
    case text(String)
    /// A number, boolean or quantity: written as it stands.
    case literal(String)
    case list([Tree])
    case mapping([(String, Tree)])

    /// The entries of a mapping; of anything else none.
    var entries: [(String, Tree)] {
        if case .mapping(let entries) = self { entries } else { [] }
    }
}

extension Tree {
    /// A document in block style.
    var yaml: String {
        var text = ""
        writeYAML(indent: 0, into: &text)
        return text
    }

    private func writeYAML(indent: Int, into text: inout String) {
        let margin = String(repeating: "  ", count: indent)
        switch self {
        case .text, .literal: text += margin + inlineYAML + "\n"
        case .list(let items):
            for item in items {
                var part = ""
                item.writeYAML(indent: indent + 1, into: &part)
                text += margin + "- " + part.dropFirst(margin.count + 2)
            }
        case .mapping(let entries):
            for (key, value) in entries {
                text += margin + key + ":"
                if value.isInline {
                    text += " " + value.inlineYAML + "\n"
                } else {
                    text += "\n"
                    value.writeYAML(indent: indent + 1, into: &text)
                }
            }
        }
    }

    private var isInline: Bool {
        switch self {
        case .text, .literal: true
        case .list(let items): items.isEmpty || items.allSatisfy { $0.isScalar }
        case .mapping(let entries): entries.isEmpty
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .literal: true
        case .list, .mapping: false
        }
    }

    private var inlineYAML: String {
        switch self {
        case .literal(let text): text
        case .text(let text): text.isPlainYAML ? text : Self.quotedJSON(text)
        case .list(let items): "[\(items.map(\.inlineYAML).joined(separator: ", "))]"
        case .mapping: "{}"
        }
    }
}

extension String {
    /// No reader of YAML, however old, could take it for anything but this text.
    fileprivate var isPlainYAML: Bool {
        let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        return utf8.first.map { $0.isLetter || $0 == UInt8(ascii: "/") } == true
            && utf8.allSatisfy { $0.isLetterOrDigit || "-_./".utf8.contains($0) }
            && !words.contains(lowercased())
    }
}

extension Tree {
    /// A document with two blanks for each level.
    func json(indent: Int = 0) -> String {
        switch self {
        case .literal(let text): return text
        case .text(let text): return Self.quotedJSON(text)
        case .list(let items):
            return Self.json(items.map { $0.json(indent: indent + 1) }, "[", "]", indent)
        case .mapping(let entries):
            let lines = entries.map { key, value in
                "\(Self.quotedJSON(key)): \(value.json(indent: indent + 1))"
            }
            return Self.json(lines, "{", "}", indent)
        }
    }

    private static func json(
        _ parts: [String], _ open: String, _ close: String, _ indent: Int
    ) -> String {
        guard !parts.isEmpty else { return open + close }
        let margin = "\n" + String(repeating: "  ", count: indent)
        return open + parts.map { "\(margin)  \($0)" }.joined(separator: ",") + margin + close
    }

    /// Also YAML, whose double-quoted scalars know these escapes.
    fileprivate static func quotedJSON(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
