/// Tells addresses of the Internet from those of a network, a machine or nobody.
///
/// What leads somewhere else is judged by where it leads: IPv4 addresses inside IPv6 ones, as
/// mapped, translated (NAT64) or tunnelled (6to4). A network's own prefix for NAT64 can't be known.
///
/// Spec: RFC 6890 §2.2
enum PublicAddress {
    /// Whether an address of 4 or 16 octets is for all the world.
    static func contains(_ octets: [UInt8]) -> Bool {
        switch octets.count {
        case 4: return !isAny(octets, of: specialIPv4)
        case 16:
            if let inner = embedded(octets) { return contains(inner) }
            return octets[0] & 0xE0 == 0x20 && !isAny(octets, of: specialIPv6)
        default: return false
        }
    }

    /// The IPv4 address that an IPv6 one stands for.
    private static func embedded(_ octets: [UInt8]) -> [UInt8]? {
        let zeros = [UInt8](repeating: 0, count: 8)
        if octets.starts(with: zeros + [0, 0, 0xFF, 0xFF]) { return Array(octets[12...]) }
        if octets.starts(with: [0, 0x64, 0xFF, 0x9B] + zeros) { return Array(octets[12...]) }
        if octets.starts(with: [0x20, 0x02]) { return Array(octets[2..<6]) }
        return nil
    }

    private typealias Block = (first: [UInt8], bitCount: Int)

    private static let specialIPv4: [Block] = [
        ([0], 8), ([10], 8), ([100, 64], 10), ([127], 8), ([169, 254], 16), ([172, 16], 12),
        ([192, 0, 0], 24), ([192, 0, 2], 24), ([192, 88, 99], 24), ([192, 168], 16),
        ([198, 18], 15), ([198, 51, 100], 24), ([203, 0, 113], 24), ([224], 4), ([240], 4),
        // Public by its number, but the host's own service in Azure.
        ([168, 63, 129, 16], 32),
    ]

    /// Within 2000::/3, outside of which nothing is public.
    private static let specialIPv6: [Block] = [
        ([0x20, 0x01, 0x00], 23), ([0x20, 0x01, 0x0D, 0xB8], 32), ([0x3F, 0xFF, 0x00], 20),
    ]

    private static func isAny(_ octets: [UInt8], of blocks: [Block]) -> Bool {
        blocks.contains { block in
            block.first.indices.allSatisfy { place in
                let bitCount = min(max(block.bitCount - place * 8, 0), 8)
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bitCount)
                return (octets[place] ^ block.first[place]) & mask == 0
            }
        }
    }
}
