import Glibc
import Server

/// A peer with a plain socket, which sends what the test says and no more.
///
/// Each call has a limit, so that a server that doesn't answer fails the test.
final class Client {
    struct Failure: Error, CustomStringConvertible {
        var description: String

        init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
    }

    private let descriptor: CInt
    private var isOpen = true
    private var received: [UInt8] = []

    /// - Parameters:
    ///   - receiveBytes: how much the system takes in for a peer that doesn't read.
    ///   - from: the last octet of the loopback address to connect from.
    init(_ address: SocketAddress, receiveBytes: CInt? = nil, from: UInt8 = 1) throws {
        let family: CInt =
            switch address {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            case .unix: AF_UNIX
            }
        descriptor = socket(family, CInt(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        if var bytes = receiveBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
        }
        let status: CInt =
            switch address {
            case .ipv4(_, let port): connectIPv4(port, from: from)
            case .ipv6(_, let port): connectIPv6(port)
            case .unix(let path): connectUnix(path)
            }
        guard status == 0 else { throw Failure("connect") }
    }

    deinit { close() }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ octets: [UInt8]) throws {
        var start = 0
        while start < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + start }, octets.count - start,
                    CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure("send") }
            start += count
        }
    }

    /// Sends no more, and reads on.
    func finish() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Closes; with a reset, the server can't send any more either.
    func close(byReset: Bool = false) {
        guard isOpen else { return }
        isOpen = false
        if byReset {
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        }
        Glibc.close(descriptor)
    }

    /// The next response, which tells its length.
    func response(toHead isHead: Bool = false) throws -> Reply {
        while true {
            if let (reply, rest) = Reply.parse(received, isHead: isHead) {
                received = Array(received[rest...])
                return reply
            }
            guard try receive() else { throw Failure("the connection ended within a response") }
        }
    }

    /// Whether the server closes, and sends nothing more before.
    func isAtEnd() throws -> Bool {
        guard received.isEmpty else { return false }
        return try !receive()
    }

    /// All that comes until the server closes or resets.
    func rest() -> String {
        while (try? receive()) == true {}
        return String(decoding: received, as: UTF8.self)
    }

    private func receive() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw Failure("recv") }
        received += chunk[..<count]
        return count > 0
    }

    // MARK: - Addresses

    private func connectIPv4(_ port: UInt16, from: UInt8) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0000 | UInt32(from)).bigEndian
        let status = withSystemAddress(address) { bind(descriptor, $0, $1) }
        guard status == 0 else { return status }
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return withSystemAddress(address) { connect(descriptor, $0, $1) }
    }

    private func connectIPv6(_ port: UInt16) -> CInt {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        address.sin6_port = port.bigEndian
        return withSystemAddress(address) { connect(descriptor, $0, $1) }
    }

    private func connectUnix(_ path: String) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (offset, octet) in path.utf8.enumerated() { room[offset] = octet }
        }
        return withSystemAddress(address) { connect(descriptor, $0, $1) }
    }

    private func withSystemAddress<Address>(
        _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}

/// A response as a peer sees it.
struct Reply {
    var status: Int
    /// Names in lower case.
    var fields: [String: String]
    var body: String

    /// Whether the server says that it will close.
    var closes: Bool { fields["connection"] == "close" }

    /// Takes the first response off what was received, and tells where the rest begins.
    static func parse(_ octets: [UInt8], isHead: Bool) -> (Reply, rest: Int)? {
        let end = Array("\r\n\r\n".utf8)
        guard
            let headEnd = octets.indices.first(where: { octets[$0...].starts(with: end) })
        else { return nil }
        let lines = String(decoding: octets[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let bodyStart = headEnd + 4
        let bodyEnd = bodyStart + (isHead ? 0 : fields["content-length"].flatMap { Int($0) } ?? 0)
        guard octets.count >= bodyEnd else { return nil }
        let body = String(decoding: octets[bodyStart..<bodyEnd], as: UTF8.self)
        return (Reply(status: status, fields: fields, body: body), bodyEnd)
    }
}
