internal import Configuration
internal import Journal

/// Which sinks a source's events go to.
///
/// Decided when an event is taken in and stored with it, so that it goes where the routes said
/// at that time, whatever the configuration says after a restart.
struct Routes: Sendable {
    private let sinksOfSource: [SinkSet]

    init(_ settings: Settings) {
        var sinks = [SinkSet](repeating: [], count: settings.sources.count)
        for route in settings.routes {
            for source in route.sources {
                for sink in route.sinks { sinks[source].insert(SinkSet(sink: sink)) }
            }
        }
        sinksOfSource = sinks
    }

    /// Those who get an event of that source; empty where no route wants it.
    func sinks(ofSource source: Int) -> SinkSet { sinksOfSource[source] }
}
