/// A JSON value, read strictly: for texts that say who may do what, and that strangers write.
///
/// Spec: RFC 8259 §2
enum JSONValue: Equatable {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    /// A whole number without fraction or exponent.
    case integer(Int)
    /// Any other number; nobody here needs its value.
    case number
    case boolean(Bool)
    case null

    /// How deep objects and arrays may nest.
    static let depthLimit = 16

    /// Reads a text in UTF-8.
    ///
    /// - Returns: nothing for a text that is malformed or too deep, or that has an object with two
    ///   members of one name, of which two readers could take two.
    init?(_ octets: [UInt8]) {
        var parser = Parser(octets: octets)
        do throws(Parser.Malformed) {
            self = try parser.value(depth: 0)
            try parser.finish()
        } catch {
            return nil
        }
    }

    subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var items: [JSONValue]? {
        if case .array(let items) = self { items } else { nil }
    }
}

/// Reads from the first octet to the last, once.
private struct Parser {
    struct Malformed: Error {}

    let octets: [UInt8]
    private var offset = 0

    init(octets: [UInt8]) { self.octets = octets }

    /// The next octet, or 0 at the end, which has no place in JSON's grammar.
    private var next: UInt8 { offset < octets.count ? octets[offset] : 0 }

    private mutating func skipBlanks() {
        while [0x20, 0x09, 0x0A, 0x0D].contains(next) { offset += 1 }
    }

    private mutating func accepts(_ octet: UInt8) -> Bool {
        skipBlanks()
        guard next == octet else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ octet: UInt8) throws(Malformed) {
        guard accepts(octet) else { throw Malformed() }
    }

    mutating func finish() throws(Malformed) {
        skipBlanks()
        guard offset == octets.count else { throw Malformed() }
    }

    mutating func value(depth: Int) throws(Malformed) -> JSONValue {
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try items(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func members(depth: Int) throws(Malformed) -> [String: JSONValue] {
        guard depth <= JSONValue.depthLimit else { throw Malformed() }
        try expect(UInt8(ascii: "{"))
        var members: [String: JSONValue] = [:]
        guard !accepts(UInt8(ascii: "}")) else { return members }
        repeat {
            skipBlanks()
            let name = try string()
            try expect(UInt8(ascii: ":"))
            let value = try value(depth: depth)
            guard members.updateValue(value, forKey: name) == nil else { throw Malformed() }
        } while accepts(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
        return members
    }

    private mutating func items(depth: Int) throws(Malformed) -> [JSONValue] {
        guard depth <= JSONValue.depthLimit else { throw Malformed() }
        try expect(UInt8(ascii: "["))
        var items: [JSONValue] = []
        guard !accepts(UInt8(ascii: "]")) else { return items }
        repeat { items.append(try value(depth: depth)) } while accepts(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return items
    }

    private mutating func literal(
        _ text: String, _ value: JSONValue
    ) throws(Malformed) -> JSONValue {
        guard octets[offset...].starts(with: text.utf8) else { throw Malformed() }
        offset += text.utf8.count
        return value
    }
}

// Strings and numbers.
extension Parser {
    private mutating func string() throws(Malformed) -> String {
        guard next == UInt8(ascii: "\"") else { throw Malformed() }
        offset += 1
        var text: [UInt8] = []
        while next != UInt8(ascii: "\"") {
            // The end, too, is an octet that no string has.
            guard next >= 0x20 else { throw Malformed() }
            if next == UInt8(ascii: "\\") {
                text += Array(String(try escape()).utf8)
            } else {
                text.append(next)
                offset += 1
            }
        }
        offset += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw Malformed() }
        return string
    }

    private mutating func escape() throws(Malformed) -> Unicode.Scalar {
        offset += 1
        defer { offset += 1 }
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(next)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw Malformed()
        }
    }

    /// Reads up to the last digit, of two halves where the first says so.
    private mutating func unicodeEscape() throws(Malformed) -> Unicode.Scalar {
        let first = try hexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard 0xD800...0xDBFF ~= first, octets[(offset + 1)...].starts(with: "\\u".utf8)
        else { throw Malformed() }
        offset += 2
        let second = try hexDigits()
        guard 0xDC00...0xDFFF ~= second,
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw Malformed() }
        return scalar
    }

    private mutating func hexDigits() throws(Malformed) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            offset += 1
            guard let digit = Character(Unicode.Scalar(next)).hexDigitValue
            else { throw Malformed() }
            number = number << 4 | UInt32(digit)
        }
        return number
    }

    private mutating func number() throws(Malformed) -> JSONValue {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        let integer = Int(String(decoding: octets[start..<offset], as: UTF8.self))
        var isWhole = true
        if next == UInt8(ascii: ".") {
            isWhole = false
            offset += 1
            try digits()
        }
        if next | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        return isWhole ? integer.map(JSONValue.integer) ?? .number : .number
    }

    private mutating func digits() throws(Malformed) {
        guard 0x30...0x39 ~= next else { throw Malformed() }
        while 0x30...0x39 ~= next { offset += 1 }
    }
}
