internal import COpenSSL

/// The keys of session tickets: the newest makes them, the others still open theirs.
///
/// Whoever has a key can read the connections that were resumed with its tickets, so keys are
/// made anew often and stay in memory.
public struct TicketKeys: Sendable {
    static let limit = 3

    /// 16 octets that name it, 32 for AES-256 and 32 for HMAC-SHA256.
    struct Key: Sendable {
        let name: [UInt8]
        let secret: [UInt8]
    }

    /// The newest first.
    let keys: [Key]

    /// One key, at random.
    public init() { keys = [Self.makeKey()] }

    private init(_ keys: [Key]) { self.keys = keys }

    /// A new key before the others, of which two are kept.
    public func rotated() -> TicketKeys {
        TicketKeys([Self.makeKey()] + keys.prefix(Self.limit - 1))
    }

    private static func makeKey() -> Key { Key(name: random(16), secret: random(64)) }

    private static func random(_ count: Int) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        guard unsafe RAND_bytes(&octets, CInt(count)) == 1 else {
            preconditionFailure("OpenSSL has no random numbers")
        }
        return octets
    }
}

// MARK: - OpenSSL's side

extension TicketKeys {
    /// Begins a ticket under the newest key: writes the key's name and a random vector.
    @unsafe func seal(
        name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer, mac: OpaquePointer
    ) -> Bool {
        let key = keys[0]
        for (index, octet) in key.name.enumerated() { unsafe name[index] = octet }
        return unsafe RAND_bytes(vector, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1
            && tls_ticket_begin(cipher, mac, key.secret, vector, 1) == 1
    }

    /// Begins to open a ticket; nothing where its key is gone.
    ///
    /// - Returns: whether the key isn't the newest any more.
    @unsafe func open(
        name: UnsafePointer<UInt8>, vector: UnsafePointer<UInt8>, cipher: OpaquePointer,
        mac: OpaquePointer
    ) -> Bool? {
        let name = unsafe UnsafeBufferPointer(start: name, count: 16)
        guard let index = keys.firstIndex(where: { unsafe $0.name.elementsEqual(name) }),
            unsafe tls_ticket_begin(cipher, mac, keys[index].secret, vector, 0) == 1
        else { return nil }
        return index > 0
    }
}
