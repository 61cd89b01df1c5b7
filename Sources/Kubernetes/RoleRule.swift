internal import Outbound

/// A rule that a Role needs for something, in the words of its manifest.
///
/// Spec: Kubernetes PolicyRule §rbac.authorization.k8s.io.v1
public struct RoleRule: Sendable, Equatable, CustomStringConvertible {
    /// The API group; empty for the core.
    public var group: String
    /// A kind's name in paths, with its part if that is meant: `serviceaccounts/token`.
    public var resource: String
    /// The only object that is meant.
    public var name: String
    /// What is done with it.
    public var verbs: [String]
    /// Where the Role is.
    public var namespace: String

    /// A rule for one object.
    ///
    /// - Parameter apiVersion: `group/version`, or `v1` for the core.
    public init(
        apiVersion: String, resource: String, name: String, verbs: [String], namespace: String
    ) {
        let parts = apiVersion.split(separator: "/")
        group = parts.count == 2 ? String(parts[0]) : ""
        self.resource = resource
        self.name = name
        self.verbs = verbs
        self.namespace = namespace
    }

    /// The rule, as YAML on one line.
    public var description: String {
        "{apiGroups: [\"\(group)\"], resources: [\(resource)], resourceNames: [\(name)], verbs: ["
            + verbs.joined(separator: ", ") + "]}"
    }
}

extension KubernetesFailure {
    /// A sentence for people that says what to do, too.
    ///
    /// - Parameter rule: what is needed for the request that failed; nil for what every account
    ///   may do.
    public func advice(needing rule: RoleRule?) -> String {
        remedy(needing: rule).map { "\(self); \($0)" } ?? description
    }

    private func remedy(needing rule: RoleRule?) -> String? {
        switch self {
        case .unreachable(let error):
            error.tlsFault.map(Self.remedy(of:)) ?? "check its address and the network"
        case .refused(401, _, _, _):
            "see whether the token, or the certificate, is of this cluster and not too old"
        case .refused(403, _, _, _):
            if let rule {
                "the account needs a Role in the namespace \(rule.namespace) with the rule \(rule)"
            } else {
                "bind the account to the ClusterRole system:discovery, as all are by default"
            }
        case .unreadable: "see whether it's an API server that answers there"
        case .refused, .noToken, .busy: nil
        }
    }

    private static func remedy(of fault: TLSFault) -> String {
        switch fault {
        case .untrusted, .authorities:
            "have its authority's certificate, as PEM, in ca.crt beside the account's token or"
                + " where the kubeconfig's certificate-authority says"
        case .wrongName: "use a name in its certificate"
        case .expired, .notYetValid: "renew its certificate, or correct the clocks"
        case .certificate, .refused: "correct the kubeconfig's client certificate and its key"
        }
    }
}
