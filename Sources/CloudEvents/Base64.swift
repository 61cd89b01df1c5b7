/// Base64 with the standard alphabet, padding and nothing else.
///
/// Spec: RFC 4648 §4. Reading is strict: no line ends, no missing padding, and no bits set that
/// the padding leaves over (§3.5), so that octets have one spelling only.
enum Base64 {
    /// Decodes in place.
    ///
    /// - Returns: where the decoded octets end, or nothing if it isn't Base64.
    static func decode(_ octets: inout MutableSpan<UInt8>, in range: Range<Int>) -> Int? {
        guard range.count % 4 == 0 else { return nil }
        var end = range.lowerBound
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
            let isLast = start + 4 == range.upperBound
            let padding = isLast ? padding(octets, at: start) : 0
            var group: UInt32 = 0
            for place in start..<start + 4 - padding {
                guard let value = value(of: octets[place]) else { return nil }
                group = group << 6 | value
            }
            group <<= UInt32(6 * padding)
            guard group & ((1 << UInt32(8 * padding)) - 1) == 0 else { return nil }
            for place in 0..<3 - padding {
                octets[end] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * place))
                end += 1
            }
        }
        return end
    }

    /// Appends the spelling of octets.
    static func encode(_ octets: Span<UInt8>, to text: inout [UInt8]) {
        for start in stride(from: 0, to: octets.count, by: 3) {
            let count = min(3, octets.count - start)
            var group: UInt32 = 0
            for place in 0..<3 {
                group = group << 8 | (place < count ? UInt32(octets[start + place]) : 0)
            }
            for place in 0..<4 {
                let value = UInt8(group >> UInt32(18 - 6 * place) & 0x3F)
                text.append(place <= count ? letter(of: value) : UInt8(ascii: "="))
            }
        }
    }

    private static func padding(_ octets: borrowing MutableSpan<UInt8>, at start: Int) -> Int {
        guard octets[start + 3] == UInt8(ascii: "=") else { return 0 }
        return octets[start + 2] == UInt8(ascii: "=") ? 2 : 1
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case 0x41...0x5A: UInt32(letter - 0x41)
        case 0x61...0x7A: UInt32(letter - 0x61 + 26)
        case 0x30...0x39: UInt32(letter - 0x30 + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func letter(of value: UInt8) -> UInt8 {
        switch value {
        case ..<26: 0x41 + value
        case ..<52: 0x61 + value - 26
        case ..<62: 0x30 + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
