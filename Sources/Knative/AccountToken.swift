internal import Configuration
internal import FoundationEssentials
internal import Kubernetes

/// A token that a cluster makes for a service account.
///
/// Spec: Kubernetes TokenRequest §authentication.k8s.io.v1
struct AccountToken {
    /// What a sink is shown.
    var text: String
    /// How long it's good, by this machine's clock.
    var lifetime: Duration

    /// The account in whose name it's made.
    struct Account {
        var name: String
        var namespace: String

        init(_ settings: OIDCSettings, namespace: String) {
            name = settings.serviceAccount ?? "default"
            self.namespace = namespace
        }

        /// What a Role must allow for it.
        var rule: RoleRule {
            RoleRule(
                apiVersion: "v1", resource: "serviceaccounts/token", name: name,
                verbs: ["create"], namespace: namespace)
        }
    }

    /// Asks for one; the completion is called once, later on the client's loop.
    static func request(
        for audience: String, of account: Account, lifetime: Duration,
        from client: KubernetesClient,
        _ completion: @escaping (Result<AccountToken, KubernetesFailure>) -> Void
    ) {
        let path = ResourcePath(
            apiVersion: "v1", plural: "serviceaccounts", namespace: account.namespace)
        let wanted = TokenRequest.Wanted(
            audiences: [audience], expirationSeconds: lifetime.components.seconds)
        client.request(
            "POST", path.object(account.name, part: "token"), body: TokenRequest(spec: wanted),
            as: TokenReply.self
        ) { outcome in
            completion(outcome.map { Self(text: $0.status.token, lifetime: $0.lifetime) })
        }
    }

    /// Reads one that somebody else keeps new; nothing where there is none.
    static func read(_ path: String, _ readFile: (String) throws -> [UInt8]) -> String? {
        let octets = (try? readFile(path)) ?? []
        let text = String(decoding: octets, as: UTF8.self).filter { !$0.isWhitespace }
        let isToken = !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        return isToken ? text : nil
    }
}

private struct TokenRequest: Encodable {
    struct Wanted: Encodable {
        var audiences: [String]
        var expirationSeconds: Int64
    }

    var apiVersion = "authentication.k8s.io/v1"
    var kind = "TokenRequest"
    var spec: Wanted
}

private struct TokenReply: Decodable {
    struct Status: Decodable {
        var token: String
        var expirationTimestamp: String
    }

    var status: Status

    /// What can't be read counts as short.
    var lifetime: Duration {
        guard let end = try? Date(status.expirationTimestamp, strategy: .iso8601)
        else { return TokenRenewal.lifetimeLeast }
        let seconds = end.timeIntervalSince(Date())
        return .seconds(min(max(seconds, 0), 86_400))
    }
}
