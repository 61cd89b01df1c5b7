/// What is known of one X.509 certificate.
///
/// Names that hold anything but visible ASCII characters are left out: two programs could read
/// them differently.
public struct Certificate: Sendable, Equatable {
    /// As RFC 2253 writes it: `CN=client,O=Example`.
    public let subject: String
    /// As RFC 2253 writes it.
    public let issuer: String
    /// Host names and wildcards, as they were written.
    public let dnsNames: [String]
    /// IPv4 and IPv6 addresses in their usual form.
    public let ipAddresses: [String]
    /// URIs, such as a workload's SPIFFE identity.
    public let uris: [String]
    /// Mail addresses.
    public let emails: [String]
    /// In lower-case hexadecimal digits.
    public let serial: String
    /// The first second it is valid in, since 1970.
    public let notBefore: Int
    /// The last second it is valid in, since 1970.
    public let notAfter: Int
    /// The SHA-256 of all of it, in lower-case hexadecimal digits.
    public let fingerprint: String
    /// The key's kind and size: `EC P-256`, `RSA 2048`.
    public let keyType: String
    /// Whether it may sign others.
    public let isCA: Bool

    /// Whether it has a name that a client could compare.
    var isNamed: Bool { !dnsNames.isEmpty || !ipAddresses.isEmpty }

    /// Whether it is for a host.
    ///
    /// Spec: RFC 9525 §6.3. A wildcard is the whole of the left-most label, and stands for one
    /// label above a name of two at least.
    ///
    /// - Parameter host: in lower case.
    public func isValid(forHost host: String) -> Bool {
        let label = host.prefix { $0 != "." }
        let parent = host.dropFirst(label.count + 1)
        return dnsNames.contains { name in
            let name = name.lowercased()
            if name == host { return true }
            return name.hasPrefix("*.") && name.dropFirst(2) == parent && !label.isEmpty
                && parent.contains(".")
        }
    }
}
