internal import Configuration
internal import Journal
internal import Outbound

/// What is new of a sink whose address isn't in the configuration.
public struct SinkNews: Sendable, Equatable {
    /// What is new.
    public enum Content: Sendable, Equatable {
        /// It's at this URL from now on; its object vouches for it by these authorities, as PEM.
        case address(url: String, authorities: String?)
        /// Nothing can be sent to it, for this reason.
        case obstacle(String)
        /// It's to be shown this token from now on; nil for none.
        case token(String?)
        /// There is no token for it, for this reason, and it wants one.
        case tokenObstacle(String)
    }

    /// The sink's place in the settings.
    public var sink: Int
    /// What is new.
    public var content: Content

    /// News of a sink.
    public init(sink: Int, content: Content) {
        self.sink = sink
        self.content = content
    }
}

/// POSTs events to an address that somebody else finds out, and that may change.
///
/// Attempts that are under way when it changes end where they began, and count where they
/// succeed: what a place says that isn't the sink's any more gives no event up.
final class AddressedTarget: SinkTarget {
    var address: String? { target?.address }
    var onMove: (() -> Void)?
    var onReady: (() -> Void)? { didSet { target?.onReady = onReady } }

    private var settings: HTTPSinkSettings
    private let surroundings: TargetSurroundings
    private let authorization: (any SinkAuthorization)?
    private var reason: String? = "it isn't known yet where the sink is"
    private var target: HTTPTarget?
    private var latest: SinkNews.Content?
    /// How often it was told where the sink is, or that nobody knows.
    private var moves = 0

    init(_ settings: HTTPSinkSettings, _ surroundings: TargetSurroundings) {
        self.settings = settings
        self.surroundings = surroundings
        // One for all addresses: it isn't they that tokens are for.
        authorization = settings.auth.map { makeAuthorization($0, settings, surroundings) }
    }

    var obstacle: String? { reason ?? target?.obstacle }

    /// Takes what concerns its address.
    func take(_ news: SinkNews.Content) {
        guard news != latest else { return }
        latest = news
        switch news {
        case .address(let url, let authorities):
            moves += 1
            target?.retire()
            var settings = settings
            settings.uri = url
            // What the sink's own settings say goes first.
            if settings.tls.ca == nil, settings.tls.authorities == nil {
                settings.tls.authorities = authorities
            }
            target = HTTPTarget(settings, surroundings, authorization: authorization)
            target?.onReady = onReady
            reason = nil
            onMove?()
        case .obstacle(let reason):
            moves += 1
            self.reason = reason
        // Those are its authorization's.
        case .token, .tokenObstacle: break
        }
    }

    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        guard let target else {
            return completion(.unanswered(kind: "address", detail: obstacle ?? ""))
        }
        target.send(stored, timeout: timeout, judging(completion))
    }

    func send(
        batch: [StoredEvent], timeout: Duration,
        _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        guard let target else {
            return completion(.unanswered(kind: "address", detail: obstacle ?? ""))
        }
        target.send(batch: batch, timeout: timeout, judging(completion))
    }

    private func judging(
        _ completion: @escaping (DeliveryResult?) -> Void
    ) -> (DeliveryResult?) -> Void {
        let place = moves
        return { [weak self] result in
            let counts = (self?.moves ?? place) == place || result?.isSuccess ?? false
            completion(counts ? result : nil)
        }
    }

    func suspend() { target?.suspend() }

    func resume() { target?.resume() }

    func replaceSecrets(_ settings: HTTPSinkSettings) {
        (self.settings.auth, self.settings.signing) = (settings.auth, settings.signing)
        // With no target yet, nobody else would hear of it.
        if let auth = settings.auth { authorization?.replace(auth) }
        target?.replaceSecrets(settings)
    }

    /// Left to whoever closes the client, which is the same for all sinks.
    func cancelAll() {}
}
