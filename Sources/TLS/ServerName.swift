/// The host that a client asks for in its first message.
enum ServerName: Equatable {
    /// It asks for none, or in a form that OpenSSL refuses by itself.
    case none
    /// In lower case and without the root's dot.
    case host(String)
    /// Something that is no host's name, such as an IP address.
    case invalid

    /// Reads the extension's octets.
    ///
    /// Spec: RFC 6066 §3
    init(_ data: some Collection<UInt8>) {
        let head = data.prefix(5)
        let name = data.dropFirst(5)
        guard head.count == 5, head.dropFirst(2).first == 0, !name.isEmpty else {
            self = .none
            return
        }
        let text = String(decoding: name, as: UTF8.self).lowercased()
        let host = text.hasSuffix(".") ? text.dropLast() : text[...]
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let isHost = labels.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(Self.isOfLabel) }
        let isAddress = labels.last?.utf8.allSatisfy { Self.digits.contains($0) } ?? true
        self = isHost && !isAddress && host.utf8.count <= 253 ? .host(String(host)) : .invalid
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private static func isOfLabel(_ octet: UInt8) -> Bool {
        switch octet {
        case digits, UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
