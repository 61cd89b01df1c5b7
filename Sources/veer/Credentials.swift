import Authentication
import Configuration
import EventLoops
import Ingress
import Logging
import Outbound
import Telemetry
import Webhooks

/// The passwords, tokens and keys of all sources: read before a port is opened, read again when
/// their files change, and handed to the loops.
///
/// Whatever is wrong with new files, the old secrets stay good. Owner: main.
final class Credentials {
    private struct Entry {
        let source: SourceSettings
        var credentials: SourceCredentials
        /// Those that are fetched, by their places among the methods.
        var published: [Int: PublishedKeys] = [:]
        /// Those that messages name.
        var certificates: FetchedCertificates?
        /// What was wrong with the files when they were read last.
        var complaint: String?
    }

    private let metrics: Metrics
    private let logger: Logger
    private var entries: [Entry] = []
    private var watch: FileWatch?
    private var client: HTTPClient?
    private var send: (([SourceCredentials]) -> Void)?

    /// Reads the files of every source.
    init(
        _ sources: [SourceSettings], metrics: Metrics, logger: Logger
    ) throws(CredentialFiles.Unusable) {
        self.metrics = metrics
        self.logger = logger
        for source in sources {
            let credentials = try CredentialFiles(source).read()
            entries.append(Entry(source: source, credentials: credentials))
        }
    }

    /// What each source's requests are judged by at this moment.
    var current: [SourceCredentials] {
        entries.map { entry in
            var credentials = entry.credentials
            for (place, published) in entry.published {
                guard case .token(var rules) = credentials.methods[place] else { continue }
                rules.keys = published.keys
                credentials.methods[place] = .token(rules)
            }
            if let fetched = entry.certificates?.certificates {
                var certificates = SNSCertificates()
                certificates.fetched = fetched
                credentials.signature = .certificates(certificates)
            }
            return credentials
        }
    }

    /// Goes on reading, and begins to fetch, for as long as the loop turns.
    ///
    /// - Parameter send: hands new secrets of all sources to whoever judges by them.
    func follow(
        on loop: EventLoop, userAgent: String, _ send: @escaping ([SourceCredentials]) -> Void
    ) throws(SystemError) {
        self.send = send
        for place in entries.indices {
            fetchKeys(place, on: loop, userAgent: userAgent)
            fetchCertificates(place, on: loop, userAgent: userAgent)
        }
        let paths = entries.flatMap { CredentialFiles($0.source).paths }
        guard !paths.isEmpty else { return }
        watch = try FileWatch(on: loop, paths: paths) { paths in
            for place in self.entries.indices
            where !paths.isDisjoint(with: CredentialFiles(self.entries[place].source).paths) {
                self.reload(place)
            }
        }
    }

    /// A token for a source named an unknown key.
    func wantKeys(ofSource place: Int) {
        for published in entries[place].published.values { published.want() }
    }

    /// A message for a source named a certificate that isn't known.
    func wantCertificate(_ address: String, ofSource place: Int) {
        entries[place].certificates?.want(address)
    }

    /// Ends what is under way; to be called before the loop is gone.
    func close() { client?.close() }

    private func fetchKeys(_ place: Int, on loop: EventLoop, userAgent: String) {
        let source = entries[place].source
        for (index, auth) in (source.webhook?.auth ?? []).enumerated() {
            guard case .jwt(let settings) = auth,
                case .url(let url, let authorities) = settings.jwks
            else { continue }
            entries[place].published[index] = PublishedKeys(
                url: url, authorities: authorities, source: source.name,
                client: client(on: loop, userAgent: userAgent), on: loop,
                metrics: metrics, logger: logger
            ) { [unowned self] in self.send?(self.current) }
        }
    }

    private func fetchCertificates(_ place: Int, on loop: EventLoop, userAgent: String) {
        let source = entries[place].source
        guard let sns = source.webhook?.signature?.sns, sns.certificate == nil else { return }
        entries[place].certificates = FetchedCertificates(
            sns, source: source.name, client: client(on: loop, userAgent: userAgent), on: loop,
            metrics: metrics, logger: logger
        ) { [unowned self] in self.send?(self.current) }
    }

    private func client(on loop: EventLoop, userAgent: String) -> HTTPClient {
        let client = self.client ?? HTTPClient(loop: loop, userAgent: userAgent)
        self.client = client
        return client
    }

    private func reload(_ place: Int) {
        let name = entries[place].source.name
        do throws(CredentialFiles.Unusable) {
            entries[place].credentials = try CredentialFiles(entries[place].source).read()
            entries[place].complaint = nil
            send?(current)
            count(name, "succeeded")
            logger.notice("secrets replaced", metadata: ["source": "\(name)"])
        } catch {
            count(name, "failed")
            // Told once, and not each time that somebody touches the files.
            guard entries[place].complaint != error.description else { return }
            entries[place].complaint = error.description
            logger.error("secrets not replaced, the old ones stay good: \(error)")
        }
    }

    private func count(_ source: String, _ outcome: String) {
        metrics.counter(
            "veer_secret_reloads_total", help: "Files of secrets that changed and were read again.",
            (name: "source", value: source), (name: "outcome", value: outcome)
        ).add()
    }
}
