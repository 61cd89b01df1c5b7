internal import CloudEvents
internal import Configuration
internal import Journal

/// Makes the copy of an event that a sink gave up, for the route's dead letter sink.
///
/// Pure. The copy says where the event failed and why. There are no loops: what already says so
/// and fails at a sink that is somebody's dead letter sink stays in the journal.
///
/// Spec: Knative DeliverySpec §deadLetterSink
struct DeadLetterCopies {
    /// The most octets of an answer that a copy brings along: 1,024 characters of Base64.
    static let dataBytes = 768

    private let sink: Int
    /// Not every sink has an address, but an event must be told from what never failed.
    private let name: String
    private let policies: RetryPolicies
    private let isDeadLetterSink: Bool

    init(sink: Int, in settings: Settings, policies: RetryPolicies) {
        self.sink = sink
        self.policies = policies
        name = settings.sinks[sink].name
        isDeadLetterSink = settings.routes.contains { $0.delivery.deadLetterSink == sink }
    }

    /// The copy, if there is to be one.
    ///
    /// - Parameter address: the URL at which the event failed, if it was one.
    func copy(
        of stored: StoredEvent, _ result: DeliveryResult, address: String?
    ) -> Submission.Item? {
        guard let place = policies[stored.origin].settings.deadLetterSink, place != sink,
            !isDeadLetterSink || stored.event.attribute("knativeerrordest") == nil
        else { return nil }
        let answer =
            switch result {
            case .taken: [UInt8]()
            case .answered(_, _, let body): body.octets
            case .unanswered(_, let detail): Array("dispatch error: \(detail)".utf8)
            }
        var additions: [(name: String, value: String, kind: Event.AttributeKind)] = [
            ("knativeerrordest", address ?? "urn:veer:sink:\(name)", .string),
            ("knativeerrorcode", "\(result.status ?? 500)", .integer),
        ]
        if !answer.isEmpty {
            let data = Event.canonicalString(binary: Array(answer.prefix(Self.dataBytes)))
            additions.append(("knativeerrordata", data, .string))
        }
        return Submission.Item(
            event: stored.event.adding(additions), sinks: SinkSet(sink: place))
    }
}
