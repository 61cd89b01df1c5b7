internal import CloudEvents
internal import Configuration
internal import HTTP
internal import Journal
internal import Telemetry
internal import Webhooks

/// One webhook on one loop: what it takes, from whom, and what it makes of it.
///
/// Owner: the ingress's loop.
final class WebhookSource {
    let name: String
    let index: Int
    let successStatus: Int
    private(set) var bounds: SourceBounds
    private let path: [UInt8]
    private let access: AccessControl
    private let dialect: Dialect
    private let statistics: SourceStatistics
    private let rejected: (String) -> Counter
    private var reader: EventReader
    /// Whoever signs or needs an adapter.
    private(set) var sender: Sender?

    /// In whose ways the source answers.
    enum Dialect {
        case veer
        /// As the original router did, for senders that were made for it.
        case router
    }

    init(
        _ settings: Settings, index: Int, limits: ListenerLimits, access: AccessControl,
        _ context: IngressContext
    ) {
        let source = settings.sources[index]
        guard let webhook = source.webhook else { preconditionFailure("no webhook") }
        let metrics = context.metrics
        let name = source.name
        self.name = name
        self.index = index
        successStatus = webhook.successStatus
        bounds = context.bounds[index]
        path = Array(webhook.path.utf8)
        self.access = access
        dialect = settings.router == nil ? .veer : .router
        statistics = context.statistics[index]
        rejected = { reason in
            metrics.counter(
                "veer_events_rejected_total", help: "Requests that held no valid event.",
                (name: "source", value: name), (name: "reason", value: reason))
        }
        var decoderLimits = EventDecoder.Limits()
        decoderLimits.attributeBytes = limits.attributeBytes
        decoderLimits.events = limits.batchEvents
        let decoder = EventDecoder(
            limits: decoderLimits, percentDecoding: .init(webhook.percentDecoding),
            acceptsVersion03: dialect == .router)
        let received = LabelledCounters(
            metrics, "veer_events_received_total", help: "Events that were valid, by type.",
            label: "type", labels: (name: "source", value: name))
        reader = EventReader(decoder, counting: received)
        sender = Sender(
            webhook, context.credentials[index].signature, replays: context.replays[index])
    }

    /// Judges signatures by other secrets or certificates.
    func replace(_ signature: SourceCredentials.Signature) { sender?.replace(signature) }

    /// Holds requests to other bounds.
    func replace(_ bounds: SourceBounds) { self.bounds = bounds }

    /// Whether the source takes requests for that path: the same octets, no other spelling.
    func serves(_ message: Span<UInt8>, _ range: Range<Int>) -> Bool {
        message.equals(path, in: range)
    }

    // MARK: - Requests

    /// What a head is refused for, if it is.
    ///
    /// - Parameters:
    ///   - now: nanoseconds from some moment on.
    ///   - client: the client's address; asked for only where it counts, as its identity is.
    func refusal(
        _ head: RequestHead, _ message: Span<UInt8>, now: Int, client: () -> [UInt8]?,
        identity: () -> ClientIdentity?
    ) -> Refusal? {
        guard takes(head.method) else { return .methodNotAllowed }
        if let refusal = access.refusal(ofClient: client, now: now) { return refusal }
        if let wait = bounds.rateLimit?.take(now: now) { return .bound(.rateLimited(wait)) }
        // A receiver that validates its sender must get an answer without credentials.
        if head.method == .options, dialect == .veer { return nil }
        return access.refusal(of: head, message, client: client, now: now, identity: identity)
    }

    /// Whether a request that is let in comes from a system that isn't, or comes too often.
    func originRefusal(
        _ head: RequestHead, _ message: Span<UInt8>, now: Int
    ) -> Refusal? {
        guard head.method != .options else { return nil }
        return bounds.origins?.refusal(head, message, now: now).map { .bound($0) }
    }

