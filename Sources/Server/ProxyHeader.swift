/// What a proxy says before a connection's first octet: whose connection it passes on.
///
/// Version 2 of the PROXY protocol, as HAProxy defines it; the first version, a line of text, is
/// refused. What follows the addresses is passed over.
struct ProxyHeader: Equatable {
    struct Malformed: Error {}

    /// The most octets of one; those that are sent have a few hundred at most.
    static let bytesLimit = 4_096
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// How many octets it has.
    let bytes: Int
    /// Who is at the other end of the proxy; nothing where the proxy speaks for itself, as it does
    /// to see whether we are well, or where its client has no address of IP.
    let client: SocketAddress?

    /// Reads it from a connection's first octets.
    ///
    /// - Returns: nothing where it isn't complete yet.
    init?(_ octets: Span<UInt8>) throws(Malformed) {
        for (index, octet) in zip(octets.indices, Self.signature) where octets[index] != octet {
            throw Malformed()
        }
        guard octets.count >= 16 else { return nil }
        bytes = 16 + Int(octets[14]) << 8 + Int(octets[15])
        guard octets[12] == 0x20 || octets[12] == 0x21, bytes <= Self.bytesLimit
        else { throw Malformed() }
        guard octets.count >= bytes else { return nil }
        let isLocal = octets[12] == 0x20
        let count: Int
        switch octets[13] {
        case _ where isLocal, 0x00, 0x31: count = 0
        case 0x11: count = 4
        case 0x21: count = 16
        default: throw Malformed()
        }
        guard count > 0 else {
            client = nil
            return
        }
        // Both addresses, then both ports.
        guard bytes >= 16 + 2 * count + 4 else { throw Malformed() }
        let port = UInt16(octets[16 + 2 * count]) << 8 | UInt16(octets[17 + 2 * count])
        client = SocketAddress(peer: (16..<16 + count).map { octets[$0] }, port: port)
    }
}
