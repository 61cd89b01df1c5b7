/// How replicas agree on the one that reads vCenters.
///
/// Spec: Kubernetes Lease §coordination.k8s.io.v1
public struct LeaderElectionSettings: Sendable, Equatable {
    /// The name of the Lease.
    public var lease: String
    /// Where the Lease is; nil for the pod's or the kubeconfig's namespace.
    public var namespace: String?
    /// Who this is, for people; nil for the host's name, which in a pod is the pod's.
    ///
    /// Something is added that no other process has.
    public var identity: String?
    /// How long others wait after the last renewal that they saw.
    public var leaseDuration = Duration.seconds(15)
    /// How long the leader goes on after its last renewal.
    public var renewDeadline = Duration.seconds(10)
    /// How often the Lease is renewed, or looked at.
    public var retryPeriod = Duration.seconds(2)

    /// A Lease, with client-go's times.
    public init(lease: String) { self.lease = lease }
}
