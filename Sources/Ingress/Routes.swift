public import CloudEvents
public import Configuration
internal import Filters
public import Journal

/// Which sinks a source's events go to.
///
/// Decided when an event is taken in and stored with it, so that it goes where the routes said
/// at that time, whatever the configuration says after a restart.
public struct Routes: Sendable {
    private struct Choice {
        var filter: Filter
        var sinks: SinkSet
    }

    /// The sinks of routes without a filter, for each source.
    private let sinksOfSource: [SinkSet]
    /// The routes with a filter, for each source.
    private let choicesOfSource: [[Choice]]

    /// The routes of these settings.
    public init(_ settings: Settings) {
        var sinks = [SinkSet](repeating: [], count: settings.sources.count)
        var choices = [[Choice]](repeating: [], count: settings.sources.count)
        for route in settings.routes {
            let routeSinks = route.sinks.reduce(into: SinkSet()) { $0.insert(SinkSet(sink: $1)) }
            for source in route.sources {
                if let filter = route.filter {
                    choices[source].append(Choice(filter: filter, sinks: routeSinks))
                } else {
                    sinks[source].formUnion(routeSinks)
                }
            }
        }
        sinksOfSource = sinks
        choicesOfSource = choices
    }

    /// Those who get every event of that source, if nothing depends on the event.
    func sinksOfAllEvents(ofSource source: Int) -> SinkSet? {
        choicesOfSource[source].isEmpty ? sinksOfSource[source] : nil
    }

    /// Those who get this event of that source; empty where no route wants it.
    public func sinks(of event: Event, ofSource source: Int) -> SinkSet {
        var sinks = sinksOfSource[source]
        for choice in choicesOfSource[source]
        where !sinks.isSuperset(of: choice.sinks) && choice.filter.matches(event) {
            sinks.formUnion(choice.sinks)
        }
        return sinks
    }
}
