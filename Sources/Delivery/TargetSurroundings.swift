internal import EventLoops
internal import Journal
internal import Logging
internal import Outbound
internal import Telemetry

/// What a sink's target needs of the delivery around it.
struct TargetSurroundings {
    /// The sink's name, for metrics and logs.
    var sink: String
    var loop: EventLoop
    var client: HTTPClient
    var metrics: Metrics
    var logger: Logger
    /// Where it's written down which event is being worked on.
    var inHand: InHand?
    /// The token that others supply, where the sink is shown such a one.
    var supplied: SuppliedAuthorization?
}
