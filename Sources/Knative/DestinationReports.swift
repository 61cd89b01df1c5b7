internal import Logging
internal import Telemetry

/// Tells operators where a sink is, and why it isn't known: metrics and log lines.
///
/// Ownership: belongs to the loop of its ``DestinationWatch``.
struct DestinationReports {
    private let sink: String
    private let object: String
    private let logger: Logger
    private let isKnown: Gauge
    private let changes: Counter
    private var limiter = LogLimiter()

    init(sink: String, object: String, metrics: Metrics, logger: Logger) {
        self.sink = sink
        self.object = object
        self.logger = logger
        isKnown = metrics.gauge(
            "veer_sink_address_known", help: "Whether it's known where a sink is.",
            ("sink", sink))
        changes = metrics.counter(
            "veer_sink_address_changes_total", help: "Addresses that a sink got.", ("sink", sink))
    }

    mutating func tell(_ change: DestinationState.Change, now: ContinuousClock.Instant) {
        switch change {
        case .moved(let address):
            isKnown.set(1)
            changes.add()
            guard let leftOut = limiter.admit("moved", now: now) else { return }
            logger.notice(
                "sink has an address",
                metadata: metadata([
                    "address": "\(address.url)", "linesLeftOut": "\(leftOut)",
                ]))
        case .lost(let obstacle):
            isKnown.set(0)
            warn("sink waits for an address", obstacle, now)
        case .unsure(let obstacle):
            warn("sink's address can't be followed, the last one counts", obstacle, now)
        }
    }

    private mutating func warn(
        _ message: String, _ obstacle: Obstacle, _ now: ContinuousClock.Instant
    ) {
        guard let leftOut = limiter.admit(obstacle.code, now: now) else { return }
        logger.warning(
            "\(message)",
            metadata: metadata([
                "reason": "\(obstacle.code)", "detail": "\(obstacle.sentence)",
                "linesLeftOut": "\(leftOut)",
            ]))
    }

    private func metadata(_ more: Logger.Metadata) -> Logger.Metadata {
        var metadata = more
        metadata["sink"] = "\(sink)"
        metadata["object"] = "\(object)"
        return metadata
    }
}
