/// A block of IP addresses: those that begin with the same bits.
///
/// An IPv4 address that IPv6 maps (`::ffff:192.0.2.1`) is taken for the IPv4 address, in blocks and
/// out of them, because a listener for both sees IPv4 peers so.
///
/// Spec: RFC 4632 §3.1
public struct AddressBlock: Sendable, Equatable, CustomStringConvertible {
    /// The block's first address, of 4 or 16 octets.
    public let octets: [UInt8]
    /// How many bits an address of the block has in common with the first.
    public let prefixLength: Int

    /// All addresses there are.
    public static let everyone = [4, 16].map { count in
        AddressBlock(octets: [UInt8](repeating: 0, count: count), prefixLength: 0)
    }

    private init(octets: [UInt8], prefixLength: Int) {
        self.octets = octets
        self.prefixLength = prefixLength
    }

    /// The block as a configuration has it: `10.0.0.0/8` or `fd00::/8`.
    public var description: String { "\(addressText(octets))/\(prefixLength)" }

    /// The 4 or 16 octets of an address in its usual text, without brackets, port or zone.
    public static func address(_ text: Substring) -> [UInt8]? {
        ipv4Octets(text) ?? ipv6Octets(text).map(unmapped)
    }

    /// Whether an address of 4 or 16 octets is in the block.
    public func contains(_ address: [UInt8]) -> Bool {
        let address = Self.unmapped(address)
        guard address.count == octets.count else { return false }
        return octets.indices.allSatisfy { index in
            (octets[index] ^ address[index]) & Self.mask(of: index, prefixLength) == 0
        }
    }

    /// Reads `address/length`, or an address alone, which is a block of one.
    ///
    /// Bits after the prefix are refused: whoever writes them means another block.
    init(configured text: String) throws(Complaint) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let octets = ipv4Octets(parts[0]) ?? ipv6Octets(parts[0]) else {
            throw Complaint(
                "\(quoted(text)) is not a block of addresses",
                hint: "write 10.0.0.0/8, fd00::/8, or one address")
        }
        let bitCount = octets.count * 8
        let length = parts.count == 1 ? bitCount : try Self.prefixLength(parts[1], bitCount)
        let first = octets.indices.map { octets[$0] & Self.mask(of: $0, length) }
        guard first == octets else {
            throw Complaint(
                "\(quoted(text)) has bits after its prefix",
                hint: "write \(addressText(first))/\(length), or \(addressText(octets))")
        }
        self.octets = length >= 96 ? Self.unmapped(octets) : octets
        prefixLength = length - (octets.count - self.octets.count) * 8
    }

    private static func prefixLength(
        _ text: Substring, _ bitCount: Int
    ) throws(Complaint) -> Int {
        guard text.utf8.allSatisfy(\.isDigit), text == "0" || !text.hasPrefix("0"),
            let length = Int(text), length <= bitCount
        else {
            throw Complaint(
                "\(quoted(String(text))) is not the length of a prefix",
                hint: "it is 0 to \(bitCount)")
        }
        return length
    }

    /// The bits of one octet that belong to the prefix.
    private static func mask(of index: Int, _ prefixLength: Int) -> UInt8 {
        let bitCount = min(max(prefixLength - index * 8, 0), 8)
        return UInt8(truncatingIfNeeded: 0xFF00 >> bitCount)
    }

    private static func unmapped(_ octets: [UInt8]) -> [UInt8] {
        let prefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return octets.count == 16 && octets.starts(with: prefix) ? Array(octets[12...]) : octets
    }
}
