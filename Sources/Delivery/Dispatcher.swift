internal import Configuration
internal import EventLoops
internal import Journal
internal import Logging
internal import Outbound
internal import Telemetry

/// Brings stored events to their sinks, and what became of them back to the journal.
///
/// Ownership: belongs to the delivery's loop, as do all its sinks.
final class Dispatcher {
    /// How long the journal may take for the last outcomes after the time limit of a stop.
    private static let settlingTimeout = Duration.seconds(2)

    private let loop: EventLoop
    private let client: HTTPClient
    private let settlements: Settlements
    private var sinks: [Sink] = []
    /// Those whose addresses others find out, by their places.
    private var addressed: [Int: AddressedTarget] = [:]
    /// The tokens that others get, by their sinks' places.
    private var supplied: [Int: SuppliedAuthorization] = [:]
    private let otherTarget: (SinkSettings) -> (any SinkTarget)?
    private var stopping: Stopping?

    private struct Stopping {
        var settlesRest: Bool
        var done: () -> Void
        var isSettling = false
    }

    /// - Parameters:
    ///   - output: where console sinks write.
    ///   - journal: sends a request to the journal, and tells whether there was room.
    ///   - disabled: learns which sinks are gone.
    ///   - inHand: where it's written down which event is being worked on.
    ///   - otherTarget: what takes a sink's events in place of what its settings name.
    ///   - renewToken: has another token got for a sink, and tells whether that will be done.
    init(
        _ settings: Settings, loop: EventLoop, userAgent: String, output: CInt,
        journal: @escaping (JournalRequest) -> Bool, metrics: Metrics, logger: Logger,
        invocations: [Invocations], disabled: DisabledSinks = DisabledSinks(),
        inHand: InHand? = nil,
        otherTarget: @escaping (SinkSettings) -> (any SinkTarget)? = { _ in nil },
        renewToken: @escaping (Int) -> Bool = { _ in false }
    ) throws(SystemError) {
        self.loop = loop
        self.otherTarget = otherTarget
        client = HTTPClient(loop: loop, userAgent: userAgent)
        settlements = Settlements(loop: loop, send: journal)
        let surroundings = Sink.Surroundings(
            loop: loop, inHand: inHand, settle: { [settlements] in settlements.add($0) },
            askForPage: { journal(.read(sink: $0, after: $1, limit: $2)) },
            didEndAttempt: { [unowned self] in settleIfIdle() },
            setDisabled: { disabled.set($0, $1) })
        for (place, sink) in settings.sinks.enumerated() {
            let http = sink.http
            let policies = RetryPolicies(sink: place, in: settings)
            let limits = SinkQueue.Limits(
                events: http.queueEvents, bytes: http.queueBytes, concurrency: http.concurrency,
                canRead: settings.journal.mode == .durable, retryBudget: http.retryBudget,
                ordering: http.ordering, batch: http.batch)
            if http.oidc != nil {
                supplied[place] = SuppliedAuthorization { renewToken(place) }
            }
            let surroundingsOfTarget = TargetSurroundings(
                sink: sink.name, loop: loop, client: client, metrics: metrics, logger: logger,
                inHand: inHand, supplied: supplied[place])
            let reports = SinkReports(
                sink: sink.name, metrics: metrics, logger: logger,
                invocations: place < invocations.count ? invocations[place] : nil)
            sinks.append(
                Sink(
                    place: place,
                    queue: SinkQueue(
                        sink: place, limits: limits, policies: policies, inHand: inHand),
                    policies: policies,
                    copies: DeadLetterCopies(sink: place, in: settings, policies: policies),
                    sendsBatches: http.batch != nil,
                    target: try makeTarget(
                        of: sink, place: place, surroundingsOfTarget, output: output),
                    reports: reports, surroundings: surroundings))
        }
    }

    private func makeTarget(
        of sink: SinkSettings, place: Int, _ surroundings: TargetSurroundings, output: CInt
    ) throws(SystemError) -> any SinkTarget {
        if let other = otherTarget(sink) { return other }
        switch sink.target {
        case .uri(let http) where http.reference != nil:
            let target = AddressedTarget(http, surroundings)
            addressed[place] = target
            return target
        case .uri(let http): return HTTPTarget(http, surroundings)
        case .console:
            return try ConsoleTarget(
                descriptor: output, concurrency: sink.http.concurrency, loop: loop)
        case .discard: return DiscardTarget()
        }
    }

    /// Begins with what the journal has from before.
    func start() { for sink in sinks { sink.pump() } }

    /// How the sinks do, in the configuration's order.
    var statuses: [SinkStatus] { sinks.map(\.status) }

    /// Does what operators and their files ask for.
    func receive(_ orders: [SinkOrder]) {
        for order in orders {
            switch order {
            case .enable(let sink): sinks[sink].enable()
            case .replaceSecrets(let sink, let settings): sinks[sink].replaceSecrets(settings)
            }
        }
    }

    /// Takes what was found out of where sinks are.
    func take(_ news: [SinkNews]) {
        for news in news {
            switch news.content {
            case .address, .obstacle: addressed[news.sink]?.take(news.content)
            case .token(let token): supplied[news.sink]?.take(token: token)
            case .tokenObstacle(let reason): supplied[news.sink]?.take(obstacle: reason)
            }
        }
    }

    /// Takes what the journal says.
    func receive(_ announcements: [Announcement]) {
        for announcement in announcements {
            switch announcement {
            case .stored(let events, let after):
                for sink in sinks { sink.take(events, after: after) }
            case .page(let events, let sink, let through, let isLast):
                sinks[sink].take(page: events, through: through, isLast: isLast)
            }
        }
        // What came so late is never sent.
        if stopping?.isSettling == true { settleRest() }
    }
}

// MARK: - The end

extension Dispatcher {
    /// Begins no other attempt, lets those end that are under way, and calls `done` when the
    /// journal has every outcome.
    ///
    /// - Parameters:
    ///   - timeout: after it, attempts are cut off; their events are delivered again some day.
    ///   - settlesRest: give up what isn't delivered by then, with the code `shutting_down`.
    func stop(within timeout: Duration, settlesRest: Bool, _ done: @escaping () -> Void) {
        guard stopping == nil else { return }
        stopping = Stopping(settlesRest: settlesRest, done: done)
        for sink in sinks { sink.stop() }
        loop.schedule(after: timeout) { [weak self] in self?.cutOff() }
        loop.schedule(after: timeout + Self.settlingTimeout) { [weak self] in self?.end() }
        settleIfIdle()
    }

    private func cutOff() {
        client.cancelAll()
        for sink in sinks { sink.cancelAll() }
    }

    private func settleIfIdle() {
        guard let stopping, !stopping.isSettling, sinks.allSatisfy(\.isIdle) else { return }
        self.stopping?.isSettling = true
        settleRest()
        settlements.whenEmpty { [weak self] in self?.end() }
    }

    private func settleRest() {
        guard stopping?.settlesRest == true else { return }
        let reason = DeadLetterReason(
            code: "shutting_down", status: nil, detail: "the gateway is shutting down", attempts: 0)
        for sink in sinks { sink.settleRest(reason) }
    }

    private func end() {
        guard let done = stopping?.done else { return }
        stopping?.done = {}
        client.close()
        done()
    }
}

extension SinkSettings {
    /// Limits of a sink that isn't reached by HTTP are those of one with the defaults.
    fileprivate var http: HTTPSinkSettings {
        guard case .uri(let http) = target else { return HTTPSinkSettings(uri: "") }
        return http
    }
}
