/// Sixteen octets that are looked at together, and sets of them.
typealias SixteenOctets = SIMD16<Int8>
typealias OctetSet = SIMDMask<SIMD16<Int8>>

extension SixteenOctets {
    /// Those that are this one.
    @inline(__always)
    func octets(equalTo octet: UInt8) -> OctetSet {
        self .== Self(repeating: Int8(bitPattern: octet))
    }

    /// Those from one octet on, so many.
    ///
    /// One comparison is enough where the octets are turned so that the least number is the first.
    @inline(__always)
    private func octets(from first: UInt8, count: UInt8) -> OctetSet {
        let turned = self &- Self(repeating: Int8(bitPattern: first ^ 0x80))
        return turned .< Self(repeating: Int8(bitPattern: count ^ 0x80))
    }

    /// Those below SP, and DEL.
    @inline(__always)
    var controls: OctetSet { octets(from: 0, count: 0x20) .| octets(equalTo: 0x7F) }

    /// The letters, digits and hyphens of ASCII, of which most names consist.
    @inline(__always)
    var alphanumericsAndHyphens: OctetSet {
        let letters = (self | Self(repeating: 0x20)).octets(from: 0x61, count: 26)
        return letters .| octets(from: 0x30, count: 10) .| octets(equalTo: .hyphen)
    }
}
