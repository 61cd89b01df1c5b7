internal import COpenSSL

/// One listener's TLS on one loop: makes its sessions.
///
/// Owner: the loop that made it. Its sessions hold it.
@safe public final class TLSContext {
    let handle = unsafe Owned(SSL_CTX_new(TLS_server_method())) { unsafe SSL_CTX_free($0) }
    let transport = Transport()
    /// The names of the protocols that are offered, the preferred one first.
    let protocolNames: [StaticString]
    private(set) var tickets: TicketKeys
    private let pairs: [LoadedPair]
    /// A digest of what a ticket must not carry over to another listener or set of authorities.
    private let identity: [UInt8]

    /// Makes OpenSSL's objects of what was checked before.
    ///
    /// - Throws: where OpenSSL can't do what the policy asks for.
    public init(_ material: TLSMaterial) throws(TLSError) {
        protocolNames = material.applicationProtocols.flatMap(\.names)
        tickets = material.tickets
        identity = Self.identity(of: material)
        var pairs: [LoadedPair] = []
        for pair in material.certificates { pairs.append(try pair.load()) }
        self.pairs = pairs
        OpenSSLError.clear()
        defer { OpenSSLError.clear() }
        guard unsafe material.policy.apply(to: handle.pointer) else {
            throw .unsupported(reason: OpenSSLError.text)
        }
        unsafe SSL_CTX_set_verify(handle.pointer, material.clients.mode, nil)
        unsafe SSL_CTX_set_verify_depth(handle.pointer, 5)
        try unsafe material.clients.anchors?.apply(to: handle.pointer)
        unsafe SSL_CTX_set_num_tickets(handle.pointer, 1)
        unsafe SSL_CTX_set_timeout(handle.pointer, Self.ticketSeconds)
        setCallbacks()
    }

    /// How long a ticket may be used, in seconds.
    private static let ticketSeconds = 3600

    /// Makes the session of one connection.
    public func makeSession() -> TLSSession { TLSSession(self) }

    /// Takes the next set of ticket keys into use.
    public func replaceTickets(_ tickets: TicketKeys) { self.tickets = tickets }

    /// The pairs for a client that asks for a name: those for it, or else the first one and
    /// those for the same names, so that RSA and ECDSA may stand side by side.
    func pairs(for name: String?) -> [LoadedPair] {
        let named = name.map { name in pairs.filter { $0.leaf.isValid(forHost: name) } } ?? []
        if !named.isEmpty { return named }
        return pairs.filter {
            $0.leaf.dnsNames == pairs[0].leaf.dnsNames
                && $0.leaf.ipAddresses == pairs[0].leaf.ipAddresses
        }
    }

    func isCertified(forHost host: String) -> Bool {
        pairs.contains { $0.leaf.isValid(forHost: host) || $0.leaf.ipAddresses.contains(host) }
    }

    /// What a ticket must have been made under, to be taken from a client that asks for a name.
    func identity(for name: String?) -> [UInt8] { Self.digest(identity + (name ?? "").utf8) }

    private static func identity(of material: TLSMaterial) -> [UInt8] {
        let anchors = material.clients.anchors?.certificates.map(\.fingerprint) ?? []
        let parts = [material.name, "\(material.clients.mode)"] + anchors
        let revocations = material.clients.anchors?.revocations?.digest ?? []
        return digest(Array(parts.joined(separator: "\0").utf8) + revocations)
    }

    static func digest(_ octets: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        unsafe SHA256(octets, octets.count, &digest)
        return digest
    }
}
