/// Whose messages of Amazon SNS are taken, and whom to believe that they're from there.
public struct SNSRules: Sendable, Equatable {
    /// Names of topics; one that ends with `*` is for all that begin so.
    public var topics: [String]
    /// Hosts that are trusted as Amazon's own are, with a port where it isn't 443.
    public var hosts: [String]
    /// How far a message's time may be off.
    public var tolerance: Duration

    /// Rules for these topics.
    public init(topics: [String], hosts: [String] = [], tolerance: Duration = .seconds(3600)) {
        self.topics = topics
        self.hosts = hosts
        self.tolerance = tolerance
    }

    /// Whether a topic's messages are wanted.
    func takes(topic: String) -> Bool {
        topics.contains { name in
            name.last == "*" ? topic.hasPrefix(name.dropLast()) : name == topic
        }
    }

    /// Whether an address is one that the sender of a topic's messages may name: `https`, at its
    /// region's host or one of ``hosts``.
    public func trusts(_ address: String, for topic: String) -> Bool {
        // In one spelling, so that there are no others of the same certificate to keep.
        guard let authority = authority(ofHTTPS: address),
            address.hasPrefix("https://\(authority)/")
        else { return false }
        return authority == Self.host(of: topic) || hosts.contains(authority)
    }

    /// Whether an address is one of a certificate.
    func isCertificate(_ address: String, for topic: String) -> Bool {
        address.utf8.count <= 512 && address.hasSuffix(".pem") && !address.contains("..")
            && address.utf8.allSatisfy { octet in
                switch octet {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: ":/._-".utf8.contains(octet)
                }
            } && trusts(address, for: topic)
    }

    /// Where a topic's region is served; nothing for what is no topic of Amazon's.
    static func host(of topic: String) -> String? {
        // It's told to operators, whoever sent it.
        guard topic.utf8.count <= 512, topic.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return nil
        }
        let parts = topic.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "sns" else { return nil }
        let region = parts[3]
        let isRegion =
            1...40 ~= region.utf8.count
            && region.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2D }
        guard isRegion else { return nil }
        switch parts[1] {
        case "aws", "aws-us-gov": return "sns.\(region).amazonaws.com"
        case "aws-cn": return "sns.\(region).amazonaws.com.cn"
        default: return nil
        }
    }
}
