internal import CVSphere

/// The types that can occur in an event, and their fields in the order JSON has them.
///
/// The table is text that is part of the binary; see `CVSphere/types.txt` for its notation.
struct TypeTable: Sendable {
    /// What a field holds.
    enum Value: Sendable, Equatable {
        case string, int, bool, time, float, bytes, any
        /// A reference to a managed object.
        case reference
        /// An object of the type in that place.
        case object(Int)
    }

    /// What is written for a field of which there is no element.
    enum Absence: Sendable {
        case zero, null
    }

    struct Field: Sendable {
        /// Its element's name.
        var name: [UInt8]
        /// Its key in JSON, with quotes and colon.
        var key: [UInt8]
        var value: Value
        var absence: Absence
        /// Its element may be of a type that is derived from the declared one.
        var isPolymorphic: Bool
        var isList: Bool
    }

    struct ObjectType: Sendable {
        var name: String
        /// Those of its bases first.
        var fields: [Field]
        var isEvent: Bool
    }

    private(set) var types: [ObjectType] = []
    private var places: [String: Int] = [:]

    /// The table, read when it's first needed.
    static let shared = TypeTable(
        unsafe String(
            decoding: UnsafeBufferPointer(start: vsphere_types(), count: vsphere_types_length()),
            as: UTF8.self))

    /// Reads a table; a line that isn't one is left out.
    init(_ text: String) {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
            .filter { $0.count >= 2 }
        for (place, line) in lines.enumerated() { places[String(line[0])] = place }
        types = lines.map { ObjectType(name: String($0[0]), fields: [], isEvent: false) }
        var isRead = lines.map { _ in false }
        for place in lines.indices { read(place, lines, &isRead) }
    }

    /// The type's place in ``types``.
    subscript(name: String) -> Int? { places[name] }

    /// Bases first, because a type's fields begin with theirs.
    private mutating func read(_ place: Int, _ lines: [[Substring]], _ isRead: inout [Bool]) {
        guard !isRead[place] else { return }
        isRead[place] = true
        if let base = places[String(lines[place][1])] {
            read(base, lines, &isRead)
            types[place].fields = types[base].fields
            types[place].isEvent = types[base].isEvent
        }
        types[place].isEvent = types[place].isEvent || types[place].name == "Event"
        types[place].fields += lines[place][2...].compactMap(field)
    }

    private func field(_ text: Substring) -> Field? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        var kind = text[text.index(after: colon)...]
        let isList = kind.hasPrefix("[")
        if isList { kind = kind.dropFirst().dropLast() }
        let isPolymorphic = kind.hasPrefix("~")
        let isNullable = isList || isPolymorphic || kind.hasPrefix("?") || kind == "any"
        if "?~".contains(kind.prefix(1)) { kind = kind.dropFirst() }
        guard let value = value(kind) else { return nil }
        let name = text[..<colon]
        return Field(
            name: Array(name.utf8),
            key: Array("\"\(name.prefix(1).uppercased())\(name.dropFirst())\":".utf8),
            value: value, absence: isNullable ? .null : .zero, isPolymorphic: isPolymorphic,
            isList: isList)
    }

    private func value(_ kind: Substring) -> Value? {
        switch kind {
        case "string": .string
        case "int": .int
        case "bool": .bool
        case "time": .time
        case "float": .float
        case "bytes": .bytes
        case "any": .any
        case "ref": .reference
        default: places[String(kind)].map { .object($0) }
        }
    }
}