    /// Whether OPTIONS requests are answered by the source's own settings.
    var takesHandshakes: Bool { dialect == .veer }

    private func takes(_ method: RequestHead.Method) -> Bool {
        switch method {
        case .post, .options: true
        case .put, .patch: dialect == .router
        default: false
        }
    }

    /// What a success is answered with.
    ///
    /// Spec: RFC 6750 §2.3
    var success: Response {
        var response = Response(status: successStatus)
        if access.answersArePrivate { response.add("Cache-Control", "private") }
        return response
    }

    /// Tells what may be sent here.
    func optionsResponse() -> Response {
        switch dialect {
        case .veer:
            var response = Response(status: 204)
            response.add("Allow", "POST, OPTIONS")
            return response
        case .router:
            var response = Response(status: 200)
            response.add("Allow", "POST")
            response.add("WebHook-Allowed-Origin", "*")
            response.add("WebHook-Allowed-Rate", "1000")
            return response
        }
    }

    /// Reads the events of a request; they stay in the source until the next request.
    ///
    /// - Returns: how many there are.
    func decode(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>
    ) throws(EventFailure) -> Int {
        do throws(EventFailure) {
            try reader.read(head, message, body: body)
        } catch {
            throw isNoEvent(error, head, message)
                ? EventFailure(.attributeMissing, attribute: "specversion") : error
        }
        let count = reader.decoder.count
        statistics.received.add(count)
        return count
    }

    /// Whether the original router took a request for no event at all, which it told otherwise
    /// than an event with a mistake.
    private func isNoEvent(
        _ failure: EventFailure, _ head: RequestHead, _ message: Span<UInt8>
    ) -> Bool {
        dialect == .router && failure.code == .attributeMissing && failure.offset == nil
            && head.field("ce-specversion", in: message) == nil
    }

    /// Takes events that were made of a request; they stay in the source until the next request.
    ///
    /// - Returns: how many there are.
    func take(_ events: [Event]) -> Int {
        reader.take(events)
        statistics.received.add(events.count)
        return events.count
    }

    /// Counts a request that was accepted before.
    func countReplay() { rejected("signature_replay").add() }

    /// Makes the events that were read last ready for the journal.
    func items(to sinks: (Event) -> SinkSet) -> [Submission.Item] {
        if let events = reader.adapted {
            return events.map { Submission.Item(event: $0, sinks: sinks($0)) }
        }
        let decoder = reader.decoder
        return (0..<decoder.count).map { index in
            let event = decoder.event(at: index)
            return Submission.Item(event: event, sinks: sinks(event))
        }
    }

    // MARK: - Refusals

    /// Counts a refusal and says what to answer.
    func problem(_ refusal: Refusal) -> Response {
        let reason = refusal.code
        rejected(reason).add()
        statistics.failed.add()
        var response = refusal.problem(isRouter: dialect == .router).response
        switch refusal {
        case .methodNotAllowed: response.add("Allow", "POST, OPTIONS")
        case .unauthenticated(let failure): access.addFields(to: &response, after: failure)
        case .tooManyAttempts(let seconds): response.add("Retry-After", "\(seconds)")
        case .unavailable: response.add("Retry-After", "5")
        case .bound(let refusal): refusal.addFields(to: &response)
        case .event(let failure) where failure.code == .contentEncodingUnsupported:
            // Spec: RFC 9110 §15.5.16
            response.add("Accept-Encoding", "identity")
        case .signature(.certificateUnavailable): response.add("Retry-After", "5")
        case .signature: response.add("WWW-Authenticate", "Signature realm=\"veer\"")
        case .event, .adapter, .sinkRefused, .peerNotAllowed: break
        }
        return response
    }
}

extension EventDecoder.PercentDecoding {
    init(_ setting: WebhookSettings.PercentDecoding) {
        switch setting {
        case .spec: self = .spec
        case .lenient: self = .lenient
        case .off: self = .off
        }
    }
}
