public import Configuration
public import EventLoops
internal import HTTP
internal import HTTP2
public import Journal
public import Logging
public import Server
public import TLS
public import Telemetry
internal import Webhooks

/// How much a source has taken in, for those who ask; any thread may read it.
public struct SourceStatistics: Sendable {
    /// Valid events.
    public let received = Counter()
    /// Requests that were refused.
    public let failed = Counter()

    /// Nothing yet.
    public init() {}
}

/// What an ingress loop wants of whoever fetches and decides; strangers decide how many come.
public enum IngressNotice: Sendable {
    /// A token for the source of this number named an unknown key.
    case keysWanted(source: Int)
    /// A message for the source of this number named a certificate that wasn't fetched.
    case certificateWanted(source: Int, address: String)
    /// A sender waits for a consent.
    case consentWanted(ConsentRequest)
}

/// What the ingress loops have in common.
public struct IngressContext: Sendable {
    /// Where metrics are made.
    public var metrics: Metrics
    /// Where refusals are told, now and then.
    public var logger: Logger
    /// A place for each source of the settings.
    public var statistics: [SourceStatistics]
    /// What each source of the settings is held to.
    public var bounds: [SourceBounds]
    /// What requests are judged by, of each source of the settings.
    public var credentials: [SourceCredentials]
    /// Told of what somebody else has to fetch or to decide.
    public var tell: @Sendable (IngressNotice) -> Void
    /// Hands events to the journal; answers whether there was room.
    public var submit: @Sendable (Submission) -> Bool
    /// Why no requests should be sent here, if something keeps them from being taken.
    public var obstacle: @Sendable () -> String?

    /// What each source has accepted a while ago.
    let replays: [ReplayGuard]

    /// A context for these settings.
    public init(
        metrics: Metrics, logger: Logger, statistics: [SourceStatistics],
        bounds: [SourceBounds], credentials: [SourceCredentials],
        tell: @escaping @Sendable (IngressNotice) -> Void,
        submit: @escaping @Sendable (Submission) -> Bool,
        obstacle: @escaping @Sendable () -> String?
    ) {
        self.metrics = metrics
        self.logger = logger
        self.statistics = statistics
        self.bounds = bounds
        self.credentials = credentials
        self.tell = tell
        replays = statistics.map { _ in ReplayGuard() }
        self.submit = submit
        self.obstacle = obstacle
    }
}

/// Takes requests in on one loop, for all listeners, and answers them when their events are safe.
///
/// Owner: the loop it was made for.
public final class Ingress {
    private let settings: Settings
    private let context: IngressContext
    private let loop: EventLoop
    private let routes: Routes
    /// Sinks that have an event as soon as it's given to them: there is nothing to wait for, and
    /// in memory mode nothing to store.
    private let immediateSinks: SinkSet
    private let receipts: Mailbox<Receipt>
    private let keepsUnrouted: Bool
    private let unrouted: [Counter]
    private let access: [AccessControl?]
    private var sources: [WebhookSource] = []
    private var pending = PendingTable()
    private var servers: [HTTPServer] = []
    private var limiter = LogLimiter()

    /// Begins to take requests.
    ///
    /// - Parameters:
    ///   - sockets: one for each listener of the settings.
    ///   - shared: one for each listener of the settings.
    ///   - tls: one for each listener of the settings; nothing where it's plain.
    public init(
        on loop: EventLoop, _ settings: Settings, sockets: [ListeningSocket],
        shared: [HTTPServer.Shared], tls: [TLSMaterial?], _ context: IngressContext
    ) throws(SystemError) {
        self.settings = settings
        self.context = context
        self.loop = loop
        routes = Routes(settings)
        immediateSinks = settings.journal.mode == .memory ? Self.discards(settings) : []
        keepsUnrouted = settings.journal.mode == .durable && settings.journal.keepUnrouted > .zero
        unrouted = settings.sources.map { source in
            context.metrics.counter(
                "veer_events_unrouted_total", help: "Events that no route wanted.",
                (name: "source", value: source.name))
        }
        access = settings.sources.indices.map { AccessControl(settings, index: $0, context) }
        // Each connection waits for one receipt at most, so there is always room.
        receipts = try Mailbox(messagesLimit: 1 << 20)
        try receipts.receive(on: loop) { receipts in self.received(receipts) }
        for (index, listener) in settings.listeners.enumerated() {
            let own = settings.sources.indices.compactMap { source -> WebhookSource? in
                let listeners = settings.sources[source].webhook?.listeners ?? []
                guard listeners.contains(index), let access = access[source] else { return nil }
                return WebhookSource(
                    settings, index: source, limits: listener.limits, access: access, context)
            }
            sources += own
            let handler = ListenerHandler(self, sources: own, listener)
            servers.append(
                try HTTPServer(
                    on: loop, socket: sockets[index], limits: ServerLimits(listener),
                    shared: shared[index], tls: makeContext(tls[index]),
                    isProxy: Self.isProxy(listener), handler: handler))
        }
    }

