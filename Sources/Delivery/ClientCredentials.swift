internal import Authentication
internal import Configuration
internal import EventLoops
internal import Logging
internal import Outbound
internal import Telemetry

/// Asks a server for tokens, again and again, and has one at hand for a sink's requests.
///
/// Spec: RFC 6749 §4.4
///
/// Ownership: belongs to the delivery's loop.
final class ClientCredentials: SinkAuthorization {
    /// For one request to the server.
    private static let timeout = Duration.seconds(10)

    var onReady: (() -> Void)?
    private let surroundings: TargetSurroundings
    private let endpoint: HTTPEndpoint
    private var settings: OAuth2Settings
    private var lease = TokenLease()
    private var timer: LoopTimer?
    private var complaint: String?

    init(_ settings: OAuth2Settings, guarded: Bool, _ surroundings: TargetSurroundings) {
        var options = HTTPEndpoint.Options(url: settings.tokenURL)
        options.tls.authorities = settings.ca
        options.concurrency = 1
        options.allowsPrivateAddresses = !guarded
        options.bodyBytesLimit = TokenResponse.bytesLimit
        options.bodyBytesKept = TokenResponse.bytesLimit
        endpoint = surroundings.client.endpoint(options)
        self.settings = settings
        self.surroundings = surroundings
        schedule()
    }

    private var now: ContinuousClock.Instant { surroundings.loop.now }

    var value: String? { lease.token(now: now).map { "Bearer " + $0 } }

    var obstacle: String? { value == nil ? complaint ?? "no token yet" : nil }

    func wasRefused(_ value: String) -> Bool {
        let mayHelp = lease.refused(String(value.dropFirst("Bearer ".count)))
        schedule()
        return mayHelp
    }

    func wasTaken(_ value: String) { lease.taken(String(value.dropFirst("Bearer ".count))) }

    func replace(_ settings: SinkAuthSettings) {
        guard case .oauth2(let settings) = settings, settings != self.settings else { return }
        self.settings = settings
        lease.reset(now: now)
        schedule()
    }

    private func schedule() {
        if let timer { surroundings.loop.cancel(timer) }
        timer = lease.nextRequest(now: now).map { time in
            surroundings.loop.schedule(after: time - now) { [weak self] in self?.ask() }
        }
    }

    private func ask() {
        timer = nil
        lease.begin()
        let (fields, form) = TokenRequest.of(settings)
        let request = HTTPRequest(
            fields: fields, octets: form, body: form.indices, timeout: Self.timeout)
        surroundings.client.send(request, to: endpoint) { [weak self] in self?.received($0) }
    }

    private func received(_ response: HTTPResponse) {
        guard response.error?.kind != .cancelled else { return }
        let wasReady = value != nil
        if response.error == nil, response.status == 200, !response.isCut,
            let answer = TokenResponse(response.body)
        {
            lease.received(
                answer.token, lifetime: answer.lifetimeSeconds.map { .seconds($0) }, now: now)
            succeeded()
        } else {
            lease.failed(now: now, random: .random(in: 0..<1))
            failed(sentence(of: response))
        }
        schedule()
        if !wasReady, value != nil { onReady?() }
    }

    private func sentence(of response: HTTPResponse) -> String {
        if let error = response.error { return "gave no answer: \(error.text)" }
        if response.isCut { return "answered with more than \(TokenResponse.bytesLimit) octets" }
        guard response.status != 200 else { return "answered with no bearer token" }
        let word = TokenResponse.error(in: response.body).map { " (\($0))" } ?? ""
        return "answered \(response.status ?? 0)\(word)"
    }

    private func succeeded() {
        count("succeeded")
        guard complaint != nil else { return }
        complaint = nil
        surroundings.logger.info("sink has its token", metadata: ["sink": "\(surroundings.sink)"])
    }

    private func failed(_ sentence: String) {
        count("failed")
        let complaint = "\(settings.tokenURL.prefix { $0 != "?" }) \(sentence)"
        guard complaint != self.complaint else { return }
        self.complaint = complaint
        surroundings.logger.warning(
            "no token for the sink, it's asked for again",
            metadata: [
                "sink": "\(surroundings.sink)", "detail": "\(printable(complaint))",
                "eventsWait": "\(value == nil)",
            ])
    }

    private func count(_ outcome: String) {
        surroundings.metrics.counter(
            "veer_sink_token_requests_total", help: "Tokens that were asked for, by outcome.",
            (name: "sink", value: surroundings.sink), (name: "outcome", value: outcome)
        ).add()
    }
}

/// The request that asks for a token.
enum TokenRequest {
    /// Its fields and its body, a form.
    static func of(_ settings: OAuth2Settings) -> (fields: HTTPFields, form: [UInt8]) {
        var fields = HTTPFields()
        fields.append("Accept", "application/json")
        fields.append("Content-Type", "application/x-www-form-urlencoded")
        var members = [("grant_type", "client_credentials")]
        let (id, secret) = (settings.clientID, settings.clientSecret.text)
        switch settings.clientAuthentication {
        case .header:
            let value = basicAuthorization(username: encoded(id), password: encoded(secret))
            fields.append("Authorization", value)
        case .body: members += [("client_id", id), ("client_secret", secret)]
        }
        if let scope = settings.scope { members.append(("scope", scope)) }
        if let audience = settings.audience { members.append(("audience", audience)) }
        let form = members.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
        return (fields, Array(form.utf8))
    }

    /// A text as a form has it.
    ///
    /// Spec: RFC 6749 §2.3.1
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var octets: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: octets.append(octet)
            case _ where "-._*".utf8.contains(octet): octets.append(octet)
            case 0x20: octets.append(UInt8(ascii: "+"))
            default:
                octets += [
                    UInt8(ascii: "%"), digits[Int(octet >> 4)], digits[Int(octet & 15)],
                ]
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
