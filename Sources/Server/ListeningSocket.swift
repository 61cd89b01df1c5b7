internal import CLinux
public import EventLoops
internal import Glibc

/// A socket that is bound and takes connections; bound on main, watched by a loop.
public final class ListeningSocket: Sendable {
    /// Where it listens, with the port it got.
    public let address: SocketAddress
    let descriptor: Descriptor

    private init(_ descriptor: consuming Descriptor, _ address: SocketAddress) {
        self.descriptor = descriptor
        self.address = address
    }

    /// Binds one socket for each loop to the same address, so that the kernel spreads the
    /// connections; a socket in the file system can be bound only once and is shared.
    ///
    /// Fails where another process listens on the address.
    ///
    /// - Parameters:
    ///   - address: port 0 takes any free port, the same for all.
    ///   - count: at least 1.
    ///   - isPrivate: whether a socket in the file system is for this user alone.
    public static func bind(
        _ address: SocketAddress, count: Int, isPrivate: Bool = false
    ) throws(SystemError) -> [ListeningSocket] {
        precondition(count > 0)
        let first = try bind(address, joins: false, isPrivate: isPrivate)
        if case .unix = address { return Array(repeating: first, count: count) }
        var sockets = [first]
        while sockets.count < count { sockets.append(try bind(first.address, joins: true)) }
        return sockets
    }

    private static func bind(
        _ address: SocketAddress, joins: Bool, isPrivate: Bool = false
    ) throws(SystemError) -> ListeningSocket {
        var result: CInt = 0
        try address.withSystemAddress { (system) throws(SystemError) in
            result = unsafe linux_listen(&system, joins ? 1 : 0, 4_096, isPrivate ? 0o600 : 0)
        }
        if result == -EADDRINUSE, case .unix(let path) = address, isAbandoned(path) {
            unsafe unlink(path)
            return try bind(address, joins: joins, isPrivate: isPrivate)
        }
        let descriptor = try Descriptor(from: "bind \(address)", result)
        guard case .unix = address else {
            var local = linux_address()
            try check("getsockname", unsafe linux_local_address(descriptor.number, &local))
            return ListeningSocket(descriptor, address.at(port: unsafe linux_address_port(&local)))
        }
        return ListeningSocket(descriptor, address)
    }

    /// Whether nobody listens behind a socket's path: what a killed process leaves.
    private static func isAbandoned(_ path: String) -> Bool {
        var system = linux_address()
        guard unsafe path.withCString({ unsafe linux_address_set_unix(&system, $0) }) == 0,
            unsafe path.withCString({ unsafe linux_is_socket($0) }) == 1
        else { return false }
        return unsafe linux_is_refused(&system) == 1
    }

    /// Has whoever wants to connect from now on wait for a second, and only those.
    func holdNewcomers() {
        if case .unix = address { return }
        linux_hold_newcomers(descriptor.number)
    }

    /// Lets the system refuse whoever wants to connect from now on.
    func stopListening() { linux_stop_listening(descriptor.number) }

    /// Removes the path of a socket in the file system; to be called when it listens no more.
    public func removePath() {
        if case .unix(let path) = address { unsafe unlink(path) }
    }
}
