/// A way to prove who one is.
public enum AuthSettings: Sendable, Equatable {
    /// A name and a password.
    case basic(username: String, password: Secret)
    /// One of these tokens, which are never none; in the query, too, where that's allowed.
    case bearer(tokens: [Secret], isInQuery: Bool)
    /// A token that an issuer signed.
    case jwt(TokenSettings)
    /// A certificate with one of these names, which may be hosts, addresses, URIs or mailboxes;
    /// never empty.
    case clientCertificate(subjectAltNames: [String])
}

/// Which tokens of an issuer are good.
///
/// Spec: RFC 7519 §4.1
public struct TokenSettings: Sendable, Equatable {
    /// Where the issuer's keys are.
    public enum Keys: Sendable, Equatable {
        /// In a file, as a JSON Web Key Set.
        case file(String)
        /// At an `https` URI, or one of `http` on this machine; `authorities` is a PEM file with
        /// the only ones to trust, nil trusts the system's.
        case url(String, authorities: String?)
    }

    /// Who makes the tokens, octet by octet.
    public var issuer: String
    /// Whom they must be for, octet by octet.
    public var audience: String
    /// What they must be good for, all of it.
    public var scopes: [String] = []
    /// Where the keys are.
    public var jwks: Keys
    /// By how much clocks may differ.
    public var leeway = Duration.seconds(60)

    /// Tokens of an issuer for an audience.
    public init(issuer: String, audience: String, jwks: Keys) {
        self.issuer = issuer
        self.audience = audience
        self.jwks = jwks
    }
}

/// How often a client may get its credentials wrong.
public struct FailedAttemptSettings: Sendable, Equatable {
    /// At once, and then on and on; zero sets no limit.
    public var perMinute = 60

    /// The default.
    public init() {}
}

/// A text that is never shown: its descriptions are masked.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The text itself, for the one place that needs it.
    public let text: String
    /// The file it was read from, if it was.
    public let file: String?

    /// Keeps a text from being shown.
    public init(_ text: String, file: String? = nil) {
        self.text = text
        self.file = file
    }

    /// A mask.
    public var description: String { "***" }
    /// A mask.
    public var debugDescription: String { "***" }

    /// The texts are the same, wherever they are from.
    public static func == (one: Secret, other: Secret) -> Bool { one.text == other.text }
}
