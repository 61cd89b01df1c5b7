/// The octets and octet classes that JSON, URIs, media types and timestamps have in common.
extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let percent = UInt8(ascii: "%")

    /// SP or HTAB.
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    var isDigit: Bool { self &- 0x30 <= 9 }

    var isLetter: Bool { (self | 0x20) &- 0x61 <= 25 }

    var isLowercaseAlphanumeric: Bool { self &- 0x61 <= 25 || isDigit }

    /// The value, 0 to 15, of a hex digit of either case.
    var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }

    /// This letter in lower case; any other octet as it is.
    var lowercased: UInt8 { self &- 0x41 <= 25 ? self | 0x20 : self }

    /// As `SIMD16.textMarks(escape:)`, for one octet.
    func isTextMark(escape: UInt8) -> Bool {
        self < 0x20 || self >= 0x7F || self == .quote || self == escape
    }

    /// A character of a token (RFC 9110 §5.6.2).
    var isToken: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
