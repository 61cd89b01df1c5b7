public import Configuration
public import EventLoops
public import Kubernetes
public import Logging
internal import Outbound
public import Telemetry

/// The thread that finds out where sinks are that a cluster knows: a handle for any thread.
public final class Destinations: Sendable {
    /// What it needs of the process around it.
    public struct Context: Sendable {
        /// How the cluster is reached; nil where no sink needs that.
        public var access: ClusterAccess?
        /// What the names of Services end with.
        public var clusterDomain: String
        /// Goes into the `User-Agent` field.
        public var version: String
        /// A file's octets; may wait for a disk.
        public var readFile: @Sendable (String) throws -> [UInt8]
        /// Hands news on, and tells whether there was room.
        public var send: @Sendable (DestinationNews) -> Bool
        /// Where it's counted.
        public var metrics: Metrics
        /// Where it's told.
        public var logger: Logger

        /// All of it.
        public init(
            access: ClusterAccess?, clusterDomain: String, version: String,
            readFile: @escaping @Sendable (String) throws -> [UInt8],
            send: @escaping @Sendable (DestinationNews) -> Bool, metrics: Metrics, logger: Logger
        ) {
            self.access = access
            self.clusterDomain = clusterDomain
            self.version = version
            self.readFile = readFile
            self.send = send
            self.metrics = metrics
            self.logger = logger
        }
    }

    private let stops: Mailbox<Void>
    private let thread: LoopThread

    /// Starts the thread.
    public static func start(
        _ settings: Settings, _ context: Context
    ) throws(SystemError) -> Destinations {
        let stops = try Mailbox<Void>(messagesLimit: 1)
        let thread = try EventLoop.start(name: "veer-knative") { loop throws(SystemError) in
            let finder = DestinationFinder(settings, context, loop: loop)
            try stops.receive(on: loop) { _ in
                finder.close()
                loop.stop()
            }
            finder.start()
        }
        return Destinations(stops: stops, thread: thread)
    }

    private init(stops: Mailbox<Void>, thread: LoopThread) {
        self.stops = stops
        self.thread = thread
    }

    /// Ends the thread, and waits for its end; called once.
    public func stop() {
        _ = stops.send(())
        thread.join()
    }
}

/// Follows all sinks of a configuration that have references.
///
/// Ownership: belongs to the thread of ``Destinations``.
final class DestinationFinder {
    private let settings: Settings
    private let context: Destinations.Context
    private let loop: EventLoop
    private let http: HTTPClient
    private let client: KubernetesClient?
    private var watches: [DestinationWatch] = []
    /// What there was no room for yet: of each sink, what is new last.
    private var waiting: [Int: DestinationNews.Content] = [:]
    private var isRetryDue = false

    private static let pause = Duration.milliseconds(10)

    init(_ settings: Settings, _ context: Destinations.Context, loop: EventLoop) {
        self.settings = settings
        self.context = context
        self.loop = loop
        let http = HTTPClient(loop: loop, userAgent: "veer/\(context.version)")
        self.http = http
        client = context.access.map { access in
            var limits = KubernetesClient.Limits()
            limits.timeout = settings.kubernetes.timeout
            limits.watches = settings.sinks.count
            return KubernetesClient(
                access, loop: loop, http: http, limits: limits, readFile: context.readFile)
        }
        var answers = LabelledCounters(
            context.metrics, "veer_kubernetes_requests_total",
            help: "Answers of the API server by status or kind of error.", label: "code",
            valuesLimit: 40)
        client?.onAnswer = { answers.counter(for: Array($0.utf8).span).add() }
    }

    func start() {
        let namespace = settings.kubernetes.namespace ?? context.access?.namespace ?? "default"
        for (place, sink) in settings.sinks.enumerated() {
            guard case .uri(let http) = sink.target, let reference = http.reference
            else { continue }
            let destination = Destination(http, reference: reference)
            var reports = DestinationReports(
                sink: sink.name, object: reference.description, metrics: context.metrics,
                logger: context.logger)
            if let address = destination.serviceAddress(
                namespace: namespace, clusterDomain: context.clusterDomain)
            {
                reports.tell(.moved(address), now: loop.now)
                tell(.address(address), ofSink: place)
            } else if let client {
                watches.append(
                    DestinationWatch(
                        destination, client: client, namespace: namespace, loop: loop,
                        reports: reports
                    ) { [weak self] in self?.tell($0, ofSink: place) })
            }
        }
    }

    func close() {
        for watch in watches { watch.stop() }
        http.close()
    }

    private func tell(_ news: DestinationNews.Content, ofSink place: Int) {
        waiting[place] = news
        flush()
    }

    private func flush() {
        for (place, news) in waiting where context.send(DestinationNews(sink: place, content: news))
        {
            waiting[place] = nil
        }
        guard !waiting.isEmpty, !isRetryDue else { return }
        isRetryDue = true
        loop.schedule(after: Self.pause) { [weak self] in
            self?.isRetryDue = false
            self?.flush()
        }
    }
}
