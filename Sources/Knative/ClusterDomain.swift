/// What the names of a cluster's Services end with.
public enum ClusterDomain {
    /// Reads it from the list of domains that a pod's names are looked up in.
    ///
    /// - Parameter configuration: the octets of `/etc/resolv.conf`.
    public static func reading(_ configuration: [UInt8]) -> String {
        let text = String(decoding: configuration, as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.first == "search" else { continue }
            let domain = words.dropFirst().first { $0.hasPrefix("svc.") }?.dropFirst(4)
            if let domain, !domain.isEmpty {
                return String(domain.hasSuffix(".") ? domain.dropLast() : domain)
            }
        }
        return "cluster.local"
    }
}
