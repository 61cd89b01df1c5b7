internal import CLinux
internal import EventLoops

/// Where a socket listens, or who is at its other end.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The 4 octets of an IPv4 address, in the last of 16 as IPv6 maps them, and a port.
    case ipv4(InlineOctets, port: UInt16)
    /// The 16 octets of an IPv6 address, and a port.
    case ipv6(InlineOctets, port: UInt16)
    /// A path in the file system; empty for a peer, which has none.
    case unix(path: String)

    /// Sixteen octets without an allocation.
    public struct InlineOctets: Hashable, Sendable {
        /// The first eight, in the network's order.
        public var high: UInt64
        /// The last eight, in the network's order.
        public var low: UInt64
    }

    /// An IP address of 4 or 16 octets.
    public init(ip octets: [UInt8], port: UInt16) {
        precondition(octets.count == 4 || octets.count == 16)
        let value = InlineOctets(
            high: octets.count == 4 ? 0 : Self.number(octets[..<8]),
            low: octets.count == 4 ? Self.number(octets[...]) : Self.number(octets[8...]))
        self = octets.count == 4 ? .ipv4(value, port: port) : .ipv6(value, port: port)
    }

    init(_ address: linux_address) {
        var address = address
        var octets = [UInt8](repeating: 0, count: 16)
        let count = unsafe linux_address_octets(&address, &octets)
        let port = unsafe linux_address_port(&address)
        switch count {
        case 4, 16: self.init(peer: Array(octets[..<Int(count)]), port: port)
        default: self = .unix(path: "")
        }
    }

    /// A peer's address of 4 or 16 octets.
    init(peer octets: [UInt8], port: UInt16) {
        // An IPv4 peer of a listener for both is the same peer on any listener.
        let isMapped =
            octets.count == 16 && octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF
            && octets[11] == 0xFF
        self.init(ip: isMapped ? Array(octets[12...]) : octets, port: port)
    }

    /// The peer without its port: what limits on peers go by.
    public var host: SocketAddress {
        switch self {
        case .ipv4(let octets, _): .ipv4(octets, port: 0)
        case .ipv6(let octets, _): .ipv6(octets, port: 0)
        case .unix: self
        }
    }

    /// The 4 or 16 octets of an IP address.
    public var octets: [UInt8]? {
        switch self {
        case .ipv4(let octets, _): Self.octets(octets.low).suffix(4)
        case .ipv6(let octets, _): Self.octets(octets.high) + Self.octets(octets.low)
        case .unix: nil
        }
    }

    /// As it's written in a configuration: `127.0.0.1:8080`, `[::1]:8080`, `unix:/path`.
    public var description: String {
        switch self {
        case .ipv4(let octets, let port):
            (0..<4).map { "\(octets.low >> (24 - 8 * $0) & 0xFF)" }.joined(separator: ".")
                + ":\(port)"
        case .ipv6(let octets, let port): "[\(Self.text(octets))]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The same address at another port.
    func at(port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let octets, _): .ipv4(octets, port: port)
        case .ipv6(let octets, _): .ipv6(octets, port: port)
        case .unix: self
        }
    }

    func withSystemAddress(
        _ body: (inout linux_address) throws(SystemError) -> Void
    ) throws(SystemError) {
        var address = linux_address()
        switch self {
        case .ipv4(let octets, let port):
            unsafe linux_address_set_ipv4(&address, Self.octets(octets.low).suffix(4), port)
        case .ipv6(let octets, let port):
            let all = Self.octets(octets.high) + Self.octets(octets.low)
            unsafe linux_address_set_ipv6(&address, all, port)
        case .unix(let path):
            try check(
                "bind", unsafe path.withCString { unsafe linux_address_set_unix(&address, $0) })
        }
        try body(&address)
    }

    private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
        octets.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func octets(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    /// The longest run of zeros is left out.
    ///
    /// Spec: RFC 5952 §4.2
    private static func text(_ octets: InlineOctets) -> String {
        let groups = (0..<8).map { group in
            let half = group < 4 ? octets.high : octets.low
            return half >> (48 - 16 * UInt64(group % 4)) & 0xFFFF
        }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > longest.count { longest = start..<end }
            start = max(end, start + 1)
        }
        func hex(_ part: some Sequence<UInt64>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count > 1 else { return hex(groups) }
        return hex(groups[..<longest.lowerBound]) + "::" + hex(groups[longest.upperBound...])
    }
}
