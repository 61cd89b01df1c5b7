public import Kubernetes

/// Which Lease is meant.
public struct LeasePlace: Sendable, Equatable, CustomStringConvertible {
    /// Its name.
    public var name: String
    /// Where it is.
    public var namespace: String

    /// A Lease, which needn't be there.
    public init(name: String, namespace: String) {
        self.name = name
        self.namespace = namespace
    }

    /// What people recognize it by.
    public var description: String { "\(namespace)/\(name)" }

    private static let apiVersion = "coordination.k8s.io/v1"

    private var resource: ResourcePath {
        ResourcePath(apiVersion: Self.apiVersion, plural: "leases", namespace: namespace)
    }

    /// The paths of it, and of where it's made.
    var path: String { resource.object(name) }
    var collection: String { resource.collection }

    /// What a Role must allow for it.
    var rule: RoleRule {
        RoleRule(
            apiVersion: Self.apiVersion, resource: "leases", name: name, verbs: ["get", "update"],
            namespace: namespace)
    }
}

extension LeasePlace {
    /// Reads the Lease once, to see whether replicas can agree by it, and never writes it.
    ///
    /// - Parameter done: gets what was found, a line each, and what is wrong and what to do, if
    ///   anything; called once, later on the client's loop.
    public func check(
        by client: KubernetesClient, _ done: @escaping (_ facts: [String], String?) -> Void
    ) {
        client.request("GET", path) { outcome in
            switch outcome {
            case .success(let octets):
                guard let lease = Lease(json: octets) else {
                    return done([], "the API server's answer is no Lease")
                }
                done(["the Lease \(self) can be read", lease.holding], nil)
            case .failure(let failure) where failure.status == 404:
                done(
                    [],
                    "there is no Lease \(self); apply one that is empty, because whether this"
                        + " account may make it can't be seen without making it")
            case .failure(let failure): done([], failure.advice(needing: rule))
            }
        }
    }
}

extension Lease {
    /// Who holds it, for people; the times are the holder's.
    fileprivate var holding: String {
        guard !holder.isEmpty else { return "nobody holds it" }
        return "\(holder) holds it, renewed last at \(renewed.isEmpty ? "no time" : renewed)"
    }
}
