internal import HTTP
internal import Server
internal import TLS

/// The names in a client's certificate, whoever has checked it.
///
/// Spec: RFC 5280 §4.2.1.6
struct ClientIdentity: Equatable {
    var dnsNames: [String] = []
    var uris: [String] = []
    /// IP addresses and mailboxes.
    var others: [String] = []

    /// Whether one of these is among its names; those of hosts are equal in any case.
    func has(oneOf names: [String]) -> Bool {
        names.contains { name in
            uris.contains(name) || others.contains(name)
                || dnsNames.contains { $0.lowercased() == name.lowercased() }
        }
    }
}

extension ClientIdentity {
    /// The names in a certificate that was shown to us.
    init(_ certificate: Certificate) {
        dnsNames = certificate.dnsNames
        uris = certificate.uris
        others = certificate.ipAddresses + certificate.emails
    }

    /// The names in a certificate that was shown to a proxy, which tells of it in a header field.
    ///
    /// Only the last element counts: the others tell what the proxy itself was told, be it by
    /// the client. Envoy defines the field `x-forwarded-client-cert`.
    ///
    /// - Returns: nothing where the element has no names, or can't be read in one way only.
    init?(forwarded value: some Sequence<UInt8>) {
        var pairs: [(key: String, value: String)] = []
        var key: [UInt8] = []
        var text: [UInt8] = []
        var isValue = false
        var isQuoted = false
        var isEscaped = false
        func finishPair() {
            let name = String(decoding: key, as: UTF8.self).lowercased()
            if isValue { pairs.append((name, String(decoding: text, as: UTF8.self))) }
            (key, text, isValue) = ([], [], false)
        }
        for octet in value {
            switch octet {
            case _ where isEscaped:
                text.append(octet)
                isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\"") where isValue: isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                finishPair()
                pairs = []
            case UInt8(ascii: ";") where !isQuoted: finishPair()
            case UInt8(ascii: "=") where !isValue: isValue = true
            case _ where isValue: text.append(octet)
            case UInt8(ascii: " "): break
            default: key.append(octet)
            }
        }
        guard !isQuoted, !isEscaped else { return nil }
        finishPair()
        dnsNames = pairs.filter { $0.key == "dns" }.map(\.value)
        uris = pairs.filter { $0.key == "uri" }.map(\.value)
        guard !dnsNames.isEmpty || !uris.isEmpty else { return nil }
    }
}