    /// Who may connect where proxies tell whose connections they pass on.
    private static func isProxy(_ listener: ListenerSettings) -> ((SocketAddress) -> Bool)? {
        guard listener.proxyProtocol else { return nil }
        return { address in
            address.octets.map { octets in
                listener.trustedProxies.contains { $0.contains(octets) }
            } ?? false
        }
    }

    /// A loop's own context; whoever made the material has tried it out.
    private func makeContext(_ material: TLSMaterial?) throws(SystemError) -> TLSContext? {
        guard let material else { return nil }
        do throws(TLSError) {
            return try TLSContext(material)
        } catch {
            throw SystemError(call: "\(error)", errno: 0)
        }
    }

    /// Serves new connections to a listener with other certificates.
    public func replace(tls material: TLSMaterial, ofListener index: Int) {
        do throws(TLSError) {
            servers[index].replace(tls: try TLSContext(material))
        } catch {
            context.logger.error("certificates not replaced: \(error)")
        }
    }

    /// Judges requests by other passwords, tokens, keys and certificates, of each source.
    public func replace(credentials: [SourceCredentials]) {
        for (access, credentials) in zip(access, credentials) {
            access?.replace(credentials.methods)
        }
        for source in sources { source.replace(credentials[source.index].signature) }
    }

    /// Holds the requests of the source of this number to other bounds.
    public func replace(bounds: SourceBounds, ofSource index: Int) {
        for source in sources where source.index == index { source.replace(bounds) }
    }

    /// The time of this turn, from some moment on.
    var nanoseconds: Int { loop.nanoseconds }

    private static func discards(_ settings: Settings) -> SinkSet {
        var sinks = SinkSet()
        for (index, sink) in settings.sinks.enumerated() where sink.target == .discard {
            sinks.insert(SinkSet(sink: index))
        }
        return sinks
    }

    /// Makes every response the last of its connection.
    public func sendAway() {
        for server in servers { server.sendAway() }
    }

    /// Takes no more connections, finishes what has begun, and then calls `done`, once.
    public func drain(_ done: @escaping () -> Void) {
        var left = servers.count
        guard left > 0 else { return done() }
        for server in servers {
            server.drain {
                left -= 1
                if left == 0 { done() }
            }
        }
    }

    /// Closes the connections that didn't finish in time.
    public func closeAll() {
        for server in servers { server.closeAll() }
    }

    /// Whether requests should be sent here, for a load balancer that asks on the same port.
    var health: Response {
        let isDraining = servers.contains { $0.isDraining }
        guard let obstacle = isDraining ? "is stopping" : context.obstacle() else {
            return Response(status: 200, contentType: "text/plain; charset=utf-8", body: "ok\n")
        }
        var response = Problem(status: 503, code: "not_ready", detail: obstacle).response
        response.add("Retry-After", "5")
        return response
    }

    // MARK: - Events

    /// Sends the events that a source has just read on their way.
    ///
    /// - Parameter proof: what its signature says, to be remembered once it's accepted.
    /// - Returns: the answer, where it needn't wait for a receipt.
    func accept(
        from source: WebhookSource, _ count: Int, _ exchange: Exchange,
        _ proof: SignatureVerifier.Proof? = nil
    ) -> Response? {
        guard count > 0 else { return Response(status: 204) }
        let items = items(from: source, count)
        guard !items.isEmpty else {
            source.sender?.remember(proof)
            return source.success
        }
        let ticket = pending.insert(
            PendingRequest(exchange: exchange, source: source, proof: proof))
        let submission = Submission(
            items: items, origin: source.name, ticket: ticket, receipts: receipts)
        guard context.submit(submission) else {
            _ = pending.remove(ticket)
            return refuse(.unavailable(code: "queue_full"), source, nil)
        }
        return nil
    }

    /// The events for which there is something to wait, each with its sinks; the others are done.
    private func items(from source: WebhookSource, _ count: Int) -> [Submission.Item] {
        guard let sinks = routes.sinksOfAllEvents(ofSource: source.index) else {
            let items = source.items { event in
                routes.sinks(of: event, ofSource: source.index)
            }
            unrouted[source.index].add(items.count { $0.sinks.isEmpty })
            return items.filter { mustWait(for: $0.sinks) }
        }
        if sinks.isEmpty { unrouted[source.index].add(count) }
        return mustWait(for: sinks) ? source.items { _ in sinks } : []
    }

