public import Configuration
internal import EventLoops
public import Kubernetes

/// Asks a cluster once what a run asks it all the time for a sink: where that is, and for a token.
///
/// Ownership: belongs to the loop of its client.
public final class DestinationCheck {
    /// What it needs of the cluster.
    public struct Cluster {
        /// Asks the API server; nil where no sink needs that.
        public var client: KubernetesClient?
        /// The namespace of what is named without one.
        public var namespace: String
        /// What the names of Services end with.
        public var domain: String
        /// A file's octets; may wait for a disk.
        public var readFile: (String) throws -> [UInt8]

        /// All of it.
        public init(
            client: KubernetesClient?, namespace: String, domain: String,
            readFile: @escaping (String) throws -> [UInt8]
        ) {
            self.client = client
            self.namespace = namespace
            self.domain = domain
            self.readFile = readFile
        }
    }

    /// Good for nothing, so it's as short as the API server makes them.
    private static let tokenLifetime = Duration.seconds(600)

    private let settings: HTTPSinkSettings
    private let cluster: Cluster
    private let done: ([String], String?) -> Void
    private var watch: DestinationWatch?
    private var address: SinkAddress?
    private var facts: [String] = []
    private var isOver = false

    /// A check that asks from ``start()`` on.
    ///
    /// - Parameter done: gets what was found, a line each, and what is wrong and what to do, if
    ///   anything; called once.
    public init(
        _ settings: HTTPSinkSettings, _ cluster: Cluster,
        done: @escaping (_ facts: [String], String?) -> Void
    ) {
        self.settings = settings
        self.cluster = cluster
        self.done = done
    }

    /// Begins to ask.
    public func start() {
        guard let reference = settings.reference else { return askForToken() }
        let destination = Destination(settings, reference: reference)
        let address = destination.serviceAddress(
            namespace: cluster.namespace, clusterDomain: cluster.domain)
        if let address {
            facts.append("its address follows from its name: \(address.url)")
            return askForToken()
        }
        guard let client = cluster.client else { return finish("there is no cluster to ask") }
        watch = DestinationWatch(
            destination, client: client, namespace: cluster.namespace,
            didFollow: { [weak self] in self?.didFollow() }
        ) { [weak self] in self?.take($0, of: reference) }
    }

    private func take(_ change: DestinationState.Change, of reference: ReferenceSettings) {
        var reference = reference
        reference.namespace = reference.namespace ?? cluster.namespace
        switch change {
        case .moved(let address):
            self.address = address
            facts = [
                "\(reference) has the address \(address.url)",
                address.audience.map { "tokens for it are for the audience \($0)" }
                    ?? "it names no audience",
                address.authorities == nil ? "it has no CACerts" : "it has CACerts",
            ]
        case .lost(let obstacle), .unsure(let obstacle):
            let remedy = obstacle.remedy.map { "; \($0)" } ?? ""
            finish("\(reference): \(obstacle.sentence)\(remedy)")
        }
    }

    private func didFollow() {
        facts.append("its changes can be followed")
        watch?.stop()
        askForToken()
    }

    private func askForToken() {
        guard let oidc = settings.oidc else { return finish(nil) }
        if let path = oidc.file {
            guard AccountToken.read(path, cluster.readFile) != nil else {
                return finish(
                    "the token's file \(path) can't be read, or holds no token; correct"
                        + " auth.oidc.file, or have the token mounted there")
            }
            facts.append("there is a token in \(path)")
            return finish(nil)
        }
        guard let audience = oidc.audience ?? address?.audience else {
            facts.append("it's shown no token, because its object names no audience")
            return finish(nil)
        }
        guard let client = cluster.client else { return finish("there is no cluster to ask") }
        let account = AccountToken.Account(oidc, namespace: cluster.namespace)
        AccountToken.request(
            for: audience, of: account, lifetime: Self.tokenLifetime, from: client
        ) { [weak self] in self?.take($0, for: audience, of: account) }
    }

    private func take(
        _ outcome: Result<AccountToken, KubernetesFailure>, for audience: String,
        of account: AccountToken.Account
    ) {
        let name = "\(account.namespace)/\(account.name)"
        switch outcome {
        case .success:
            facts.append("the service account \(name) gets tokens for \(audience)")
            finish(nil)
        case .failure(let failure) where failure.status == 404:
            finish("there is no service account \(name); make it, or correct auth.oidc")
        case .failure(let failure):
            finish(
                "the service account \(name) gets no token: "
                    + failure.advice(needing: account.rule))
        }
    }

    private func finish(_ problem: String?) {
        guard !isOver else { return }
        isOver = true
        watch?.stop()
        done(facts, problem)
    }
}
