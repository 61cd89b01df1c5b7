internal import Synchronization
public import Telemetry

/// Counts the open connections of one listener, over all loops.
///
/// Asked when a connection begins or ends, never for a request; that's why a lock is good enough.
public final class PeerTable: Sendable {
    private let peers = Mutex<[SocketAddress: Int]>([:])
    private let open: Gauge

    /// - Parameter open: shows how many are open.
    public init(open: Gauge) { self.open = open }

    /// Takes a connection in, if the limits allow one more.
    func admit(_ host: SocketAddress, limits: ServerLimits) -> Bool {
        peers.withLock { peers in
            guard open.value < limits.connections else { return false }
            let count = peers[host, default: 0]
            // Whoever may open a socket in the file system is no stranger.
            if case .unix = host {} else if count >= limits.connectionsPerPeer { return false }
            peers[host] = count + 1
            open.add(1)
            return true
        }
    }

    /// Counts a connection for another host, if the limits allow that one more.
    func move(
        from host: SocketAddress, to other: SocketAddress, limits: ServerLimits
    ) -> Bool {
        peers.withLock { peers in
            Self.forget(host, in: &peers)
            let count = peers[other, default: 0]
            let isAllowed = count < limits.connectionsPerPeer
            peers[isAllowed ? other : host, default: 0] += 1
            return isAllowed
        }
    }

    func remove(_ host: SocketAddress) {
        peers.withLock { peers in
            Self.forget(host, in: &peers)
            open.add(-1)
        }
    }

    private static func forget(_ host: SocketAddress, in peers: inout [SocketAddress: Int]) {
        let count = peers[host, default: 1]
        peers[host] = count > 1 ? count - 1 : nil
    }
}
