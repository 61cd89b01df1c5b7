internal import Glibc
public import TLS

/// Who is at the other end of a connection.
public struct Peer {
    /// What a peer told of itself and of us in a TLS handshake.
    public struct Encryption {
        /// The host it wanted to reach, in lower case.
        public let serverName: String?
        /// Its certificate, which one of the listener's authorities has signed.
        public let certificate: Certificate?
        private let session: TLSSession

        init(_ session: TLSSession) {
            serverName = session.serverName
            // That of a resumed session was checked when the session began.
            certificate = session.clientCertificate.flatMap { certificate in
                certificate.notAfter >= Int(time(nil)) ? certificate : nil
            }
            self.session = session
        }

        /// Whether a request for that host belongs here: it's the one that was asked for in the
        /// handshake, or another that a certificate of the listener is for.
        ///
        /// - Parameter host: a `Host` field's value, with or without a port.
        public func serves(_ host: Span<UInt8>) -> Bool {
            guard !isServerName(host) else { return true }
            var text = host.indices.map { host[$0] }.prefix { $0 != UInt8(ascii: ":") }
            if host.count > 0, host[0] == UInt8(ascii: "[") {
                text = host.indices.map { host[$0] }.prefix { $0 != UInt8(ascii: "]") }.dropFirst()
            }
            return session.isCertified(
                forHost: String(decoding: text, as: UTF8.self).lowercased())
        }

        /// The usual case, without a text.
        private func isServerName(_ host: Span<UInt8>) -> Bool {
            guard let name = serverName?.utf8, host.count >= name.count,
                host.count == name.count || host[name.count] == UInt8(ascii: ":")
            else { return false }
            for (octet, index) in zip(name, host.indices)
            where host[index] != octet && host[index] | 0x20 != octet { return false }
            return true
        }
    }

    /// Where its octets come from.
    public let address: SocketAddress
    /// Nothing on a plain connection.
    public internal(set) var encryption: Encryption?

    init(address: SocketAddress) { self.address = address }
}
