import Authentication
import Configuration
import EventLoops
import Logging
import Outbound
import Telemetry
import Webhooks

/// The certificates by which one source's messages of SNS are checked: fetched where messages name
/// them, and kept.
///
/// Only addresses that the source's rules trust come here. Owner: main.
final class FetchedCertificates {
    /// For a whole fetch.
    private static let timeout = Duration.seconds(5)

    private(set) var certificates: [String: SigningCertificate] = [:]
    private let settings: SNSSettings
    private let client: HTTPClient
    private let loop: EventLoop
    private let logger: Logger
    private let count: (String) -> Counter
    private let changed: () -> Void
    private var fetches = CertificateFetches()

    /// - Parameter changed: called whenever there are other certificates than before.
    init(
        _ settings: SNSSettings, source: String, client: HTTPClient, on loop: EventLoop,
        metrics: Metrics, logger: Logger, changed: @escaping () -> Void
    ) {
        self.settings = settings
        self.client = client
        self.loop = loop
        self.logger = logger
        self.changed = changed
        count = { outcome in
            metrics.counter(
                "veer_signing_certificate_fetches_total",
                help: "Fetches of certificates that messages name, and what came of it.",
                (name: "source", value: source), (name: "outcome", value: outcome))
        }
    }

    /// A message named a certificate that isn't among these.
    func want(_ address: String) {
        guard fetches.begin(address, now: loop.nanoseconds / 1_000_000_000) else { return }
        var options = HTTPEndpoint.Options(url: address)
        options.tls.authorities = settings.ca
        options.concurrency = 1
        options.sendsOnce = true
        options.takesHTTP2 = false
        // A host that the operator named may be anywhere; Amazon's are on the Internet.
        options.allowsPrivateAddresses = settings.isNamed(address)
        options.bodyBytesLimit = SigningCertificate.bytesLimit
        options.bodyBytesKept = SigningCertificate.bytesLimit
        let request = HTTPRequest(
            method: "GET", fields: HTTPFields(), octets: [], body: 0..<0, timeout: Self.timeout)
        client.send(request, once: options) { [weak self] in
            self?.received($0, from: address)
        }
    }

    private func received(_ response: HTTPResponse, from address: String) {
        // Nobody waits for it any more.
        guard response.error?.kind != .cancelled else { return }
        let complaint = take(response, from: address)
        let evicted = fetches.end(address, succeeded: complaint == nil)
        count(complaint == nil ? "succeeded" : "failed").add()
        if let evicted { certificates[evicted] = nil }
        guard let complaint else {
            logger.notice("certificate fetched", metadata: ["url": "\(address)"])
            return changed()
        }
        let remedy = "messages that name it can't be checked"
        logger.error("certificate not fetched, \(remedy): \(address) \(complaint)")
    }

    /// What is wrong with a response, if anything.
    private func take(_ response: HTTPResponse, from address: String) -> String? {
        if let error = response.error { return "gave no answer: \(error.text)" }
        guard response.status == 200 else { return "answered \(response.status ?? 0)" }
        guard !response.isCut else {
            return "answered with more than \(SigningCertificate.bytesLimit) octets"
        }
        do throws(SigningCertificate.Failure) {
            certificates[address] = try SigningCertificate(pem: response.body)
            return nil
        } catch {
            return error.description
        }
    }
}
