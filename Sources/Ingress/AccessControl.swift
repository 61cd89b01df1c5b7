internal import Authentication
internal import Configuration
internal import Glibc
internal import HTTP
internal import Telemetry

/// Says who may send to a source, for all listeners of one loop.
///
/// Every request is judged anew, whatever came on its connection before.
///
/// Owner: the ingress's loop.
final class AccessControl {
    private var authenticator: Authenticator
    private let allowedPeers: [AddressBlock]
    private let isForEveryone: Bool
    /// Whoever has a certificate with one of these names is let in.
    private let certificateNames: [String]
    private let realm: String
    private let failed: (AuthenticationFailure.Reason) -> Counter
    private let keysWanted: () -> Void
    private var attempts: FailedAttempts

    /// Nothing for a source to which nobody sends.
    init?(_ settings: Settings, index: Int, _ context: IngressContext) {
        let source = settings.sources[index]
        guard let webhook = source.webhook else { return nil }
        let methods = context.credentials[index].methods
        // One left out could let everyone in.
        precondition(methods.count == webhook.auth.count)
        authenticator = Authenticator(methods)
        allowedPeers = webhook.allowPeers
        isForEveryone = webhook.allowPeers == AddressBlock.everyone
        certificateNames = webhook.auth.flatMap { auth -> [String] in
            guard case .clientCertificate(let names) = auth else { return [] }
            return names
        }
        realm = settings.router == nil ? "veer" : "restricted"
        let (metrics, name) = (context.metrics, source.name)
        failed = { reason in
            metrics.counter(
                "veer_auth_failures_total", help: "Requests that proved no right to send.",
                (name: "source", value: name), (name: "reason", value: reason.rawValue))
        }
        keysWanted = { context.tell(.keysWanted(source: index)) }
        attempts = FailedAttempts(perMinute: webhook.failedAttempts.perMinute)
    }

    /// Takes other passwords, tokens and keys into use.
    func replace(_ methods: [AuthenticationMethod]) { authenticator = Authenticator(methods) }

    /// Whether a token may stand in the query, so that what is answered belongs to one client.
    var answersArePrivate: Bool { authenticator.takesQueryTokens }

    /// What a client is refused for, whatever it sends.
    ///
    /// - Parameters:
    ///   - client: its address; asked for only where it counts.
    ///   - now: nanoseconds from some moment on.
    func refusal(ofClient client: () -> [UInt8]?, now: Int) -> Refusal? {
        if !isForEveryone {
            let isAllowed = client().map { address in
                allowedPeers.contains { $0.contains(address) }
            }
            guard isAllowed ?? false else { return .peerNotAllowed }
        }
        guard !attempts.isEmpty else { return nil }
        return attempts.wait(of: client(), now: now).map { .tooManyAttempts(seconds: $0) }
    }

    /// What a request is refused for, by what its head says of its sender.
    ///
    /// - Parameter identity: asked for only where it counts.
    func refusal(
        of head: RequestHead, _ message: Span<UInt8>, client: () -> [UInt8]?, now: Int,
        identity: () -> ClientIdentity?
    ) -> Refusal? {
        guard !authenticator.isOpen else { return nil }
        let failure = authenticator.failure(of: head, message, now: time(nil)) {
            identity()?.has(oneOf: certificateNames) ?? false
        }
        guard let failure else { return nil }
        failed(failure.reason).add()
        if failure.isAttempt { attempts.add(client(), now: now) }
        if failure.reason == .unknownKey { keysWanted() }
        return .unauthenticated(failure)
    }

    /// Says how to do better, or when.
    func addFields(to response: inout Response, after failure: AuthenticationFailure) {
        for challenge in authenticator.challenges(after: failure, realm: realm) {
            response.add("WWW-Authenticate", challenge)
        }
        if failure.reason == .keysUnavailable { response.add("Retry-After", "5") }
    }
}
