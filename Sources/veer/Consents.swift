import Configuration
import EventLoops
import Glibc
import Ingress
import Logging
import Outbound
import Telemetry

/// The senders that wait for a consent: told to operators, and called when there is one.
///
/// Nobody is called but by an operator's word, given for the one that waits or, with `auto`, for
/// its name and its host beforehand; and each time once. Owner: main.
final class Consents {
    /// For a whole call.
    private static let timeout = Duration.seconds(10)
    /// The most calls at one time.
    private static let callsLimit = 4

    private let sources: [SourceSettings]
    private var bounds: [SourceBounds]
    private let loop: EventLoop
    private let userAgent: String
    private let metrics: Metrics
    private let logger: Logger
    private let admit: (SourceBounds, Int) -> Void
    private var client: HTTPClient?
    private var callsCount = 0
    private var pending = PendingConsents()

    /// Nobody waits yet.
    ///
    /// - Parameters:
    ///   - bounds: of each source.
    ///   - admit: has a source's requests held to other bounds.
    init(
        _ sources: [SourceSettings], _ bounds: [SourceBounds], on loop: EventLoop,
        userAgent: String, metrics: Metrics, logger: Logger,
        admit: @escaping (SourceBounds, Int) -> Void
    ) {
        self.sources = sources
        self.bounds = bounds
        self.loop = loop
        self.userAgent = userAgent
        self.metrics = metrics
        self.logger = logger
        self.admit = admit
    }

    /// Those that wait, the one that came first before the others.
    var waiting: [PendingConsents.Entry] { pending.waiting(now: seconds) }

    /// For how many seconds it has waited.
    func age(of entry: PendingConsents.Entry) -> Int { max(0, seconds - entry.began) }

    /// The source's name.
    func source(of request: ConsentRequest) -> String { sources[request.source].name }

    /// A sender asks.
    func received(_ request: ConsentRequest) {
        let id = String(UInt32.random(in: .min ... .max), radix: 36)
        switch pending.add(request, id: id, now: seconds) {
        case .known(let entry):
            // Its one call is under way, or has failed and is for an operator to repeat.
            logger.debug("a sender asks again", metadata: ["id": "\(entry.id)"])
        case .new(let entry, let evicted):
            if let evicted { end(evicted, "evicted") }
            count(request, "asked")
            if request.isAutomatic, callsCount < Self.callsLimit {
                call(entry) { _ in }
            } else {
                logger.notice(
                    "a sender asks to be let in; to consent, approve it: veer handshakes",
                    metadata: metadata(entry))
            }
        }
    }

    /// Lets a sender in, and calls it.
    ///
    /// - Parameter done: told what came of it, where there is such a sender: nothing, or what is
    ///   wrong; the sender waits on then.
    /// - Returns: whether there is.
    func approve(_ id: String, _ done: @escaping (String?) -> Void) -> Bool {
        guard let entry = waiting.first(where: { $0.id == id }) else { return false }
        guard callsCount < Self.callsLimit else {
            done("too many calls are under way; try again in a moment")
            return true
        }
        call(entry, done)
        return true
    }

    /// Forgets a sender, which isn't told.
    ///
    /// - Returns: whether there was such a one.
    func refuse(_ id: String) -> Bool {
        guard let entry = pending.remove(id, now: seconds) else { return false }
        end(entry, "refused")
        logger.notice("a sender was refused", metadata: metadata(entry))
        return true
    }

    /// Ends what is under way; to be called before the loop is gone.
    func close() { client?.close() }

    // MARK: - Calls

    private func call(_ entry: PendingConsents.Entry, _ done: @escaping (String?) -> Void) {
        let client = client ?? HTTPClient(loop: loop, userAgent: userAgent)
        self.client = client
        callsCount += 1
        // It may send as soon as it's called.
        if case .origin(let origin, _) = entry.request.sender {
            letIn(origin, entry.request.source)
        }
        client.send(httpRequest(for: entry.request), once: options(for: entry.request)) {
            [weak self] in self?.ended(entry, $0, done)
        }
    }

    private func letIn(_ origin: String, _ source: Int) {
        bounds[source] = bounds[source].admitting(origin: origin)
        admit(bounds[source], source)
    }

    private func options(for request: ConsentRequest) -> HTTPEndpoint.Options {
        var options = HTTPEndpoint.Options(url: request.address)
        options.concurrency = 1
        options.sendsOnce = true
        options.takesHTTP2 = false
        let webhook = sources[request.source].webhook
        switch request.sender {
        case .origin:
            options.tls.authorities = webhook?.handshake?.ca
            options.allowsPrivateAddresses = webhook?.handshake?.allowPrivateAddresses ?? false
        case .topic:
            let sns = webhook?.signature?.sns
            options.tls.authorities = sns?.ca
            // A host that the operator named may be anywhere; Amazon's are on the Internet.
            options.allowsPrivateAddresses = sns?.isNamed(request.address) ?? false
        }
        return options
    }

    private func httpRequest(for request: ConsentRequest) -> HTTPRequest {
        var fields = HTTPFields()
        var method = "GET"
        if case .origin(let origin, let rate) = request.sender {
            method = "POST"
            fields.append("WebHook-Allowed-Origin", origin)
            fields.append("WebHook-Allowed-Rate", rate.map(String.init) ?? "*")
        }
        return HTTPRequest(
            method: method, fields: fields, octets: [], body: 0..<0, timeout: Self.timeout)
    }

    private func ended(
        _ entry: PendingConsents.Entry, _ response: HTTPResponse, _ done: (String?) -> Void
    ) {
        callsCount -= 1
        if let problem = problem(response) {
            count(entry.request, "failed")
            var metadata = metadata(entry)
            metadata["problem"] = "\(problem)"
            logger.warning("a sender could not be told that it's let in", metadata: metadata)
            return done(problem)
        }
        _ = pending.remove(entry.id, now: seconds)
        end(entry, "approved")
        logger.notice("a sender was let in", metadata: metadata(entry))
        done(nil)
    }

    private func problem(_ response: HTTPResponse) -> String? {
        if let error = response.error { return "the address gave no answer: \(error.text)" }
        guard let status = response.status, 200...299 ~= status else {
            return "the address answered \(response.status ?? 0)"
        }
        return nil
    }

    // MARK: - Telling

    private var seconds: Int { loop.nanoseconds / 1_000_000_000 }

    private func metadata(_ entry: PendingConsents.Entry) -> Logger.Metadata {
        let request = entry.request
        var metadata: Logger.Metadata = [
            "id": "\(entry.id)", "source": "\(source(of: request))",
            "address": "\(request.address)", "peer": "\(request.peer)",
        ]
        switch request.sender {
        case .origin(let origin, _): metadata["origin"] = "\(origin)"
        case .topic(let topic): metadata["topic"] = "\(topic)"
        }
        return metadata
    }

    private func end(_ entry: PendingConsents.Entry, _ outcome: String) {
        count(entry.request, outcome)
    }

    private func count(_ request: ConsentRequest, _ outcome: String) {
        metrics.counter(
            "veer_handshakes_total", help: "Senders that asked for a consent, and what came of it.",
            (name: "source", value: source(of: request)), (name: "outcome", value: outcome)
        ).add()
    }
}
