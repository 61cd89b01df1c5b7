internal import SOAP

/// Writes an event's element as JSON, every field of its type written out.
///
/// Keys are the elements' names with a capital; they stand in the schema's order, bases first. No
/// key is ever left out: what is absent is a zero or null. The type's name isn't written.
struct EventJSON {
    private(set) var text = JSONText()
    /// What wasn't as the schema says: types, elements and values that were passed over.
    private(set) var oddities = 0
    private let table: TypeTable

    init(table: TypeTable = .shared) { self.table = table }

    /// Writes an event; one of a type that nobody knows has the fields that all events have, and
    /// then what else came, as strings.
    mutating func write(event: XMLElement) {
        if let type = table[event.typeName ?? "Event"], table.types[type].isEvent,
            event.isOfVSphere
        {
            return write(event, as: type)
        }
        oddities += 1
        guard let type = table["Event"] else { return text.append("{}") }
        write(event, as: type, withRest: true)
    }

    /// Writes an object as one of a type.
    mutating func write(_ element: XMLElement?, as type: Int, withRest: Bool = false) {
        let children = element.map { Array($0.children) } ?? []
        var takenCount = 0
        text.append("{")
        for field in table.types[type].fields {
            text.append(raw: field.key)
            let elements = children.filter { $0.nameOctets.elementsEqual(field.name) }
            takenCount += elements.count
            write(field, elements)
            text.append(",")
        }
        if withRest {
            writeRest(children, of: type)
        } else {
            oddities += children.count - takenCount
        }
        text.dropComma()
        text.append("}")
    }

    private mutating func write(_ field: TypeTable.Field, _ elements: [XMLElement]) {
        guard let last = elements.last else {
            return field.absence == .null ? text.append("null") : writeZero(field.value)
        }
        guard field.isList else { return write(last, field.value, field.isPolymorphic) }
        text.append("[")
        for element in elements {
            write(element, field.value, field.isPolymorphic)
            text.append(",")
        }
        text.dropComma()
        text.append("]")
    }

    private mutating func writeZero(_ value: TypeTable.Value) {
        switch value {
        case .string, .bytes: text.append("\"\"")
        case .int, .float: text.append("0")
        case .bool: text.append("false")
        case .time: text.append("\"0001-01-01T00:00:00Z\"")
        case .any: text.append("null")
        case .reference: text.append("{\"Type\":\"\",\"Value\":\"\"}")
        case .object(let type): write(nil, as: type)
        }
    }

    private mutating func write(
        _ element: XMLElement, _ value: TypeTable.Value, _ isPolymorphic: Bool
    ) {
        switch value {
        case .string: text.append(string: element.textOctets)
        case .int: write(int: element)
        case .bool: write(bool: element)
        case .time: write(time: element)
        case .float: write(float: element)
        case .bytes: write(bytes: element)
        case .any: write(any: element)
        case .reference: write(reference: element)
        case .object(let type):
            guard isPolymorphic, let name = element.typeName else {
                return write(element, as: type)
            }
            guard element.isOfVSphere, let type = table[name] else { return writeUnknown() }
            write(element, as: type)
        }
    }

    private mutating func writeUnknown() {
        oddities += 1
        text.append("null")
    }

    /// What a type's fields don't name, by the elements' names.
    private mutating func writeRest(_ children: [XMLElement], of type: Int) {
        let known = table.types[type].fields.map(\.name)
        var names: [String] = []
        for child in children where !known.contains(where: child.nameOctets.elementsEqual) {
            oddities += 1
            if !names.contains(child.name) { names.append(child.name) }
        }
        for name in names {
            text.append(string: ArraySlice((name.prefix(1).uppercased() + name.dropFirst()).utf8))
            text.append(":")
            let elements = children.filter { $0.name == name }
            if elements.count > 1 { text.append("[") }
            for element in elements {
                write(untyped: element)
                text.append(",")
            }
            text.dropComma()
            if elements.count > 1 { text.append("]") }
            text.append(",")
        }
    }

    private mutating func write(untyped element: XMLElement) {
        if element.isLeaf {
            guard element.attribute("type") == nil else { return write(reference: element) }
            return text.append(string: element.textOctets)
        }
        guard let none = table["DynamicData"] else { return text.append("null") }
        write(element, as: none, withRest: true)
    }
}