    /// Whether the journal has something to do with an event for these sinks.
    private func mustWait(for sinks: SinkSet) -> Bool {
        sinks.isEmpty ? keepsUnrouted : !immediateSinks.isSuperset(of: sinks)
    }

    private func received(_ receipts: [Receipt]) {
        for receipt in receipts {
            guard let request = pending.remove(receipt.ticket) else { continue }
            let source = request.source
            switch receipt.result {
            case .accepted:
                source.sender?.remember(request.proof)
                request.exchange.complete(with: source.success)
            case .refused(let refusal):
                request.exchange.complete(with: refuse(Refusal(refusal), source, nil))
            }
        }
    }

    /// Counts a refusal, logs it now and then, and makes the response.
    func refuse(_ refusal: Refusal, _ source: WebhookSource, _ peer: Peer?) -> Response {
        log(refused: refusal.code, by: "source", source.name, peer)
        return source.problem(refusal)
    }

    /// Has an operator told of a sender that waits for a consent, now and then.
    func ask(
        _ sender: ConsentRequest.Sender, at address: String, _ source: WebhookSource, _ peer: Peer,
        isAutomatic: Bool
    ) {
        let key = "consent/\(source.name)/\(sender)"
        guard limiter.admit(key, now: loop.now) != nil else { return }
        context.tell(
            .consentWanted(
                ConsentRequest(
                    source: source.index, sender: sender, address: address,
                    isAutomatic: isAutomatic, peer: "\(peer.address)")))
    }

    /// Has a certificate fetched.
    func wantCertificate(_ address: String, of source: WebhookSource) {
        context.tell(.certificateWanted(source: source.index, address: address))
    }

    /// Counts and logs a request that no source has seen.
    func countRefused(_ problem: Problem, listener: String, _ peer: Peer) {
        context.metrics.counter(
            "veer_http_requests_refused_total",
            help: "Requests that could not be read or that no source takes.",
            (name: "listener", value: listener), (name: "reason", value: problem.code)
        ).add()
        log(refused: problem.code, by: "listener", listener, peer, detail: problem.detail)
    }

    private func log(
        refused code: String, by part: String, _ name: String, _ peer: Peer?,
        detail: String? = nil
    ) {
        guard let leftOut = limiter.admit("\(part)/\(name)/\(code)", now: loop.now) else { return }
        var metadata: Logger.Metadata = [part: "\(name)", "reason": "\(code)"]
        if let peer { metadata["peer"] = "\(peer.address)" }
        if let detail { metadata["detail"] = "\(detail)" }
        if leftOut > 0 { metadata["alsoLeftOut"] = "\(leftOut)" }
        context.logger.warning("request refused", metadata: metadata)
    }
}

extension ServerLimits {
    /// A listener's limits as its server needs them.
    public init(_ listener: ListenerSettings) {
        let limits = listener.limits
        self.init()
        handshakeTimeout = listener.tls?.handshakeTimeout ?? handshakeTimeout
        handshakes = listener.tls?.handshakes ?? handshakes
        head.requestLineBytes = limits.requestLineBytes
        head.headerBytes = limits.headerBytes
        head.headerFields = limits.headerFields
        head.headerValueBytes = limits.headerValueBytes
        bodyBytes = limits.bodyBytes
        chunkOverheadBytes = limits.chunkOverheadBytes
        requestHeadTimeout = limits.requestHeadTimeout
        bodyTimeout = limits.bodyTimeout
        bodyBytesPerSecond = limits.bodyBytesPerSecond
        writeTimeout = limits.writeTimeout
        idleTimeout = limits.idleTimeout
        requestsPerConnection = limits.requestsPerConnection
        connections = limits.connections
        connectionsPerPeer = limits.connectionsPerPeer
        http2 = listener.http2 ? HTTP2Limits(listener, self) : nil
    }
}

extension HTTP2Limits {
    /// A listener's limits, of which those of a request are the same in every version.
    fileprivate init(_ listener: ListenerSettings, _ server: ServerLimits) {
        let limits = listener.limits
        self.init()
        head = server.head
        bodyBytes = server.bodyBytes
        scheme = listener.tls == nil ? .http : .https
        streams = limits.streams
        streamsPerConnection = limits.streamsPerConnection
        initialWindowBytes = limits.streamWindowBytes
        bodyBudgetBytes = limits.connectionWindowBytes
        resets = Rate(burst: limits.resets, perSecond: limits.resetsPerSecond)
        pings = Rate(burst: limits.controlFrames, perSecond: limits.controlFramesPerSecond)
        glitches.burst = limits.glitches
        bodyBytesPerSecond = limits.bodyBytesPerSecond
    }
}
