/// What a server answers that hands out tokens.
///
/// Spec: RFC 6749 §5.1
public struct TokenResponse: Sendable, Equatable {
    /// The token, to be sent as a bearer's.
    public let token: String
    /// How long it's good from now on, where the server says so.
    public let lifetimeSeconds: Int?

    /// The most octets of an answer that are looked at.
    public static let bytesLimit = 64 * 1024

    /// Reads an answer with the status 200; nothing where it holds no bearer token.
    public init?(_ octets: [UInt8]) {
        guard let answer = JSONValue(octets), let token = answer["access_token"]?.text,
            1...16_384 ~= token.utf8.count, token.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            (answer["token_type"]?.text ?? "bearer").lowercased() == "bearer"
        else { return nil }
        self.token = token
        switch answer["expires_in"] {
        case .integer(let seconds)?: lifetimeSeconds = max(0, seconds)
        // Some servers write the number as a text.
        case .string(let text)?: lifetimeSeconds = Int(text).map { max(0, $0) }
        default: lifetimeSeconds = nil
        }
    }

    /// What an answer with another status says is wrong; one of the words of the specification.
    public static func error(in octets: [UInt8]) -> String? {
        guard let word = JSONValue(octets)?["error"]?.text, 1...64 ~= word.utf8.count,
            word.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        return word
    }
}
