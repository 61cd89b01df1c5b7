import Configuration
import Coordination
import EventLoops
import Knative
import Kubernetes
import Outbound
import VSphere

/// Asks whomever a configuration names, once and all at the same time, what a run would ask them:
/// vCenters, and the cluster about sinks and the Lease.
///
/// Owner: main.
final class OnlineChecks {
    /// What came of one of them.
    struct Report {
        /// Whom or what it's about.
        let subject: String
        /// What was found, a line each.
        fileprivate(set) var facts: [String] = []
        /// What is wrong, and what to do; nil if nothing is.
        fileprivate(set) var problem: String?
        fileprivate var isDone = false
    }

    /// For all that is asked of the cluster; each vCenter has as much.
    private static let timeLimit = Duration.seconds(15)

    private let settings: Settings
    private let loop: EventLoop
    private var reports: [Report] = []
    private var vCenters: [OnlineCheck] = []
    private var sinks: [DestinationCheck] = []
    private var http: HTTPClient?
    private var client: KubernetesClient?

    /// Asks, and waits.
    ///
    /// - Returns: a report for each that was asked about, in the configuration's order.
    /// - Throws: what the system says when it refuses a loop.
    static func reports(on settings: Settings) throws(SystemError) -> [Report] {
        let checks = OnlineChecks(settings, on: try EventLoop())
        checks.start()
        defer { checks.close() }
        if !checks.reports.isEmpty { try checks.loop.run() }
        return checks.reports
    }

    private init(_ settings: Settings, on loop: EventLoop) {
        self.settings = settings
        self.loop = loop
    }

    private func start() {
        for source in settings.sources {
            guard let vCenter = source.vcenter else { continue }
            vCenters.append(
                OnlineCheck(
                    vCenter, on: loop, version: Version.number, done: expect("source", source.name))
            )
        }
        let ofVCenters = reports.indices
        do throws(ClusterAccess.Unusable) {
            startCluster(try ClusterFiles.access(settings))
        } catch {
            expect("kubernetes")([], error.description)
        }
        loop.schedule(after: Self.timeLimit) { [unowned self] in
            for place in reports.indices where !ofVCenters.contains(place) {
                let seconds = Self.timeLimit.components.seconds
                finish(
                    place, [],
                    "the API server gave no answer within \(seconds) seconds; check its address"
                        + " and the network")
            }
        }
        for vCenter in vCenters { vCenter.start() }
        for sink in sinks { sink.start() }
    }

    private func startCluster(_ access: ClusterAccess?) {
        if let access {
            let http = HTTPClient(loop: loop, userAgent: "veer-check/\(Version.number)")
            self.http = http
            var limits = KubernetesClient.Limits()
            limits.timeout = min(settings.kubernetes.timeout, Self.timeLimit)
            client = KubernetesClient(
                access, loop: loop, http: http, limits: limits,
                readFile: { try ConfigurationFile.octets(of: $0) })
            let warnings = access.warnings
            expect("kubernetes")(["the API server is \(access.server)"] + warnings, nil)
        }
        let cluster = DestinationCheck.Cluster(
            client: client,
            namespace: settings.kubernetes.namespace ?? access?.namespace ?? "default",
            domain: ClusterFiles.domain(settings),
            readFile: { try ConfigurationFile.octets(of: $0) })
        for sink in settings.sinks where sink.isFollowed {
            guard case .uri(let http) = sink.target else { continue }
            sinks.append(
                DestinationCheck(http, cluster, done: expect("sink", sink.name)))
        }
        if let election = settings.leaderElection, let access, let client {
            LeasePlace(election, settings.kubernetes, access)
                .check(by: client, expect("leaderElection"))
        }
    }

    /// Makes room for a report, and returns what takes it.
    private func expect(_ words: String...) -> ([String], String?) -> Void {
        reports.append(Report(subject: words.joined(separator: " ")))
        let place = reports.count - 1
        return { [unowned self] in finish(place, $0, $1) }
    }

    private func finish(_ place: Int, _ facts: [String], _ problem: String?) {
        guard !reports[place].isDone else { return }
        (reports[place].facts, reports[place].problem) = (facts, problem)
        reports[place].isDone = true
        // Not before all reports are expected: some are done at once.
        loop.schedule(after: .zero) { [unowned self] in
            if reports.allSatisfy(\.isDone) { loop.stop() }
        }
    }

    private func close() {
        for vCenter in vCenters { vCenter.close() }
        http?.close()
    }
}
