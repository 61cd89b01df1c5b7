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
/// Attempts that are under way when it changes end where they began.
final class AddressedTarget: SinkTarget {
    var address: String? { target?.address }
    private(set) var obstacle: String? = "it isn't known yet where the sink is"
    var onReady: (() -> Void)?

    private let settings: HTTPSinkSettings
    private let client: HTTPClient
    private var target: HTTPTarget?
    private var latest: SinkNews.Content?

    init(_ settings: HTTPSinkSettings, client: HTTPClient) {
        self.settings = settings
        self.client = client
    }

    func take(_ news: SinkNews.Content) {
        guard news != latest else { return }
        latest = news
        switch news {
        case .address(let url, let authorities):
            target?.retire()
            var settings = settings
            settings.uri = url
            // What the sink's own settings say goes first.
            if settings.tls.ca == nil, settings.tls.authorities == nil {
                settings.tls.authorities = authorities
            }
            target = HTTPTarget(settings, client: client)
            obstacle = nil
            onReady?()
        case .obstacle(let reason): obstacle = reason
        }
    }

    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        guard let target else {
            return completion(.unanswered(kind: "address", detail: obstacle ?? ""))
        }
        target.send(stored, timeout: timeout, completion)
    }

    /// Left to whoever closes the client, which is the same for all sinks.
    func cancelAll() {}
}
