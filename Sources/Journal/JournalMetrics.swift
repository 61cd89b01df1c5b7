internal import Telemetry

/// What the journal counts.
struct JournalMetrics: Sendable {
    let events: Gauge
    let bytes: Gauge
    let commits: Counter
    let commitDuration: Histogram
    let storedEvents: Counter
    let corruptEvents: Counter
    let poisonEvents: Counter
    /// When the oldest event that somebody waits for came in; 0 where there is none.
    let oldestMilliseconds = Gauge()
    let deadLetters = SharedDeadLetters()
    private let metrics: Metrics

    init(_ metrics: Metrics) {
        self.metrics = metrics
        events = metrics.gauge(
            "veer_journal_events", help: "Events that a sink has not settled yet.")
        bytes = metrics.gauge(
            "veer_journal_bytes", help: "Bytes that count towards journal.bytesLimit.")
        commits = metrics.counter(
            "veer_journal_commits_total", help: "Transactions on stable storage.")
        commitDuration = metrics.histogram(
            "veer_journal_commit_duration_seconds", help: "Duration of a transaction.")
        storedEvents = metrics.counter(
            "veer_journal_stored_events_total", help: "Events accepted.")
        corruptEvents = metrics.counter(
            "veer_journal_corrupt_events_total",
            help: "Stored events that are not what was accepted, and so not delivered.")
        poisonEvents = metrics.counter(
            "veer_journal_poison_events_total",
            help: "Events given up because the process ended while it handled them.")
        let oldest = oldestMilliseconds
        metrics.reading(
            "veer_journal_oldest_event_age_seconds",
            help: "Age of the oldest event that a sink has not settled yet."
        ) {
            let received = Int64(oldest.value)
            return received == 0 ? 0 : Double(max(0, WallClock.milliseconds - received)) / 1_000
        }
    }

    /// Counts events that aren't the first with their source and id.
    func found(_ finding: RecentEvents.Finding, origin: String) {
        switch finding {
        case .new: break
        case .known:
            metrics.counter(
                "veer_events_duplicate_total",
                help: "Events that were taken before, and so not again.", ("source", origin)
            ).add()
        case .changed:
            metrics.counter(
                "veer_events_changed_total",
                help: "Events with the source and id of an earlier one, but other content.",
                ("source", origin)
            ).add()
        }
    }

    /// Counts requests that were refused.
    func refused(_ reason: String, _ count: Int = 1) {
        metrics.counter(
            "veer_journal_refused_total", help: "Requests whose events were not accepted.",
            ("reason", reason)
        ).add(count)
    }

    /// Counts what was, or for want of room wasn't, stored for dead letter sinks.
    func forwarded(_ outcomes: ArraySlice<Outcome>, _ isStored: Bool) {
        let count = outcomes.count { $0.copy != nil }
        guard count > 0 else { return }
        metrics.counter(
            "veer_dead_letters_forwarded_total",
            help: "Dead letters stored for a dead letter sink, or left out for want of room.",
            ("outcome", isStored ? "stored" : "no_room")
        ).add(count)
    }

    /// Counts what was done with kept events.
    func kept(_ kind: KeptKind, _ what: String, _ count: Int) {
        metrics.counter(
            "veer_kept_events_total",
            help: "Kept events that were replayed or purged, by kind and what was done.",
            ("kind", kind.rawValue), ("action", what)
        ).add(count)
    }

    /// Shows how many dead letters each sink has.
    func setDeadLetters(_ deadLetters: [String: Int]) {
        self.deadLetters.set(deadLetters)
        for (sink, count) in deadLetters {
            metrics.gauge(
                "veer_dead_letters", help: "Events that a sink did not take.", ("sink", sink)
            ).set(count)
        }
    }
}
