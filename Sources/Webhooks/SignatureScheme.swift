/// How a sender signs what it sends, in all that vendors do differently.
///
/// A preset is nothing but a scheme that is filled in, so a vendor that nobody has heard of needs
/// settings and no new version.
public struct SignatureScheme: Sendable, Equatable {
    /// What a signature is made with.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// The secret itself is sent, and nothing is signed.
        case token
        /// Codes of a key that both sides know; SHA-1 is for senders that know nothing better.
        case hmacSHA1 = "hmac-sha1"
        case hmacSHA256 = "hmac-sha256"
        case hmacSHA384 = "hmac-sha384"
        case hmacSHA512 = "hmac-sha512"
        /// A signature of a key that only the sender knows; the secret is its public half.
        case ed25519
    }

    /// How octets of a signature or a key are written.
    public enum Encoding: String, Sendable, CaseIterable {
        /// Digits of either case.
        case hex
        /// With padding.
        case base64
        /// The alphabet for URLs, with or without padding.
        case base64url
    }

    /// How a secret is written.
    public enum SecretEncoding: String, Sendable, CaseIterable {
        /// The text's own octets are the key.
        case raw
        case hex, base64
        /// As Standard Webhooks has it: `whsec_` or `whpk_` and Base64.
        case whsec
    }

    /// What stands between the signatures of one field.
    public enum Separator: String, Sendable, CaseIterable {
        /// The field is one signature.
        case none
        case comma, space
    }

    /// What a sender's clock counts in.
    public enum TimestampUnit: String, Sendable, CaseIterable {
        case seconds, milliseconds
    }

    /// The field that holds the signature or signatures.
    public var header = ""
    /// What it's made with.
    public var algorithm = Algorithm.hmacSHA256
    /// How its octets are written; of no meaning for a token.
    public var encoding = Encoding.hex
    /// What stands before each signature; those in a list that begin otherwise are passed over.
    public var prefix = ""
    /// What stands between signatures.
    public var separator = Separator.none
    /// What is signed.
    public var payload = Template<SignedPart>.body
    /// The field that tells when it was signed.
    public var timestampHeader: String?
    /// What stands before the time, where it's a member of the signatures' list.
    public var timestampPrefix: String?
    /// What the time counts in.
    public var timestampUnit = TimestampUnit.seconds
    /// The field with the delivery's identifier.
    public var idHeader: String?
    /// How far the time may be off, in either direction.
    public var tolerance = Duration.seconds(300)
    /// How secrets are written.
    public var secretEncoding = SecretEncoding.raw
    /// The address that the sender was told, without a query, where addresses are signed.
    public var publicURL = ""

    /// A scheme with no field yet: HMAC-SHA256 of the body, in hex.
    public init() {}

    /// Whether a signature is good for a limited time only.
    public var hasTimestamp: Bool { timestampHeader != nil || timestampPrefix != nil }

    /// The prefix of a signature by a public key, in a list that has both kinds.
    static let asymmetricPrefix = "v1a,"
    /// The most signatures of a list that are looked at.
    public static let signaturesLimit = 4
}

/// What may be signed.
public enum SignedPart: TemplatePlace {
    /// The body's octets.
    case body
    /// The time as it was sent.
    case timestamp
    /// The delivery's identifier.
    case id
    /// The public address with the query as it was sent.
    case url
    /// The fields of a form, sorted, each name followed by its value; else the body's hash in the
    /// query, which is checked.
    case form
    /// A header field's value.
    case header(String)

    /// Every part must be there: an attacker could leave out one that needn't.
    public static var hasOptionalParts: Bool { false }

    /// Reads `body`, `timestamp`, `id`, `url`, `form` or `header:NAME`.
    public init?(_ text: Substring) {
        switch text {
        case "body": self = .body
        case "timestamp": self = .timestamp
        case "id": self = .id
        case "url": self = .url
        case "form": self = .form
        default:
            guard let name = headerName(text) else { return nil }
            self = .header(name)
        }
    }
}

extension Template<SignedPart> {
    static let body = Template(known: "{body}")

    /// Whether the body is under the signature, and the time if there is one.
    public func covers(_ part: SignedPart) -> Bool {
        places.contains(part) || part == .body && places.contains(.form)
    }
}

/// Reads `header:NAME`.
func headerName(_ text: Substring) -> String? {
    guard text.hasPrefix("header:") else { return nil }
    let name = text.dropFirst("header:".count).lowercased()
    return isFieldName(name) ? name : nil
}

/// Whether a text can be a field's name.
///
/// Spec: RFC 9110 §5.6.2
public func isFieldName(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { octet in
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
            }
        }
}
