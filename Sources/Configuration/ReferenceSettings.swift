/// An object of a Kubernetes cluster that events can be sent to.
///
/// Spec: Knative Addressable §v1
public struct ReferenceSettings: Sendable, Equatable {
    /// `group/version`, or `v1` for the core.
    public var apiVersion: String
    /// Its kind, such as `Broker`.
    public var kind: String
    /// Its name.
    public var name: String
    /// Its namespace; nil for that of ``KubernetesSettings/namespace``.
    public var namespace: String?
    /// The name of one of its addresses; nil for the first.
    public var address: String?
    /// The port of a core Service, others say it themselves; nil for that of the scheme.
    public var port: Int?

    /// An object, reached by its first address.
    public init(apiVersion: String, kind: String, name: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
    }
}

extension ReferenceSettings: CustomStringConvertible {
    /// Whether it's a Service of the core, whose address follows from its name.
    public var isCoreService: Bool { apiVersion == "v1" && kind == "Service" }

    /// What people recognize it by.
    public var description: String {
        "\(apiVersion) \(kind) \(namespace.map { "\($0)/" } ?? "")\(name)"
    }
}

/// How the cluster is reached in which sinks are looked up.
public struct KubernetesSettings: Sendable, Equatable {
    /// The path of a kubeconfig; nil for the access that a pod has.
    public var kubeconfig: String?
    /// Where a pod's service account has its token, its authority and its namespace.
    public var serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
    /// The namespace of what is named without one; nil for the pod's or the kubeconfig's.
    public var namespace: String?
    /// What the names of Services end with; nil for what `/etc/resolv.conf` says.
    public var clusterDomain: String?
    /// For one request to the API server.
    public var timeout = Duration.seconds(30)

    /// The access that a pod has.
    public init() {}
}
