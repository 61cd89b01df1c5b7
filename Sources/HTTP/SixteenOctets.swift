/// Sixteen octets that are looked at together, or a set of them.
///
/// A set has the highest bit of each octet that is in it; the other bits mean nothing. No sum
/// carries from one octet into the next, because each is made of seven bits. (Comparisons of the
/// standard library's vectors are compiled to loops, sums are not.)
struct SixteenOctets {
    private var words: SIMD2<UInt64>

    @inline(__always)
    init(_ words: SIMD2<UInt64>) { self.words = words }

    @inline(__always)
    private init(repeating octet: UInt8) {
        words = SIMD2(repeating: 0x0101_0101_0101_0101 &* UInt64(octet))
    }

    // MARK: - Sets

    @inline(__always)
    static prefix func ~ (set: SixteenOctets) -> SixteenOctets { SixteenOctets(~set.words) }

    @inline(__always)
    static func & (one: SixteenOctets, other: SixteenOctets) -> SixteenOctets {
        SixteenOctets(one.words & other.words)
    }

    @inline(__always)
    static func | (one: SixteenOctets, other: SixteenOctets) -> SixteenOctets {
        SixteenOctets(one.words | other.words)
    }

    /// Where the first member is; 16 where there's none.
    @inline(__always)
    var first: Int {
        let members = words & Self(repeating: 0x80).words
        if members[0] != 0 { return members[0].littleEndian.trailingZeroBitCount / 8 }
        return 8 + members[1].littleEndian.trailingZeroBitCount / 8
    }

    // MARK: - Classes

    /// The octets whose lower seven bits are `least` or more.
    @inline(__always)
    private func octets(atLeast least: UInt8) -> SixteenOctets {
        let sevenBits = words & Self(repeating: 0x7F).words
        return SixteenOctets(sevenBits &+ Self(repeating: 0x80 - least).words)
    }

    /// The octets that are this one.
    @inline(__always)
    func octets(equalTo octet: UInt8) -> SixteenOctets {
        let difference = SixteenOctets(words ^ Self(repeating: octet).words)
        return ~(difference.octets(atLeast: 1) | difference)
    }

    /// Those below SP, and DEL.
    @inline(__always)
    var controls: SixteenOctets {
        ~(octets(atLeast: 0x20) & ~octets(atLeast: 0x7F) | self)
    }

    /// The letters, digits and hyphens of ASCII, of which most names consist.
    @inline(__always)
    var alphanumericsAndHyphens: SixteenOctets {
        let lower = self | Self(repeating: 0x20)
        let letters = lower.octets(atLeast: 0x61) & ~lower.octets(atLeast: 0x7B)
        let digits = octets(atLeast: 0x30) & ~octets(atLeast: 0x3A)
        return (letters | digits | octets(equalTo: .hyphen)) & ~self
    }
}
