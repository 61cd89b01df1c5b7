internal import Configuration
internal import EventLoops
internal import Kubernetes
internal import Logging
internal import Outbound
internal import Telemetry

/// Follows all sinks of a configuration that have references.
///
/// Ownership: belongs to the thread of ``Destinations``.
final class DestinationFinder {
    private let settings: Settings
    private let context: Destinations.Context
    private let loop: EventLoop
    private let http: HTTPClient
    private let client: KubernetesClient?
    private let namespace: String
    private var watches: [DestinationWatch] = []
    private var keepers: [Int: TokenKeeper] = [:]
    /// What there was no room for yet: of each sink and kind, what is new last.
    private var waiting: [Topic: DestinationNews.Content] = [:]
    private var isRetryDue = false

    private struct Topic: Hashable {
        var sink: Int
        var isToken: Bool
    }

    private static let pause = Duration.milliseconds(10)

    init(_ settings: Settings, _ context: Destinations.Context, loop: EventLoop) {
        self.settings = settings
        self.context = context
        self.loop = loop
        namespace = settings.kubernetes.namespace ?? context.access?.namespace ?? "default"
        let http = HTTPClient(loop: loop, userAgent: "veer/\(context.version)")
        self.http = http
        client = context.access.map { access in
            var limits = KubernetesClient.Limits()
            limits.timeout = settings.kubernetes.timeout
            limits.watches = max(1, settings.sinks.count)
            return KubernetesClient(
                access, loop: loop, http: http, limits: limits, readFile: context.readFile)
        }
        var answers = LabelledCounters(
            context.metrics, "veer_kubernetes_requests_total",
            help: "Answers of the API server by status or kind of error.", label: "code",
            valuesLimit: 40)
        client?.onAnswer = { answers.counter(for: Array($0.utf8).span).add() }
    }

    func start() throws(SystemError) {
        let around = TokenKeeper.Surroundings(
            loop: loop, client: client, namespace: namespace, readFile: context.readFile,
            metrics: context.metrics, logger: context.logger)
        for (place, sink) in settings.sinks.enumerated() {
            guard case .uri(let http) = sink.target else { continue }
            if let oidc = http.oidc {
                let keeper = try TokenKeeper(oidc, sink: sink.name, around) { [weak self] in
                    self?.tell($0, ofSink: place)
                }
                keepers[place] = keeper
                keeper.start()
            }
            if let reference = http.reference {
                follow(Destination(http, reference: reference), of: sink.name, place)
            }
        }
    }

    private func follow(_ destination: Destination, of name: String, _ place: Int) {
        var reports = DestinationReports(
            sink: name, object: destination.reference.description, metrics: context.metrics,
            logger: context.logger)
        let take = { [weak self] (change: DestinationState.Change) in
            guard let self else { return }
            reports.tell(change, now: loop.now)
            switch change {
            case .moved(let address): tell(.address(address), ofSink: place)
            case .lost(let obstacle): tell(.obstacle(obstacle.sentence), ofSink: place)
            case .unsure: break
            }
        }
        let address = destination.serviceAddress(
            namespace: namespace, clusterDomain: context.clusterDomain)
        if let address {
            take(.moved(address))
        } else if let client {
            watches.append(
                DestinationWatch(destination, client: client, namespace: namespace, tell: take))
        }
    }

    func renewToken(ofSink place: Int) { keepers[place]?.refused() }

    func close() {
        for watch in watches { watch.stop() }
        for keeper in keepers.values { keeper.stop() }
        http.close()
    }

    private func tell(_ news: DestinationNews.Content, ofSink place: Int) {
        var isToken = false
        switch news {
        case .address(let address):
            // An old token isn't shown to another audience.
            keepers[place]?.want(audience: address.audience)
        case .obstacle: break
        case .token, .tokenObstacle: isToken = true
        }
        waiting[Topic(sink: place, isToken: isToken)] = news
        flush()
    }

    private func flush() {
        for (topic, news) in waiting
        where context.send(DestinationNews(sink: topic.sink, content: news)) {
            waiting[topic] = nil
        }
        guard !waiting.isEmpty, !isRetryDue else { return }
        isRetryDue = true
        loop.schedule(after: Self.pause) { [weak self] in
            self?.isRetryDue = false
            self?.flush()
        }
    }
}
