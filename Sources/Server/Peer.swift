/// Who is at the other end of a connection.
public struct Peer: Sendable {
    /// Where its octets come from.
    public let address: SocketAddress
}
