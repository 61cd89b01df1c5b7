public import Webhooks

/// How what is sent to a sink is signed.
public struct SinkSigningSettings: Sendable, Equatable {
    /// Whose way of signing.
    public var preset = SignatureScheme.Preset.standardWebhooks
    /// Each makes a signature, where the scheme has a list of them; never empty.
    public var secrets: [Secret] = []

    /// Settings without a secret yet.
    public init() {}
}

extension SinkSigningSettings {
    /// The secrets as keys, in their order; fewer where one isn't written as it must be.
    public var keys: [SignatureKey] {
        secrets.compactMap { try? SignatureKey($0.text, for: SignatureScheme(preset), signs: true) }
    }
}

extension SinkSigningSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .choice("preset", "whose way of signing", \.preset),
            .secrets("secrets", "each makes a signature", \.secrets),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        if [.custom, .twilio].contains(preset), let place = node["preset"]?.place {
            reader.error(
                .invalidValue, at: place, "sinks aren't signed to as \(preset.rawValue) does",
                hint: "write standard-webhooks")
            return
        }
        guard let nodes = node["secrets"]?.items, nodes.count == secrets.count else { return }
        for (node, secret) in zip(nodes, secrets) {
            let key = try? SignatureKey(secret.text, for: SignatureScheme(preset), signs: true)
            guard key == nil else { continue }
            reader.error(
                .secretUnavailable, at: node.place,
                "the secret isn't written as \(preset.rawValue) has it",
                hint: preset == .standardWebhooks ? "it's whsec_ or whsk_, and Base64" : nil)
        }
    }
}
