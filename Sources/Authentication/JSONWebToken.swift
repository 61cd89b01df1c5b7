internal import HTTP

/// A signed token, taken apart; whether it's good is for ``TokenVerifier`` to say.
///
/// Keys that a token brings along (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.
///
/// Spec: RFC 7515 §3.1, RFC 7519 §3, RFC 8725 §3
struct JSONWebToken {
    /// The most octets of a token.
    static let bytesLimit = 16 * 1024

    let algorithm: String
    /// For a look-up among known keys, and for nothing else.
    let keyID: String?
    let claims: JSONValue
    let signature: [UInt8]
    /// What was signed.
    let signingInput: [UInt8]

    /// Takes a token apart; nothing for one that isn't understood to the full.
    init?(_ token: [UInt8]) {
        guard token.count <= Self.bytesLimit else { return nil }
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3,
            let head = Self.octets(of: parts[0]).flatMap(JSONValue.init),
            let claims = Self.octets(of: parts[1]).flatMap(JSONValue.init),
            let signature = Self.octets(of: parts[2]),
            case .object = claims, let algorithm = head["alg"]?.text,
            Self.isUnderstood(head)
        else { return nil }
        self.algorithm = algorithm
        keyID = head["kid"]?.text
        self.claims = claims
        self.signature = signature
        signingInput = Array(token[..<parts[1].endIndex])
    }

    /// Without padding, so that no token has a second spelling.
    ///
    /// Spec: RFC 7515 §2
    private static func octets(of part: ArraySlice<UInt8>) -> [UInt8]? {
        Base64.decode(part.span, .url, padding: .refused)
    }

    private static func isUnderstood(_ head: JSONValue) -> Bool {
        guard head["crit"] == nil, head["zip"] == nil,
            head["b64"] ?? .boolean(true) == .boolean(true)
        else { return false }
        if let keyID = head["kid"] {
            guard let text = keyID.text?.utf8, 1...128 ~= text.count,
                text.allSatisfy({ 0x20...0x7E ~= $0 })
            else { return false }
        }
        guard let type = head["typ"] else { return true }
        // Another kind of token may have the same issuer and keys, and prove something else.
        guard let name = type.text?.lowercased() else { return false }
        return ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(name)
    }
}
