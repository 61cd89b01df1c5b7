internal import Configuration
internal import EventLoops
internal import Logging
internal import Outbound
internal import Telemetry

/// Asks a sink whether events may be sent to it, and how many, before any is.
///
/// Spec: CloudEvents Webhook §4.1
///
/// Ownership: belongs to the delivery's loop.
final class WebhookPermission {
    /// For one question.
    private static let timeout = Duration.seconds(10)

    /// The name that each request bears.
    let origin: String
    var onReady: (() -> Void)?
    private let rate: Int
    private let surroundings: TargetSurroundings
    private let endpoint: HTTPEndpoint
    private let authorization: (any SinkAuthorization)?
    private var grant: WebhookGrant
    private var timer: LoopTimer?
    private var slotTimer: LoopTimer?
    private var isSuspended = false
    private var complaint: String?

    /// - Parameters:
    ///   - options: of the sink itself, because it's asked where it's sent to.
    ///   - authorization: what a question is sent with, if there's something by then.
    init(
        _ settings: SinkWebhookSettings, _ options: HTTPEndpoint.Options,
        authorization: (any SinkAuthorization)?, _ surroundings: TargetSurroundings
    ) {
        origin = settings.origin
        rate = settings.rate
        self.surroundings = surroundings
        self.authorization = authorization
        var options = options
        options.concurrency = 1
        options.fieldsKept = ["WebHook-Allowed-Origin", "WebHook-Allowed-Rate"]
        endpoint = surroundings.client.endpoint(options)
        grant = WebhookGrant(
            origin: settings.origin, rate: settings.rate, validity: settings.validity)
        schedule()
    }

    private var now: ContinuousClock.Instant { surroundings.loop.now }

    /// Why nothing may be sent now; nil when something may.
    var obstacle: String? {
        guard grant.isGranted(now: now) else { return complaint ?? "the sink wasn't asked yet" }
        guard let slot = grant.nextSlot(now: now) else { return nil }
        if slotTimer == nil {
            slotTimer = surroundings.loop.schedule(after: slot - now) { [weak self] in
                self?.slotTimer = nil
                self?.onReady?()
            }
        }
        return "the sink's rate is reached"
    }

    /// A request goes.
    func spend() { grant.spend(now: now) }

    /// A delivery was answered with 401 or 403; tells whether it may be sent again.
    func wasRefused() -> Bool {
        let mayHelp = grant.refused()
        schedule()
        return mayHelp
    }

    /// A delivery was taken.
    func wasTaken() { grant.taken() }

    /// Nothing is sent there any more.
    func retire() { surroundings.client.retire(endpoint) }

    /// The sink says that it's gone; whoever wants to send must ask again.
    func forget() {
        grant.forget()
        schedule()
    }

    /// Nobody wants to send.
    func suspend() {
        isSuspended = true
        schedule()
    }

    /// Somebody does again.
    func resume() {
        isSuspended = false
        schedule()
    }

    private func schedule() {
        if let timer { surroundings.loop.cancel(timer) }
        timer = nil
        guard !isSuspended else { return }
        timer = grant.nextQuestion(now: now).map { time in
            surroundings.loop.schedule(after: time - now) { [weak self] in self?.ask() }
        }
    }

    private func ask() {
        timer = nil
        grant.begin()
        var fields = HTTPFields()
        fields.append("WebHook-Request-Origin", origin)
        if rate > 0 { fields.append("WebHook-Request-Rate", "\(rate)") }
        if let value = authorization?.value { fields.append("Authorization", value) }
        let request = HTTPRequest(
            method: "OPTIONS", fields: fields, octets: [], body: 0..<0, timeout: Self.timeout)
        surroundings.client.send(request, to: endpoint) { [weak self] in self?.received($0) }
    }

    private func received(_ response: HTTPResponse) {
        guard response.error?.kind != .cancelled else { return }
        let wasGranted = grant.isGranted(now: now)
        let random = Double.random(in: 0..<1)
        if response.status == nil || response.error != nil {
            grant.failed(now: now, random: random)
            refused("gave no answer: \(response.error?.text ?? "")", outcome: "failed")
        } else {
            let answer = WebhookGrant.Answer(
                origin: response.fields["WebHook-Allowed-Origin"],
                rate: response.fields["WebHook-Allowed-Rate"])
            if grant.answered(answer, now: now, random: random) {
                granted()
            } else {
                let given = answer.origin.map { " to '\($0)'" } ?? ""
                refused(
                    "answered \(response.status ?? 0) without consent\(given)", outcome: "refused")
            }
        }
        schedule()
        if !wasGranted, grant.isGranted(now: now) { onReady?() }
    }

    private func granted() {
        count("granted")
        complaint = nil
        surroundings.logger.info(
            "sink consents to be sent events",
            metadata: [
                "sink": "\(surroundings.sink)", "origin": "\(origin)",
                "rate": "\(grant.allowedRate.map(String.init) ?? "*")",
            ])
    }

    private func refused(_ sentence: String, outcome: String) {
        count(outcome)
        guard complaint != sentence else { return }
        complaint = sentence
        surroundings.logger.warning(
            "sink doesn't consent, its events wait and it's asked again",
            metadata: [
                "sink": "\(surroundings.sink)", "origin": "\(origin)",
                "detail": "\(printable(sentence))",
            ])
    }

    private func count(_ outcome: String) {
        surroundings.metrics.counter(
            "veer_sink_permissions_total",
            help: "Sinks that were asked whether they may be sent events, by outcome.",
            (name: "sink", value: surroundings.sink), (name: "outcome", value: outcome)
        ).add()
    }
}
