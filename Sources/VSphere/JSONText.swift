/// JSON that grows at its end.
struct JSONText {
    private(set) var octets: [UInt8] = []

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe octets.append(contentsOf: $0) }
    }

    mutating func append(_ octet: UInt8) { octets.append(octet) }

    mutating func append(raw text: some Sequence<UInt8>) { octets.append(contentsOf: text) }

    /// Takes back a comma at the end.
    mutating func dropComma() {
        if octets.last == UInt8(ascii: ",") { octets.removeLast() }
    }

    /// Appends a string, escaped as Go does it: readers compare texts with those of old.
    ///
    /// - Parameter text: valid UTF-8.
    mutating func append(string text: ArraySlice<UInt8>) {
        append(UInt8(ascii: "\""))
        var start = text.startIndex
        for place in text.indices where Self.isSpecial[Int(text[place])] {
            octets.append(contentsOf: text[start..<place])
            start = place
            if let width = appendEscape(of: text, at: place) { start += width }
        }
        octets.append(contentsOf: text[start...])
        append(UInt8(ascii: "\""))
    }

    /// - Returns: how many octets the escape stands for, if there is one.
    private mutating func appendEscape(of text: ArraySlice<UInt8>, at place: Int) -> Int? {
        switch text[place] {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0xE2: return appendLineEnd(text[place...])
        case let octet:
            append("\\u00")
            append(Self.digits[Int(octet >> 4)])
            append(Self.digits[Int(octet & 15)])
        }
        return 1
    }

    /// U+2028 and U+2029, which end a line in JavaScript.
    private mutating func appendLineEnd(_ rest: ArraySlice<UInt8>) -> Int? {
        let next = rest.prefix(3)
        if next.elementsEqual([0xE2, 0x80, 0xA8]) {
            append("\\u2028")
        } else if next.elementsEqual([0xE2, 0x80, 0xA9]) {
            append("\\u2029")
        } else {
            return nil
        }
        return 3
    }

    private static let digits = Array("0123456789abcdef".utf8)
    private static let isSpecial: [Bool] = (0..<256).map {
        $0 < 0x20 || "\"\\<>&".utf8.contains(UInt8($0)) || $0 == 0xE2
    }
}
