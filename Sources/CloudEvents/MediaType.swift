/// What a media type says of data.
///
/// Spec: RFC 2046 §1, in the spelling of RFC 9110 §8.3.1.
struct MediaType: Equatable {
    /// JSON, or a format made of it.
    let isJSON: Bool
    /// Text, or a format that is text to people.
    private let isText: Bool
    /// There is no `charset` but UTF-8 or its part US-ASCII.
    let isUTF8: Bool

    /// Whether data of this type that is UTF-8 can stand as a string in JSON.
    ///
    /// Data of a JSON type can't: there a string is a value, not the value's text.
    var isPlainText: Bool { isText && isUTF8 && !isJSON }

    /// Reads a media type with its parameters.
    ///
    /// - Returns: nothing if the grammar isn't kept.
    init?(_ text: Span<UInt8>) {
        if text.count == 16, text.word(at: 0) == UInt64(ascii: "applicat"),
            text.word(at: 8) == UInt64(ascii: "ion/json")
        {
            (isJSON, isText, isUTF8) = (true, false, true)
            return
        }
        var reader = MediaTypeReader()
        guard let type = reader.token(of: text), reader.accepts(UInt8(ascii: "/"), in: text),
            let subtype = reader.token(of: text), let isUTF8 = reader.isUTF8(text)
        else { return nil }
        let plus = subtype.last { text[$0] == UInt8(ascii: "+") }
        let suffix = text.extracting(
            (plus.map { $0 + 1 } ?? subtype.lowerBound)..<subtype.upperBound)
        isJSON = suffix.equals("json")
        isText = text.extracting(type).equals("text") || suffix.equals("xml")
        self.isUTF8 = isUTF8
    }
}

/// Reads a media type's parts from left to right.
private struct MediaTypeReader {
    private var offset = 0

    mutating func accepts(_ octet: UInt8, in text: Span<UInt8>) -> Bool {
        guard offset < text.count, text[offset] == octet else { return false }
        offset += 1
        return true
    }

    mutating func token(of text: Span<UInt8>) -> Range<Int>? {
        let start = offset
        while offset < text.count, text[offset].isToken { offset += 1 }
        return offset > start ? start..<offset : nil
    }

    /// Reads all parameters, and tells whether there is no `charset` but UTF-8.
    ///
    /// A semicolon may stand before nothing, as RFC 9110 §5.6.6 has it.
    ///
    /// - Returns: nothing if they aren't well-formed.
    mutating func isUTF8(_ text: Span<UInt8>) -> Bool? {
        var isUTF8 = true
        while true {
            skipBlanks(in: text)
            guard offset < text.count else { return isUTF8 }
            guard accepts(UInt8(ascii: ";"), in: text) else { return nil }
            skipBlanks(in: text)
            guard let name = token(of: text) else { continue }
            guard accepts(UInt8(ascii: "="), in: text), let value = value(of: text)
            else { return nil }
            guard text.extracting(name).equals("charset") else { continue }
            let charset = text.extracting(value)
            isUTF8 = isUTF8 && (charset.equals("utf-8") || charset.equals("us-ascii"))
        }
    }

    private mutating func skipBlanks(in text: Span<UInt8>) {
        while offset < text.count, text[offset].isBlank { offset += 1 }
    }

    private mutating func value(of text: Span<UInt8>) -> Range<Int>? {
        guard accepts(.quote, in: text) else { return token(of: text) }
        let start = offset
        while offset < text.count {
            switch text[offset] {
            case .quote:
                offset += 1
                return start..<offset - 1
            case .backslash where offset + 1 < text.count && text[offset + 1].isQuotable:
                offset += 2
            case let octet where octet.isQuotable && octet != .backslash: offset += 1
            default: return nil
            }
        }
        return nil
    }
}

extension UInt8 {
    /// What may stand in a quoted string; of other than ASCII there is nothing to gain.
    fileprivate var isQuotable: Bool { 0x20...0x7E ~= self || self == 0x09 }
}
