/// Tells addresses of the Internet from those that only mean something nearby.
///
/// An address that a stranger names must not lead to this machine, to its neighbours or to a
/// cloud's metadata.
public enum PublicAddress {
    /// Whether an address is anybody's on the Internet.
    ///
    /// - Parameter octets: 4 or 16 of them, in the network's order; others are no address.
    ///
    /// Spec: RFC 6890 §2.2
    public static func isPublic(_ octets: [UInt8]) -> Bool {
        switch octets.count {
        case 4: isPublicIPv4(octets)
        case 16: isPublicIPv6(octets)
        default: false
        }
    }

    private static func isPublicIPv4(_ octets: [UInt8]) -> Bool {
        switch (octets[0], octets[1], octets[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): false
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _): false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _): false
        case (198, 51, 100), (203, 0, 113): false
        // Public by its number, but a host's own service in Azure.
        case (168, 63, 129): octets[3] != 16
        default: true
        }
    }

    private static func isPublicIPv6(_ octets: [UInt8]) -> Bool {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        if octets.starts(with: mapped) || octets.starts(with: translated) {
            return isPublicIPv4(Array(octets.suffix(4)))
        }
        // Of all others, only these are given to anybody; without tunnels and examples.
        guard octets[0] & 0xE0 == 0x20 else { return false }
        switch (octets[0], octets[1], octets[2], octets[3]) {
        case (0x20, 0x01, 0x00...0x01, _), (0x20, 0x01, 0x0D, 0xB8): return false
        case (0x20, 0x02, _, _): return false
        case (0x3F, 0xFF, 0x00...0x0F, _): return false
        default: return true
        }
    }
}
