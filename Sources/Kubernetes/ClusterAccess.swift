/// How a cluster's API server is reached, and as whom.
public struct ClusterAccess: Sendable, Equatable {
    /// Something that stands in a file, or in the configuration itself.
    public enum Material: Sendable, Equatable {
        /// The path of a file, which may be replaced at any time.
        case file(String)
        /// The octets themselves.
        case octets([UInt8])
    }

    /// Why a cluster can't be reached, in a sentence that says what to do.
    public struct Unusable: Error, Equatable, Sendable, CustomStringConvertible {
        /// What is wrong.
        public var sentence: String
        /// The same.
        public var description: String { sentence }

        /// Something that an operator is to set right.
        public init(sentence: String) { self.sentence = sentence }
    }

    /// The API server's URL, without a `/` at its end.
    public var server: String
    /// The only authorities to trust, as PEM; nil trusts the system's.
    public var authorities: Material?
    /// Takes any certificate.
    public var isInsecure = false
    /// A bearer token, if that says who asks.
    public var token: Material?
    /// A certificate and its key, if they say who asks.
    public var certificate: (certificate: Material, key: Material)?
    /// The namespace that is meant where none is named.
    public var namespace = "default"
    /// What an operator should know of it.
    public var warnings: [String] = []

    /// A server that is asked as nobody.
    public init(server: String) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
    }

    /// Whether two are the same.
    public static func == (one: Self, other: Self) -> Bool {
        one.server == other.server && one.authorities == other.authorities
            && one.isInsecure == other.isInsecure && one.token == other.token
            && one.certificate?.certificate == other.certificate?.certificate
            && one.certificate?.key == other.certificate?.key
            && one.namespace == other.namespace && one.warnings == other.warnings
    }
}

extension ClusterAccess {
    /// Where a pod finds what its service account may show.
    public static let accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The access that each pod is given.
    ///
    /// - Parameters:
    ///   - environment: the value of an environment variable.
    ///   - directory: where the service account's files are.
    ///   - readFile: a file's octets.
    /// - Returns: nothing where this is no pod.
    public static func inCluster(
        environment: (String) -> String?, directory: String = accountDirectory,
        readFile: (String) throws -> [UInt8]
    ) throws(Unusable) -> ClusterAccess? {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), !host.isEmpty else { return nil }
        let port = environment("KUBERNETES_SERVICE_PORT") ?? "443"
        let isNumeric = host.contains(":") && !host.hasPrefix("[")
        var access = ClusterAccess(server: "https://\(isNumeric ? "[\(host)]" : host):\(port)")
        access.authorities = .file("\(directory)/ca.crt")
        access.token = .file("\(directory)/token")
        for name in ["token", "ca.crt"] {
            guard (try? readFile("\(directory)/\(name)")) != nil else {
                throw Unusable(
                    sentence: "\(directory)/\(name) can't be read; have the pod's service account"
                        + " mounted (automountServiceAccountToken)")
            }
        }
        if let octets = try? readFile("\(directory)/namespace") {
            let name = trimmed(octets)
            if !name.isEmpty { access.namespace = name }
        }
        return access
    }
}

/// A file's text without the blanks and line ends around it.
func trimmed(_ octets: [UInt8]) -> String {
    let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
    let start = octets.firstIndex { !isBlank($0) } ?? octets.endIndex
    let end = octets.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
    return String(decoding: octets[start..<end], as: UTF8.self)
}
