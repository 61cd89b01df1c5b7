/// Octets as letters, and back.
///
/// Reading is strict: no line ends, no other letters, and no bits set that are left over, so that
/// octets have one spelling only.
///
/// Spec: RFC 4648 §3.5
public enum Base64 {
    /// Which letters stand for 62 and 63.
    public enum Alphabet: Sendable {
        /// `+` and `/`.
        case standard
        /// `-` and `_`, which need no escapes in addresses.
        case url
    }

    /// Whether a text's last group is filled up with `=`.
    public enum Padding: Sendable {
        case required, refused, optional
    }

    // MARK: - Reading

    /// The octets that a text stands for; nothing if it's not Base64 of that form.
    public static func decode(
        _ text: Span<UInt8>, _ alphabet: Alphabet = .standard, padding: Padding = .required
    ) -> [UInt8]? {
        guard let count = lettersCount(text, padding), count % 4 != 1 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for place in 0..<count {
            guard let value = value(of: text[place], alphabet) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            bits &= (1 << UInt32(bitCount)) - 1
        }
        return bits == 0 ? octets : nil
    }

    /// Decodes what has padding in place.
    ///
    /// - Returns: where the decoded octets end, or nothing if it isn't Base64.
    public static func decodeInPlace(
        _ octets: inout MutableSpan<UInt8>, in range: Range<Int>
    ) -> Int? {
        guard range.count % 4 == 0 else { return nil }
        var end = range.lowerBound
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
            let isLast = start + 4 == range.upperBound
            let padding = isLast ? padding(octets, at: start) : 0
            var group: UInt32 = 0
            for place in start..<start + 4 - padding {
                guard let value = value(of: octets[place], .standard) else { return nil }
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

    /// How many letters stand before the padding; nothing if that isn't as it should be.
    private static func lettersCount(_ text: Span<UInt8>, _ padding: Padding) -> Int? {
        var count = text.count
        while text.count - count < 2, count > 0, text[count - 1] == .equals { count -= 1 }
        let isPadded = count < text.count
        switch padding {
        case .refused: return isPadded ? nil : count
        case .required: return text.count % 4 == 0 ? count : nil
        case .optional: return !isPadded || text.count % 4 == 0 ? count : nil
        }
    }

    private static func padding(_ octets: borrowing MutableSpan<UInt8>, at start: Int) -> Int {
        guard octets[start + 3] == .equals else { return 0 }
        return octets[start + 2] == .equals ? 2 : 1
    }

    private static func value(of letter: UInt8, _ alphabet: Alphabet) -> UInt32? {
        switch letter {
        case 0x41...0x5A: UInt32(letter - 0x41)
        case 0x61...0x7A: UInt32(letter - 0x61 + 26)
        case 0x30...0x39: UInt32(letter - 0x30 + 52)
        case letter62(alphabet): 62
        case letter63(alphabet): 63
        default: nil
        }
    }

    private static func letter62(_ alphabet: Alphabet) -> UInt8 {
        alphabet == .standard ? UInt8(ascii: "+") : UInt8(ascii: "-")
    }

    private static func letter63(_ alphabet: Alphabet) -> UInt8 {
        alphabet == .standard ? UInt8(ascii: "/") : UInt8(ascii: "_")
    }

    // MARK: - Writing

    /// The spelling of octets, with its padding.
    public static func encode(_ octets: [UInt8], _ alphabet: Alphabet = .standard) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((octets.count + 2) / 3 * 4)
        encode(octets.span, alphabet, to: &text)
        return text
    }

    /// Appends the spelling of octets, with its padding.
    public static func encode(
        _ octets: Span<UInt8>, _ alphabet: Alphabet = .standard, to text: inout [UInt8]
    ) {
        for start in stride(from: 0, to: octets.count, by: 3) {
            let count = min(3, octets.count - start)
            var group: UInt32 = 0
            for place in 0..<3 {
                group = group << 8 | (place < count ? UInt32(octets[start + place]) : 0)
            }
            for place in 0..<4 {
                let value = UInt8(group >> UInt32(18 - 6 * place) & 0x3F)
                text.append(place <= count ? letter(of: value, alphabet) : .equals)
            }
        }
    }

    private static func letter(of value: UInt8, _ alphabet: Alphabet) -> UInt8 {
        switch value {
        case ..<26: 0x41 + value
        case ..<52: 0x61 + value - 26
        case ..<62: 0x30 + value - 52
        case 62: letter62(alphabet)
        default: letter63(alphabet)
        }
    }
}
