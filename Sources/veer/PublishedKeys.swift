import Authentication
import EventLoops
import Logging
import Outbound
import Telemetry

/// The keys that one issuer publishes: fetched, kept, and fetched again.
///
/// Whatever goes wrong, keys that were there stay. Owner: main.
final class PublishedKeys {
    /// For a whole fetch.
    private static let timeout = Duration.seconds(5)

    private(set) var keys: KeySet?
    private let loop: EventLoop
    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private let logger: Logger
    private let count: (String) -> Counter
    private let changed: () -> Void
    private var refresh = KeyRefresh()
    private var timer: LoopTimer?
    private var complaint: String?

    /// Begins to fetch.
    ///
    /// - Parameter changed: called whenever there are other keys than before.
    init(
        url: String, authorities: String?, source: String, client: HTTPClient, on loop: EventLoop,
        metrics: Metrics, logger: Logger, changed: @escaping () -> Void
    ) {
        var options = HTTPEndpoint.Options(url: url)
        options.tls.authorities = authorities
        options.concurrency = 1
        options.bodyBytesLimit = KeySet.bytesLimit
        options.bodyBytesKept = KeySet.bytesLimit
        endpoint = client.endpoint(options)
        self.client = client
        self.loop = loop
        self.logger = logger
        self.changed = changed
        count = { outcome in
            metrics.counter(
                "veer_jwks_fetches_total",
                help: "Fetches of an issuer's keys, and what came of it.",
                (name: "source", value: source), (name: "outcome", value: outcome))
        }
        schedule()
    }

    /// A token named a key that isn't among these.
    func want() {
        refresh.want()
        schedule()
    }

    private var seconds: Int { loop.nanoseconds / 1_000_000_000 }

    private func schedule() {
        if let timer { loop.cancel(timer) }
        timer = refresh.wait(now: seconds).map { wait in
            loop.schedule(after: .seconds(wait)) { [weak self] in self?.fetch() }
        }
    }

    private func fetch() {
        timer = nil
        refresh.begin(now: seconds)
        var fields = HTTPFields()
        fields.append("Accept", "application/jwk-set+json, application/json")
        let request = HTTPRequest(
            method: "GET", fields: fields, octets: [], body: 0..<0, timeout: Self.timeout)
        client.send(request, to: endpoint) { [weak self] in self?.received($0) }
    }

    private func received(_ response: HTTPResponse) {
        // Nobody waits for it any more.
        guard response.error?.kind != .cancelled else { return }
        let complaint = take(response)
        refresh.end(succeeded: complaint == nil)
        count(complaint == nil ? "succeeded" : "failed").add()
        if let complaint, complaint != self.complaint {
            let remedy = keys == nil ? "tokens can't be checked" : "the old ones stay in use"
            logger.error("keys not fetched, \(remedy): \(endpoint.url) \(complaint)")
        }
        self.complaint = complaint
        schedule()
    }

    /// What is wrong with a response, if anything.
    private func take(_ response: HTTPResponse) -> String? {
        if let error = response.error { return "gave no answer: \(error.text)" }
        guard response.status == 200 else { return "answered \(response.status ?? 0)" }
        guard !response.isCut else { return "answered with more than \(KeySet.bytesLimit) octets" }
        do throws(KeySet.Failure) {
            let new = try KeySet(response.body, allowsSecrets: false)
            guard new != keys else { return nil }
            keys = new
            logger.notice("keys fetched", metadata: ["url": "\(endpoint.url)"])
            changed()
            return nil
        } catch {
            return error.description
        }
    }
}
