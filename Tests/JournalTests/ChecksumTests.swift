import Testing

@testable import Journal

@Suite struct ChecksumTests {
    /// Octets 1, 8, 15, …; the sums are those of the reference implementation.
    @Test(
        arguments: [
            (0, 0xEF46_DB37_51D8_E999, 0x1654_26FE_379B_B532),
            (1, 0x8A41_2781_1B21_E730, 0x47B1_88E1_4950_606C),
            (3, 0xB6E6_C910_C2FD_373A, 0x5522_11DD_FCCF_F21C),
            (4, 0x22ED_A2CF_6AF4_C124, 0xC320_ECC7_A1DB_B2A6),
            (7, 0x3408_4D91_A233_A751, 0x3FD5_3A54_1074_B489),
            (8, 0xC6F1_803A_5E0B_3222, 0x258D_86BE_43D7_C890),
            (12, 0x9178_B724_DCE3_84C0, 0xF570_5182_C8A8_F80D),
            (31, 0x6AB1_C40E_29F5_0073, 0x6AA5_003D_048D_382A),
            (32, 0x5A07_56FB_E9EC_D3D1, 0xD8A0_FF9E_971E_B591),
            (33, 0xDC50_CDC3_7BB9_C183, 0x393F_E9AD_EBB8_E92F),
            (63, 0x10DD_9488_5C71_894A, 0x6E69_3D26_232F_6F76),
            (64, 0x9008_3DA9_CDB9_D795, 0x8AC1_63F9_327A_091D),
            (100, 0xD248_BFC5_208B_0B16, 0x6479_5F0C_E978_E3B6),
        ] as [(Int, UInt64, UInt64)])
    func `it is XXH64`(count: Int, sum: UInt64, seededSum: UInt64) {
        let octets = (0..<count).map { UInt8(($0 * 7 + 1) % 256) }
        #expect(Checksum.of(octets.span, seed: 0) == sum)
        #expect(Checksum.of(octets.span, seed: 1 << 63 + 12_345) == seededSum)
    }

    @Test func `words are summed as their little-endian octets`() {
        let words: [UInt64] = [0x0807_0605_0403_0201, 0x100F_0E0D_0C0B_0A09]
        let octets = Array(1...16 as ClosedRange<UInt8>)
        #expect(Checksum.of(words.span, seed: 7) == Checksum.of(octets.span, seed: 7))
    }
}
