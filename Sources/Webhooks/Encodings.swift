internal import HTTP

/// Octets as pairs of digits.
///
/// Spec: RFC 4648 §8
public enum Hex {
    /// The octets that a text stands for; nothing if it isn't hex, of either case.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.utf8.map(value)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(digits.count / 2)
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[place], let low = digits[place + 1] else { return nil }
            octets.append(high << 4 | low)
        }
        return octets
    }

    /// The digits of octets, in lower case.
    public static func encode(_ octets: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}

extension Base64 {
    /// The octets that a text with padding stands for.
    ///
    /// Strict, so that no two texts stand for the same octets.
    static func decode(_ text: String) -> [UInt8]? {
        guard let octets = decode(letters: text.utf8.filter { $0 != UInt8(ascii: "=") }),
            encode(octets) == Array(text.utf8)
        else { return nil }
        return octets
    }

    /// The octets that a text in the alphabet for URLs stands for, with or without padding.
    ///
    /// Spec: RFC 4648 §5
    static func decode(url text: String) -> [UInt8]? {
        let standard = text.utf8.map { letter in
            switch letter {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"): UInt8(ascii: "?")
            default: letter
            }
        }
        return decode(padded: String(decoding: standard, as: UTF8.self))
    }

    /// The octets that a text stands for, with or without padding.
    static func decode(padded text: String) -> [UInt8]? {
        let padding = text.last == "=" ? 0 : (4 - text.utf8.count % 4) % 4
        return decode(text + String(repeating: "=", count: padding))
    }

    private static func decode(letters: [UInt8]) -> [UInt8]? {
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for letter in letters {
            guard let value = value(letter) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return octets
    }

    private static func value(_ letter: UInt8) -> UInt32? {
        switch letter {
        case 0x41...0x5A: UInt32(letter - 0x41)
        case 0x61...0x7A: UInt32(letter - 0x61 + 26)
        case 0x30...0x39: UInt32(letter - 0x30 + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

/// The fields of a form.
///
/// Spec: URL Standard §5.1 (application/x-www-form-urlencoded parsing)
func formFields(_ body: [UInt8]) -> [(name: [UInt8], value: [UInt8])] {
    body.split(separator: UInt8(ascii: "&")).map { field in
        let end = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
        return (formDecoded(field[..<end]), formDecoded(field[end...].dropFirst()))
    }
}

private func formDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var octets: [UInt8] = []
    var rest = text
    while let octet = rest.popFirst() {
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        if octet == UInt8(ascii: "%"), digits.utf8.count == 2, let value = Hex.decode(digits) {
            octets += value
            rest = rest.dropFirst(2)
        } else {
            octets.append(octet == UInt8(ascii: "+") ? UInt8(ascii: " ") : octet)
        }
    }
    return octets
}
