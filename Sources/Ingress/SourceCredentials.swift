public import Authentication
public import Webhooks

/// What a source's requests are judged by, as it was read last.
public struct SourceCredentials: Sendable {
    /// By what a signature is checked.
    public enum Signature: Sendable {
        /// Nothing: none is wanted.
        case none
        /// Any of these may have made it.
        case keys([SignatureKey])
        /// The sender is Amazon SNS.
        case certificates(SNSCertificates)
    }

    /// The ways to be let in; empty lets everyone in.
    public var methods: [AuthenticationMethod]
    /// By what a signature is checked.
    public var signature: Signature

    /// Credentials of a source.
    public init(methods: [AuthenticationMethod] = [], signature: Signature = .none) {
        self.methods = methods
        self.signature = signature
    }
}
