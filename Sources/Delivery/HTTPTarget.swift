internal import CloudEvents
internal import Configuration
internal import Glibc
internal import Journal
internal import Outbound

/// POSTs events to an address.
///
/// Spec: CloudEvents HTTP §3
final class HTTPTarget: SinkTarget {
    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private var encoding: EventEncoding
    private var fields = HTTPFields()

    init(_ settings: HTTPSinkSettings, client: HTTPClient) {
        var options = HTTPEndpoint.Options(url: settings.uri)
        options.isInsecure = settings.tls.isInsecure
        options.concurrency = settings.concurrency
        options.fieldsKept = ["Retry-After"]
        self.client = client
        endpoint = client.endpoint(options)
        encoding = EventEncoding(settings)
    }

    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        fields.removeAll()
        let (octets, body) = encoding.encode(stored.event, into: &fields)
        let request = HTTPRequest(fields: fields, octets: octets, body: body, timeout: timeout)
        client.send(request, to: endpoint) { response in completion(result(of: response)) }
    }

    /// Left to whoever closes the client, which is the same for all sinks.
    func cancelAll() {}
}

/// What a response says of the event.
///
/// A status line of 2xx is the acknowledgment: whatever breaks off afterwards, the sink has said
/// that it has the event. Any other answer counts when it came whole only.
func result(of response: HTTPResponse) -> DeliveryResult? {
    let isTaken = response.status.map { 200...299 ~= $0 } ?? false
    if let error = response.error, !isTaken {
        guard error.kind != .cancelled else { return nil }
        return .unanswered(kind: error.kind.rawValue, detail: error.text)
    }
    return .answered(
        status: response.status ?? 0,
        retryAfter: response.fields["Retry-After"].flatMap { RetryAfter.wait($0, now: time(nil)) },
        detail: String(decoding: response.body, as: UTF8.self))
}
