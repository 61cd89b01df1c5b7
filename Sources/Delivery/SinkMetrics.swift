internal import Telemetry

/// What is counted of one sink.
///
/// Ownership: belongs to the delivery's loop.
struct SinkMetrics {
    let delivered: Counter
    let retried: Counter
    let dead: Counter
    let duration: Histogram
    let queueEvents: Gauge
    let isUp: Gauge
    let isDisabled: Gauge
    private var attempts: LabelledCounters
    private var byCode: [String: Counter] = [:]

    init(sink: String, in metrics: Metrics) {
        func outcome(_ value: String) -> Counter {
            metrics.counter(
                "veer_deliveries_total", help: "What followed from attempts to deliver an event.",
                ("sink", sink), ("outcome", value))
        }
        delivered = outcome("ok")
        retried = outcome("retried")
        dead = outcome("dead")
        duration = metrics.histogram(
            "veer_delivery_duration_seconds", help: "How long attempts took.", ("sink", sink))
        queueEvents = metrics.gauge(
            "veer_delivery_queue_events", help: "Events in memory that a sink hasn't settled.",
            ("sink", sink))
        isUp = metrics.gauge(
            "veer_sink_up", help: "Whether the last attempt was an end, good or bad.",
            ("sink", sink))
        isUp.set(1)
        isDisabled = metrics.gauge(
            "veer_sink_disabled", help: "Whether the sink answered 410 and is sent nothing more.",
            ("sink", sink))
        isDisabled.set(0)
        attempts = LabelledCounters(
            metrics, "veer_delivery_attempts_total", help: "Attempts by status or kind of error.",
            label: "code", valuesLimit: 40, labels: ("sink", sink))
    }

    /// Counts an attempt.
    mutating func count(_ code: String, took: Duration) {
        duration.observe(took)
        if let counter = byCode[code] { return counter.add() }
        let counter = attempts.counter(for: Array(code.utf8).span)
        // Codes that only count as others aren't remembered, as there is no end to them.
        if byCode.count < 40 { byCode[code] = counter }
        counter.add()
    }
}
