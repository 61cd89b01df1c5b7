internal import HTTP

/// What a request says of its sender.
enum PresentedCredentials {
    case none
    /// More than one thing, of which two readers could take two.
    case ambiguous
    /// In a scheme that nobody here knows.
    case other
    /// What follows the scheme's name.
    case basic([UInt8])
    case bearer([UInt8])

    /// - Parameter readsQuery: whether the query may have a token.
    ///
    /// Spec: RFC 9110 §11.4, RFC 6750 §2
    init(_ head: RequestHead, _ message: Span<UInt8>, readsQuery: Bool) {
        let fields = head.fields.filter {
            message.equalsIgnoringCase("authorization", in: $0.name)
        }
        let range = readsQuery ? head.query : nil
        let tokens = range.map { Self.tokens(inQuery: $0.map { message[$0] }) } ?? []
        guard fields.count + tokens.count <= 1 else {
            self = .ambiguous
            return
        }
        if let field = fields.first {
            self.init(field: field.value.map { message[$0] })
        } else {
            self = tokens.first.map { .bearer($0) } ?? .none
        }
    }

    private init(field: [UInt8]) {
        let name = field.prefix { $0 != UInt8(ascii: " ") }
        let rest = Array(field[name.endIndex...].drop { $0 == UInt8(ascii: " ") })
        switch String(decoding: name, as: UTF8.self).lowercased() {
        case "basic": self = .basic(rest)
        case "bearer": self = .bearer(rest)
        default: self = .other
        }
    }

    /// The tokens in a query, whichever way their name is spelled.
    private static func tokens(inQuery query: [UInt8]) -> [[UInt8]] {
        query.split(separator: UInt8(ascii: "&")).compactMap { pair in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            guard decoded(name) == Array("access_token".utf8) else { return nil }
            return decoded(pair[name.endIndex...].dropFirst())
        }
    }

    /// As forms are decoded; what is malformed stays as it is, and so is nobody's token.
    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var octets: [UInt8] = []
        var rest = text
        while let octet = rest.popFirst() {
            let digits = rest.prefix(2)
            if octet == UInt8(ascii: "%"), digits.count == 2,
                digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                octets.append(value)
                rest = rest.dropFirst(2)
            } else {
                octets.append(octet == UInt8(ascii: "+") ? UInt8(ascii: " ") : octet)
            }
        }
        return octets
    }
}
