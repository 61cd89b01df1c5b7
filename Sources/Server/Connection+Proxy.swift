internal import CLinux
internal import Glibc
internal import HTTP

extension Connection {
    /// Learns from a proxy whose connection it passes on.
    ///
    /// What has come is looked at and left where it is until all of it is there: what follows it
    /// is the client's.
    func meetClient() {
        let number = number
        var octets = [UInt8](repeating: 0, count: ProxyHeader.bytesLimit)
        let count = unsafe octets.withUnsafeMutableBytes { octets in
            unsafe linux_peek(number, octets.baseAddress, octets.count)
        }
        guard count > 0 else {
            if count != -Int(EAGAIN) { close() }
            return
        }
        do throws(ProxyHeader.Malformed) {
            guard let header = try ProxyHeader(octets.span.extracting(first: count))
            else { return }
            unsafe octets.withUnsafeMutableBytes { octets in
                _ = unsafe linux_receive(number, octets.baseAddress, header.bytes)
            }
            guard let client = header.client else { return introduced() }
            guard server.move(self, to: client) else { return close() }
            peer = Peer(address: client)
            introduced()
        } catch {
            let problem = Problem(
                status: 400, code: "malformed_proxy_header",
                detail: "This port takes connections from proxies that speak the PROXY protocol.")
            server.handler.refused(problem, from: peer)
            close()
        }
    }

    private func introduced() {
        state = tls == nil ? .open : .handshaking
        if state == .handshaking { server.handshakeBegan() }
    }
}
