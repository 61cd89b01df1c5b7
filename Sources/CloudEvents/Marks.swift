/// Tests of sixteen octets at once.
extension SIMD16<Int8> {
    /// What can't simply be skipped in a JSON string: the quote, the backslash, controls and what
    /// isn't ASCII.
    @inline(always)
    var jsonMarks: SIMDMask<SIMD16<Int8>> {
        controlsAndQuotes .| self .== Self(repeating: 0x5C)
    }

    /// What can't simply be copied into an attribute: the quote, the escape character, controls
    /// with DEL, and what isn't ASCII.
    @inline(always)
    func textMarks(escape: UInt8) -> SIMDMask<SIMD16<Int8>> {
        controlsAndQuotes .| self .== Self(repeating: Int8(bitPattern: escape))
            .| self .== Self(repeating: 0x7F)
    }

    /// Controls, the quote, and what isn't ASCII, in one comparison.
    ///
    /// With one bit turned the quote is 0x20, next to the controls, which stay below it; and as
    /// signed numbers, octets that aren't ASCII are less than all of them.
    @inline(always)
    private var controlsAndQuotes: SIMDMask<SIMD16<Int8>> {
        (self ^ Self(repeating: 0x02)) .< Self(repeating: 0x21)
    }

    /// What is neither a letter, a digit, `-` nor `.`, of which most hosts are made.
    @inline(always)
    var uriMarks: SIMDMask<SIMD16<Int8>> { pathMarks .| self .== Self(repeating: 0x2F) }

    /// The same but for `/`, which most paths have, too.
    @inline(always)
    var pathMarks: SIMDMask<SIMD16<Int8>> {
        let folded = self | Self(repeating: 0x20)
        let letters = folded .>= Self(repeating: 0x61) .& folded .<= Self(repeating: 0x7A)
        let others = self .>= Self(repeating: 0x2D) .& self .<= Self(repeating: 0x39)
        return .!(letters .| others)
    }
}

/// Tests of eight octets at once.
extension UInt64 {
    private static var tops: UInt64 { UInt64(repeating: 0x80) }

    /// Whether all eight octets are lower case letters, digits, or places that are left.
    @inline(always)
    var areLowercaseAlphanumeric: Bool {
        let known =
            marks(from: UInt8(ascii: "a"), through: UInt8(ascii: "z"))
            | marks(from: UInt8(ascii: "0"), through: UInt8(ascii: "9"))
            | marks(from: 0, through: 0)
        return known & ~self & Self.tops == Self.tops
    }

    /// The octets with ASCII's letters in lower case.
    @inline(always)
    var lowercased: UInt64 {
        let capitals = marks(from: UInt8(ascii: "A"), through: UInt8(ascii: "Z"))
        return self | (capitals & ~self & Self.tops) >> 2
    }

    /// Marks ASCII octets within bounds; the top bits of the others mean nothing.
    @inline(always)
    private func marks(from first: UInt8, through last: UInt8) -> UInt64 {
        let octets = self & ~Self.tops
        return (octets &+ UInt64(repeating: 0x80 - first))
            & ~(octets &+ UInt64(repeating: 0x7F - last))
    }
}
