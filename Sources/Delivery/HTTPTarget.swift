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
    var onReady: (() -> Void)? {
        didSet {
            authorization?.onReady = onReady
            permission?.onReady = onReady
        }
    }

    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private let authorization: (any SinkAuthorization)?
    private let permission: WebhookPermission?
    private var signer: RequestSigner?
    private var encoding: EventEncoding
    private var fields = HTTPFields()
    private let inHand: InHand?
    /// Where the environment says how long an attempt may take, and not the routes.
    private let timeout: Duration?

    /// - Parameter authorization: what proves who Veer is, where the settings' `auth` doesn't say.
    init(
        _ settings: HTTPSinkSettings, _ surroundings: TargetSurroundings,
        authorization: (any SinkAuthorization)? = nil
    ) {
        var options = HTTPEndpoint.Options(url: settings.uri)
        options.tls = .init(settings.tls)
        if let authorities = settings.env?.authorities {
            options.tls.authorityOctets = authorities
            options.tls.trustsSystem = true
        }
        options.concurrency = settings.concurrency
        options.allowsPrivateAddresses = settings.allowPrivateAddresses
        options.fieldsKept = ["Retry-After"]
        client = surroundings.client
        endpoint = client.endpoint(options)
        encoding = EventEncoding(settings)
        inHand = surroundings.inHand
        timeout = settings.env?.timeout
        signer = settings.signing.map(RequestSigner.init)
        let authorization =
            authorization
            ?? settings.auth.map { makeAuthorization($0, settings, surroundings) }
        self.authorization = authorization
        permission = settings.webhook.map {
            WebhookPermission($0, options, authorization: authorization, surroundings)
        }
    }

    var obstacle: String? { authorization?.obstacle ?? permission?.obstacle }

    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        fields.removeAll()
        let (octets, body) = encoding.encode(stored.event, into: &fields)
        send(octets, body, of: [stored], timeout: timeout, completion)
    }

    func send(
        batch: [StoredEvent], timeout: Duration,
        _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        fields.removeAll()
        let octets = encoding.encode(batch: batch.map(\.event), into: &fields)
        send(octets, octets.indices, of: batch, timeout: timeout, completion)
    }

    /// - Parameter events: in the order of their numbers.
    private func send(
        _ octets: [UInt8], _ body: Range<Int>, of events: [StoredEvent], timeout: Duration,
        _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        let credential = authorization?.value
        if let credential { fields.append("Authorization", credential) }
        if let permission {
            permission.spend()
            fields.append("WebHook-Request-Origin", permission.origin)
        }
        signer?.sign(octets[body], of: events.map(\.event), seconds: time(nil), into: &fields)
        let request = HTTPRequest(
            fields: fields, octets: octets, body: body, timeout: self.timeout ?? timeout)
        let (first, last) = (events.first?.sequence ?? 0, events.last?.sequence ?? 0)
        client.send(request, to: endpoint) { [weak self, inHand] response in
            inHand?.take(first, through: last)
            defer { inHand?.putDown() }
            let result = result(of: response)
            guard let self, let status = result?.status else { return completion(result) }
            completion(isWorthAnother(status, credential) ? nil : result?.hiding(credential))
        }
    }

    /// Whether it was what is sent beside the event that the sink refused, and it can be renewed.
    private func isWorthAnother(_ status: Int, _ credential: String?) -> Bool {
        switch status {
        case 401:
            if let credential, let authorization, authorization.wasRefused(credential) {
                return true
            }
            return permission?.wasRefused() ?? false
        case 403: return permission?.wasRefused() ?? false
        case 410: permission?.forget()
        case 200...299: permission?.wasTaken()
        default: break
        }
        if let credential { authorization?.wasTaken(credential) }
        return false
    }

    /// No other event will be sent there; those under way may end.
    func retire() {
        client.retire(endpoint)
        permission?.retire()
    }

    /// Left to whoever closes the client, which is the same for all sinks.
    func cancelAll() {}

    func suspend() { permission?.suspend() }

    func resume() { permission?.resume() }

    func replaceSecrets(_ settings: HTTPSinkSettings) {
        if let auth = settings.auth { authorization?.replace(auth) }
        signer = settings.signing.map(RequestSigner.init)
    }
}

/// What proves who Veer is, as a sink's settings say.
func makeAuthorization(
    _ auth: SinkAuthSettings, _ sink: HTTPSinkSettings, _ surroundings: TargetSurroundings
) -> any SinkAuthorization {
    switch auth {
    case .basic, .bearer: FixedAuthorization(auth)
    case .oauth2(let settings):
        ClientCredentials(settings, guarded: !sink.allowPrivateAddresses, surroundings)
    case .oidc: surroundings.supplied ?? SuppliedAuthorization { false }
    }
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

extension DeliveryResult {
    /// The same without a secret that the sink gives back in its answer.
    fileprivate func hiding(_ credential: String?) -> DeliveryResult {
        guard case .answered(let status, let retryAfter, let detail) = self,
            let secret = credential?.split(separator: " ").last
        else { return self }
        return .answered(status: status, retryAfter: retryAfter, detail: detail.hiding(secret))
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
        case nil where error.kind == .forbidden:
            "write allowPrivateAddresses: true if the sink is meant to be there"
        case nil: ""
        }
    return remedy.isEmpty ? error.text : "\(error.text); \(remedy)"
}
