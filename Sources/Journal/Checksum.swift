/// XXH64: 64 bits that tell octets from any others, at several gigabytes a second.
///
/// Damage that lies within one aligned word of eight octets always changes the result; any other
/// goes unseen with a chance of 2⁻⁶⁴. Every machine this runs on is little-endian.
enum Checksum {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    /// The checksum of these octets.
    ///
    /// - Parameter seed: gives the same octets another checksum in another place.
    static func of(_ octets: Span<UInt8>, seed: UInt64) -> UInt64 {
        unsafe octets.withUnsafeBytes { unsafe of($0, seed: seed) }
    }

    /// The checksum of these words, in little-endian order.
    static func of(_ words: Span<UInt64>, seed: UInt64) -> UInt64 {
        unsafe words.withUnsafeBytes { unsafe of($0, seed: seed) }
    }

    /// Through a pointer, because a span looks at its bounds for each word: half the time.
    private static func of(_ octets: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var offset = 0
        var hash = seed &+ prime5
        if octets.count >= 32 { hash = unsafe lanes(octets, seed, &offset) }
        hash &+= UInt64(octets.count)
        while offset + 8 <= octets.count {
            hash = unsafe rotated(hash ^ round(0, word(octets, offset)), 27) &* prime1 &+ prime4
            offset += 8
        }
        if offset + 4 <= octets.count {
            let half = unsafe octets.loadUnaligned(
                fromByteOffset: offset, as: UInt32.self)
            let product = UInt64(half) &* prime1
            hash = rotated(hash ^ product, 23) &* prime2 &+ prime3
            offset += 4
        }
        while offset < octets.count {
            let octet = unsafe octets[offset]
            hash = rotated(hash ^ UInt64(octet) &* prime5, 11) &* prime1
            offset += 1
        }
        return avalanche(hash)
    }

    private static func lanes(_ octets: UnsafeRawBufferPointer, _ seed: UInt64, _ offset: inout Int)
        -> UInt64
    {
        var lane1 = seed &+ prime1 &+ prime2
        var lane2 = seed &+ prime2
        var lane3 = seed
        var lane4 = seed &- prime1
        while offset + 32 <= octets.count {
            lane1 = unsafe round(lane1, word(octets, offset))
            lane2 = unsafe round(lane2, word(octets, offset + 8))
            lane3 = unsafe round(lane3, word(octets, offset + 16))
            lane4 = unsafe round(lane4, word(octets, offset + 24))
            offset += 32
        }
        var hash = rotated(lane1, 1) &+ rotated(lane2, 7)
        hash = hash &+ rotated(lane3, 12) &+ rotated(lane4, 18)
        hash = (hash ^ round(0, lane1)) &* prime1 &+ prime4
        hash = (hash ^ round(0, lane2)) &* prime1 &+ prime4
        hash = (hash ^ round(0, lane3)) &* prime1 &+ prime4
        return (hash ^ round(0, lane4)) &* prime1 &+ prime4
    }

    private static func word(_ octets: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        unsafe octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotated(lane &+ word &* prime2, 31) &* prime1
    }

    private static func rotated(_ word: UInt64, _ places: UInt64) -> UInt64 {
        word << places | word >> (64 - places)
    }

    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = hash
        hash = (hash ^ hash >> 33) &* prime2
        hash = (hash ^ hash >> 29) &* prime3
        return hash ^ hash >> 32
    }
}
