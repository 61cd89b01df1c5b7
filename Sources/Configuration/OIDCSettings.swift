/// How a sink is shown a token of a cluster's that says who Veer is.
public struct OIDCSettings: Sendable, Equatable {
    /// The path of a file with a token, which somebody else replaces in time.
    public var file: String?
    /// The service account in whose name tokens are asked for; nil exactly where there is a file.
    ///
    /// It's in the namespace of ``KubernetesSettings/namespace``.
    public var serviceAccount: String?
    /// Whom tokens are for; nil for whom the sink's object says, and none where it says nothing.
    public var audience: String?

    /// Settings that name no token yet.
    public init() {}
}

extension HTTPSinkSettings {
    /// How it's shown a token of the cluster's, if it is.
    public var oidc: OIDCSettings? {
        if case .oidc(let settings)? = auth { settings } else { nil }
    }
}
