internal import Telemetry

/// What is counted of one vCenter.
struct VCenterMetrics {
    let events: Counter
    let failures: Counter
    let logins: Counter
    let oddities: Counter
    let unrouted: Counter
    let findings: [Finding: Counter]
    /// 1 while the session is open and the last call was answered.
    let isConnected: Gauge
    /// When the newest event that was stored was created, in seconds since 1970.
    let newestSeconds: Gauge
    /// How old the newest of them was when it was read.
    let lagSeconds: Gauge

    init(_ metrics: Metrics, source: String) {
        let label = (name: "source", value: source)
        events = metrics.counter(
            "veer_vcenter_events_total", help: "Events that were read from vCenter.", label)
        failures = metrics.counter(
            "veer_vcenter_failures_total", help: "Calls to vCenter that failed.", label)
        logins = metrics.counter("veer_vcenter_logins_total", help: "Sessions opened.", label)
        oddities = metrics.counter(
            "veer_vcenter_oddities_total",
            help: "Types, elements and values that the schema doesn't know.", label)
        unrouted = metrics.counter(
            "veer_events_unrouted_total", help: "Events that no route wanted.", label)
        var findings: [Finding: Counter] = [:]
        for finding in Finding.allCases {
            findings[finding] = metrics.counter(
                "veer_vcenter_findings_total",
                help: "What the stream of events met with that isn't as it should be.", label,
                (name: "kind", value: finding.rawValue))
        }
        self.findings = findings
        isConnected = metrics.gauge(
            "veer_vcenter_connected",
            help: "Whether a session with vCenter is open and answers.", label)
        newestSeconds = metrics.gauge(
            "veer_vcenter_newest_event_timestamp_seconds",
            help: "When the newest event that was stored was created.", label)
        lagSeconds = metrics.gauge(
            "veer_vcenter_lag_seconds",
            help: "How long after its creation the newest event was stored.", label)
    }
}
