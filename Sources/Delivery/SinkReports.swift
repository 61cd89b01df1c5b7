internal import CloudEvents
internal import Journal
internal import Logging
internal import Telemetry

/// Tells operators how a sink does: metrics, log lines, and the counts of `/stats`.
///
/// A sink that fails is logged when it begins to fail and when it stops failing; in between only
/// the metrics tell. Each event given up is logged, and however many there are, a line at most
/// every few seconds for each reason.
struct SinkReports {
    private let name: String
    private let logger: Logger
    private let invocations: Invocations?
    private var metrics: SinkMetrics
    private var limiter = LogLimiter()
    private var failuresInRow = 0

    init(sink: String, metrics: Metrics, logger: Logger, invocations: Invocations?) {
        name = sink
        self.logger = logger
        self.invocations = invocations
        self.metrics = SinkMetrics(sink: sink, in: metrics)
    }

    /// No attempt has failed since the last that didn't.
    var isUp: Bool { failuresInRow == 0 }

    /// The sink's queue has this many events.
    func queueEvents(_ count: Int) { metrics.queueEvents.set(count) }

    /// An attempt had this result, which led to this verdict.
    mutating func ended(
        _ verdict: RetryPolicy.Verdict, on result: DeliveryResult, took: Duration,
        now: ContinuousClock.Instant
    ) {
        metrics.count(result.code, took: took)
        switch verdict {
        case .delivered: succeeded(now)
        case .deadLetter(let reason) where reason.code == "refused": succeeded(now)
        case .deadLetter: failed(result, now)
        case .retryOneByOne: metrics.retried.add()
        case .retry:
            metrics.retried.add()
            failed(result, now)
        }
    }

    /// The sink is gone for good, or isn't any more.
    func isDisabled(_ isDisabled: Bool) {
        metrics.isDisabled.set(isDisabled ? 1 : 0)
        guard isDisabled else {
            return logger.notice("sink is sent events again", metadata: ["sink": "\(name)"])
        }
        logger.error(
            "sink is gone, its events become dead letters until it's enabled",
            metadata: ["sink": "\(name)", "status": "410"])
    }

    /// An event is settled.
    mutating func settled(
        _ stored: StoredEvent, _ result: Outcome.Result, now: ContinuousClock.Instant
    ) {
        invocations?.add(
            subject: stored.event["subject"] ?? "", isSuccess: result == .delivered)
        switch result {
        case .delivered: metrics.delivered.add()
        case .deadLetter(let reason):
            metrics.dead.add()
            gaveUp(stored, reason, now)
        }
    }

    private mutating func succeeded(_ now: ContinuousClock.Instant) {
        guard failuresInRow > 0 else { return }
        let failures = failuresInRow
        failuresInRow = 0
        metrics.isUp.set(1)
        guard let leftOut = limiter.admit("up", now: now) else { return }
        logger.info(
            "sink works again",
            metadata: [
                "sink": "\(name)", "failures": "\(failures)", "linesLeftOut": "\(leftOut)",
            ])
    }

    private mutating func failed(_ result: DeliveryResult, _ now: ContinuousClock.Instant) {
        failuresInRow += 1
        guard failuresInRow == 1 else { return }
        metrics.isUp.set(0)
        guard let leftOut = limiter.admit("down", now: now) else { return }
        logger.warning(
            "sink fails, events are sent again later",
            metadata: [
                "sink": "\(name)", "code": "\(result.code)",
                "detail": "\(printable(result.detail))", "linesLeftOut": "\(leftOut)",
            ])
    }

    private mutating func gaveUp(
        _ stored: StoredEvent, _ reason: DeadLetterReason, _ now: ContinuousClock.Instant
    ) {
        guard let leftOut = limiter.admit(reason.code, now: now) else { return }
        logger.warning(
            "event given up",
            metadata: [
                "sink": "\(name)", "id": "\(printable(stored.event.id))",
                "source": "\(printable(stored.event.source))", "sequence": "\(stored.sequence)",
                "reason": "\(reason.code)", "status": "\(reason.status ?? 0)",
                "detail": "\(reason.detail)", "attempts": "\(reason.attempts)",
                "linesLeftOut": "\(leftOut)",
            ])
    }
}
