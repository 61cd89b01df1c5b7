internal import Configuration
internal import HTTP

/// Finds out which address a request comes from, where proxies hand it on.
enum ClientAddress {
    /// The last address that isn't a trusted proxy's.
    ///
    /// Each proxy adds to `X-Forwarded-For` whom it got the request from. Read from the right, an
    /// element is as good as the proxy that wrote it; what stands to the left of the first that
    /// isn't trusted, anyone may have written.
    ///
    /// - Parameter peer: who is at the other end of the connection.
    /// - Returns: 4 or 16 octets; nothing where a trusted proxy names nobody that could be read.
    static func find(
        from peer: [UInt8], _ head: RequestHead, _ message: Span<UInt8>,
        trustedProxies: [AddressBlock]
    ) -> [UInt8]? {
        func isTrusted(_ address: [UInt8]) -> Bool {
            trustedProxies.contains { $0.contains(address) }
        }
        guard isTrusted(peer) else { return peer }
        var client = peer
        for element in elements(head, message).reversed() {
            guard let address = address(in: element) else { return nil }
            client = address
            guard isTrusted(address) else { break }
        }
        return client
    }

    private static func elements(_ head: RequestHead, _ message: Span<UInt8>) -> [Substring] {
        let fields = head.fields.filter {
            message.equalsIgnoringCase("x-forwarded-for", in: $0.name)
        }
        return fields.flatMap { field in
            String(decoding: field.value.map { message[$0] }, as: UTF8.self)
                .split(separator: ",", omittingEmptySubsequences: false)
        }
    }

    /// Some proxies add the port.
    private static func address(in element: Substring) -> [UInt8]? {
        var text = element.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "[" {
            return AddressBlock.address(text.dropFirst().prefix { $0 != "]" })
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return AddressBlock.address(parts.count == 2 ? parts[0] : text)
    }
}
