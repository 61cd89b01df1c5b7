internal import Configuration

/// How hard to try for an event, by the name of the source that took it in.
struct RetryPolicies: Sendable {
    var bySource: [String: RetryPolicy] = [:]
    /// For the events of sources that aren't configured any more.
    var rest: RetryPolicy

    /// For each source the first route that leads from it to the sink, and for a dead letter sink
    /// that no route leads to, the first whose dead letter sink it is.
    init(sink: Int, in settings: Settings) {
        let routes =
            settings.routes.filter { $0.sinks.contains(sink) }
            + settings.routes.filter { $0.delivery.deadLetterSink == sink }
        rest = RetryPolicy(settings: routes.first?.delivery ?? DeliverySettings())
        for route in routes {
            for name in route.sources.map({ settings.sources[$0].name })
            where bySource[name] == nil {
                bySource[name] = RetryPolicy(settings: route.delivery)
            }
        }
    }

    subscript(source: String) -> RetryPolicy { bySource[source] ?? rest }
}