// MARK: - Values

extension EventJSON {
    private mutating func write(int element: XMLElement) {
        let digits = element.text.trimmed
        if let number = Int64(digits) {
            text.append(raw: String(number).utf8)
        } else {
            if !digits.isEmpty { oddities += 1 }
            text.append("0")
        }
    }

    private mutating func write(bool element: XMLElement) {
        let word = element.text.trimmed
        if word == "true" || word == "1" { text.append("true") } else { text.append("false") }
    }

    private mutating func write(float element: XMLElement) {
        guard let number = Double(element.text.trimmed), number.isFinite else {
            oddities += 1
            return text.append("0")
        }
        let digits = number.description
        text.append(raw: (digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits).utf8)
    }

    private mutating func write(time element: XMLElement) {
        if let time = EventTime(element.textOctets) {
            text.append("\"")
            text.append(raw: time.text.utf8)
            text.append("\"")
        } else {
            oddities += 1
            text.append("\"0001-01-01T00:00:00Z\"")
        }
    }

    /// Encodes what is Base64 already once more: that is what readers undo.
    private mutating func write(bytes element: XMLElement) {
        let octets = element.textOctets
        var place = octets.startIndex
        text.append("\"")
        while place < octets.endIndex {
            let group = octets[place..<min(place + 3, octets.endIndex)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * (3 - group.count))
            for digit in 0..<4 {
                let value = bits >> (18 - 6 * digit) & 63
                text.append(digit <= group.count ? Self.base64[Int(value)] : UInt8(ascii: "="))
            }
            place += 3
        }
        text.append("\"")
    }

    private static let base64 = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private mutating func write(reference element: XMLElement) {
        text.append("{\"Type\":")
        text.append(string: ArraySlice((element.attribute("type") ?? "").utf8))
        text.append(",\"Value\":")
        text.append(string: element.textOctets)
        text.append("}")
    }

    /// A value that says itself what it is; one that doesn't is nothing.
    private mutating func write(any element: XMLElement) {
        guard let name = element.typeName else { return text.append("null") }
        if element.typeNamespace == XMLNamespace.schema || element.typeNamespace == "xsd" {
            guard let value = Self.simpleTypes[name] else { return writeUnknown() }
            return write(element, value, false)
        }
        guard element.isOfVSphere else { return writeUnknown() }
        if name == "ManagedObjectReference" {
            write(reference: element)
        } else if let type = table[name] {
            write(element, as: type)
        } else if name.hasPrefix("ArrayOf") {
            write(array: element, of: String(name.dropFirst("ArrayOf".count)))
        } else if element.isLeaf {
            // An enumeration, nearly always; the table has none.
            text.append(string: element.textOctets)
        } else {
            writeUnknown()
        }
    }

    private mutating func write(array element: XMLElement, of name: String) {
        text.append("{")
        text.append(string: ArraySlice(name.utf8))
        text.append(":")
        let value: TypeTable.Value =
            switch name {
            case "AnyType": .any
            case "ManagedObjectReference": .reference
            default:
                Self.simpleTypes[name.lowercased()] ?? table[name].map { .object($0) } ?? .string
            }
        guard !element.isLeaf else { return text.append("null}") }
        text.append("[")
        for item in element.children {
            write(item, value, true)
            text.append(",")
        }
        text.dropComma()
        text.append("]}")
    }

    private static let simpleTypes: [String: TypeTable.Value] = [
        "string": .string, "anyURI": .string, "int": .int, "long": .int, "short": .int,
        "byte": .int, "unsignedByte": .int, "boolean": .bool, "float": .float, "double": .float,
        "dateTime": .time, "datetime": .time, "base64Binary": .bytes,
    ]
}

extension XMLElement {
    /// Whether its type is one of vSphere's own; a prefix that nobody declared is let through.
    var isOfVSphere: Bool {
        guard let namespace = typeNamespace else { return true }
        return ["urn:vim25", "", "vim25"].contains(namespace)
    }
}

extension String {
    /// Without blanks at its ends.
    var trimmed: Substring {
        let rest = self[...].drop { $0.isWhitespace }
        return rest[
            ..<(rest.lastIndex { !$0.isWhitespace }.map { rest.index(after: $0) }
                ?? rest.startIndex)]
    }
}
