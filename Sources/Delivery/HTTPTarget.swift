internal import CloudEvents
internal import Configuration
internal import Glibc
internal import Journal
internal import Outbound

/// POSTs events to an address.
///
/// Spec: CloudEvents HTTP §3
final class HTTPTarget: SinkTarget {
    var address: String? { endpoint.url }

    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private var encoding: EventEncoding
    private var fields = HTTPFields()
    /// Where the environment says how long an attempt may take, and not the routes.
    private let timeout: Duration?

    init(_ settings: HTTPSinkSettings, client: HTTPClient) {
        var options = HTTPEndpoint.Options(url: settings.uri)
        options.tls = .init(settings.tls)
        if let authorities = settings.env?.authorities {
            options.tls.authorityOctets = authorities
            options.tls.trustsSystem = true
        }
        options.concurrency = settings.concurrency
        options.fieldsKept = ["Retry-After"]
        self.client = client
        endpoint = client.endpoint(options)
        encoding = EventEncoding(settings)
        timeout = settings.env?.timeout
    }

    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        fields.removeAll()
        let (octets, body) = encoding.encode(stored.event, into: &fields)
        let request = HTTPRequest(
            fields: fields, octets: octets, body: body, timeout: self.timeout ?? timeout)
        client.send(request, to: endpoint) { response in completion(result(of: response)) }
    }

    /// No other event will be sent there; those under way may end.
    func retire() { client.retire(endpoint) }

    /// Left to whoever closes the client, which is the same for all sinks.
    func cancelAll() {}
}

extension HTTPEndpoint.TLSOptions {
    fileprivate init(_ settings: SinkTLSSettings) {
        self.init()
        authorities = settings.ca
        authorityOctets = settings.authorities.map { Array($0.utf8) }
        certificate = settings.certificate
        key = settings.key
        isInsecure = settings.isInsecure
    }
}

/// What a response says of the event.
///
/// A status line of 2xx is the acknowledgment: whatever breaks off afterwards, the sink has said
/// that it has the event. Any other answer counts when it came whole only.
func result(of response: HTTPResponse) -> DeliveryResult? {
    let isTaken = response.status.map { 200...299 ~= $0 } ?? false
    if let error = response.error, !isTaken {
        guard error.kind != .cancelled else { return nil }
        return .unanswered(kind: error.kind.rawValue, detail: sentence(of: error))
    }
    return .answered(
        status: response.status ?? 0,
        retryAfter: response.fields["Retry-After"].flatMap { RetryAfter.wait($0, now: time(nil)) },
        detail: AnswerBody(response.body))
}

/// What went wrong, and what an operator can do about it, where that can be said.
private func sentence(of error: CurlError) -> String {
    let remedy =
        switch error.tlsFault {
        case .untrusted?: "name the file of its authority's certificate in the sink's tls.ca"
        case .wrongName?: "write the sink's uri with a name that is in its certificate"
        case .expired?: "have the sink's certificate renewed"
        case .notYetValid?: "set the clocks, here and at the sink"
        case .authorities?:
            "put the authorities' certificates, as PEM, where the sink's tls.ca says"
        case .certificate?: "put a certificate and its key, as PEM, where the sink's tls says"
        case .refused?: "give the sink a certificate that it trusts: tls.certificate and tls.key"
        case nil: ""
        }
    return remedy.isEmpty ? error.text : "\(error.text); \(remedy)"
}
