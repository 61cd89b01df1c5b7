public import Webhooks

/// Whose messages of Amazon SNS are taken, and how they're known to be from there.
public struct SNSSettings: Sendable, Equatable {
    /// What becomes of a topic's question whether it may send.
    public enum Confirmation: String, Sendable, CaseIterable {
        /// It waits for an operator.
        case manual
        /// Veer opens the address that the message names, once.
        case auto
    }

    /// Names of topics; one that ends with `*` is for all that begin so; never empty.
    public var topics: [String] = []
    /// What becomes of a topic's question whether it may send.
    public var confirmation = Confirmation.manual
    /// A PEM file with the only certificates that count; nil fetches the one that a message names.
    public var certificate: String?
    /// Hosts that are trusted as Amazon's own are, with a port where it isn't 443.
    public var hosts: [String] = []
    /// A PEM file with the only authorities to trust at these addresses.
    public var ca: String?

    /// No topic yet.
    public init() {}
}

extension SignatureSettings {
    /// The rules for messages of SNS, where the sender is that.
    public var snsRules: SNSRules? {
        guard preset == .sns, let sns else { return nil }
        return SNSRules(topics: sns.topics, hosts: sns.hosts, tolerance: tolerance)
    }
}

extension SNSSettings {
    /// Whether an address is at a host that the operator named.
    public func isNamed(_ address: String) -> Bool {
        authority(ofHTTPS: address).map { hosts.contains($0) } ?? false
    }
}
