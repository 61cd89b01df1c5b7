internal import Configuration
internal import EventLoops
internal import Outbound
internal import SOAP

/// Asks a vCenter, one call at a time, by SOAP over HTTP.
///
/// Ownership: belongs to the loop of its HTTP client.
final class VCenterClient {
    /// What came of a call.
    typealias Outcome = Result<VCenterAnswer, VCenterFailure>

    private let http: HTTPClient
    private let endpoint: HTTPEndpoint
    /// For calls that must not be sent twice.
    private let onceEndpoint: HTTPEndpoint
    private let limits: XMLLimits
    private var context = VCenterCall.Context()
    /// What names the session, as the server gave it.
    private var cookie: String?

    init(_ settings: VCenterSettings, http: HTTPClient) {
        var limits = XMLLimits()
        // A page of a thousand large events must not be refused because of its size.
        limits.bytes = 16 * 1024 * 1024
        self.limits = limits
        self.http = http
        var options = HTTPEndpoint.Options(url: settings.address)
        // One for the call that is under way, one for the last call of a session.
        options.concurrency = 2
        options.connectTimeout = .seconds(10)
        options.bodyBytesLimit = limits.bytes
        options.bodyBytesKept = limits.bytes
        options.fieldsKept = ["Set-Cookie"]
        switch settings.trust {
        case .system: break
        case .authorities(let path): options.tls.authorities = path
        case .thumbprint(let digest): options.tls.certificateDigest = digest
        case .insecure: options.tls.isInsecure = true
        }
        // Large answers, one at a time: HTTP/2 has nothing to offer.
        options.takesHTTP2 = false
        endpoint = http.endpoint(options)
        options.sendsOnce = true
        onceEndpoint = http.endpoint(options)
        context.username = settings.username
        context.password = settings.password.text
        context.eventTypes = settings.eventTypes
        context.entity = settings.entity
    }

    /// What the server said of itself.
    var content: ServiceContent { context.content }

    /// Asks; the completion is called later on this loop, once.
    func call(_ call: VCenterCall, _ completion: @escaping (Outcome) -> Void) {
        if call == .retrieveServiceContent {
            // Nothing of a session before goes on.
            cookie = nil
            context.content = ServiceContent()
        }
        var fields = HTTPFields()
        fields.append("Content-Type", "text/xml; charset=\"utf-8\"")
        fields.append("SOAPAction", VCenterCall.action)
        if let cookie { fields.append("Cookie", cookie) }
        let octets = call.envelope(context)
        let request = HTTPRequest(
            fields: fields, octets: octets, body: octets.indices, timeout: call.timeout)
        http.send(request, to: call.isSentOnce ? onceEndpoint : endpoint) { [weak self] response in
            guard let self else { return }
            completion(outcome(of: call, response))
        }
    }

    private func outcome(of call: VCenterCall, _ response: HTTPResponse) -> Outcome {
        if response.isCut {
            return .failure(.unreadable("it's larger than \(limits.bytes) octets"))
        }
        if let error = response.error {
            return .failure(.unreachable(error.description, error.tlsFault))
        }
        guard let status = response.status else { return .failure(.unreachable("no response")) }
        do throws(VCenterFailure) {
            let answer = try call.answer(status: status, response.body, limits: limits)
            if let field = response.fields["Set-Cookie"] {
                cookie = field.split(separator: ";").first.map(String.init)
            }
            if case .content(let content) = answer { context.content = content }
            return .success(answer)
        } catch {
            return .failure(error)
        }
    }
}
