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
