public import Webhooks

/// How a webhook's sender signs what it sends; what is nil is as the preset says.
public struct SignatureSettings: Sendable, Equatable {
    /// The sender.
    public var preset = SignatureScheme.Preset.custom
    /// Each is good for a signature; empty for ``sns`` only.
    public var secrets: [Secret] = []
    /// The field that holds the signatures.
    public var header: String?
    /// What a signature is made with.
    public var algorithm: SignatureScheme.Algorithm?
    /// How a signature is written.
    public var encoding: SignatureScheme.Encoding?
    /// What stands before each signature.
    public var prefix: String?
    /// What stands between signatures.
    public var separator: SignatureScheme.Separator?
    /// What is signed.
    public var payload: Template<SignedPart>?
    /// The field that tells the time.
    public var timestampHeader: String?
    /// What stands before the time in the list of signatures.
    public var timestampPrefix: String?
    /// What the time counts in.
    public var timestampUnit: SignatureScheme.TimestampUnit?
    /// The field with the delivery's identifier.
    public var idHeader: String?
    /// How far the time may be off.
    public var tolerance = Duration.seconds(300)
    /// How secrets are written.
    public var secretEncoding: SignatureScheme.SecretEncoding?
    /// The address that the sender was told, without its query.
    public var publicUrl: String?

    /// Whose messages are taken, where the sender is Amazon SNS; set there only.
    public var sns: SNSSettings?

    /// Settings of a sender that nobody has heard of.
    public init() {}
}

extension SignatureSettings {
    /// The whole scheme: the preset with what is set here in place of its parts.
    public var scheme: SignatureScheme {
        var scheme = SignatureScheme(preset)
        if let timestampHeader {
            scheme.timestampHeader = timestampHeader
            if preset == .grafana { scheme.signTimestampAsGrafana() }
        }
        scheme.header = header ?? scheme.header
        scheme.algorithm = algorithm ?? scheme.algorithm
        scheme.encoding = encoding ?? scheme.encoding
        scheme.prefix = prefix ?? scheme.prefix
        scheme.separator = separator ?? scheme.separator
        scheme.payload = payload ?? scheme.payload
        scheme.timestampPrefix = timestampPrefix ?? scheme.timestampPrefix
        scheme.timestampUnit = timestampUnit ?? scheme.timestampUnit
        scheme.idHeader = idHeader ?? scheme.idHeader
        scheme.tolerance = tolerance
        scheme.secretEncoding = secretEncoding ?? scheme.secretEncoding
        scheme.publicURL = publicUrl ?? scheme.publicURL
        return scheme
    }
}

/// What makes events of a webhook's requests.
public enum AdapterSettings: Sendable, Equatable {
    /// Nothing: they are CloudEvents already.
    case none
    /// What is known of a sender.
    case preset(Adapter.Preset)
    /// Templates of the operator's.
    case template(Adapter)

    /// The adapter itself, where there is one.
    public var adapter: Adapter? {
        switch self {
        case .none: nil
        case .preset(let preset): Adapter(preset)
        case .template(let adapter): adapter
        }
    }
}
