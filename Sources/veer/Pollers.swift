import Admin
import CloudEvents
import Configuration
import Coordination
import EventLoops
import Glibc
import Ingress
import Journal
import Kubernetes
import Logging
import Outbound
import Telemetry
import VSphere

/// Reads vCenters: always, or while this process leads.
///
/// A term is a thread of its own: it's started with what the term before has left, and the next
/// begins when it has ended. Owner: main.
final class Pollers {
    /// What the reading thread and the journal's tell main, in the order it happened.
    private enum Notice: Sendable {
        case progressed(SourceProgress)
        /// What the journal has, when nothing from before a term is left to be decided on.
        case decided([String: TermCheckpoint], LeaseElection.Term?)
        case stopped
    }

    /// How long giving the lease back may take.
    private static let resignationTimeout = Duration.seconds(3)
    /// The most octets of all checkpoints in a Lease, of which Kubernetes takes 256 KiB.
    private static let annotationsBytesLimit = 128 * 1024
    private static let annotationBytesLimit = 32 * 1024

    private let settings: Settings
    private let metrics: Metrics
    private let statistics: [SourceStatistics]
    private let journal: Journal
    private let logger = Logger(label: "VCENTER")
    private let leadership = Leadership()
    private let notices: Mailbox<Notice>
    private let secrets: VCenterSecrets
    /// Settings with secrets that were read again, by their places among the vCenters.
    private var renewed: [Int: VCenterSettings] = [:]
    private var http: HTTPClient?
    private var elector: Elector?
    private var vSphere: VSphere?
    private var isThreadStopping = false
    /// The term that begins when the thread of the one before has ended, and the journal has
    /// decided on what was left of it.
    private var waiting: LeaseElection.Term?
    private var onStop: (() -> Void)?

    init(
        _ settings: Settings, journal: Journal, statistics: [SourceStatistics], metrics: Metrics
    ) throws(SystemError) {
        self.settings = settings
        self.metrics = metrics
        self.statistics = statistics
        self.journal = journal
        notices = try Mailbox<Notice>(messagesLimit: 4_096)
        secrets = VCenterSecrets(settings.sources, metrics: metrics, logger: logger)
    }

    /// Whether there is anything to read, or to agree on.
    private var isNeeded: Bool {
        settings.leaderElection != nil || settings.sources.contains { $0.vcenter != nil }
    }

    /// How many intakes are to end before the delivery does.
    var count: Int { isNeeded ? 1 : 0 }

    /// Begins to read, or to take part in the election of who does.
    func start(on loop: EventLoop, access: ClusterAccess?) throws(SystemError) {
        let isLeft = settings.leaderElection == nil && journal.hasPreparedPages
        guard isNeeded || isLeft else { return }
        try notices.receive(on: loop) { notices in
            for notice in notices { self.received(notice) }
        }
        try secrets.follow(on: loop) { self.renew($0, at: $1) }
        if let election = settings.leaderElection, let access {
            start(election, access, on: loop)
        } else if isLeft {
            decide(.noElection, before: nil)
        } else {
            try read(from: journal.checkpoints, fence: nil)
        }
    }

    /// Takes a vCenter's settings with secrets that were read again, for this term and the next.
    private func renew(_ vCenter: VCenterSettings, at place: Int) {
        renewed[place] = vCenter
        vSphere?.renew(vCenter, at: place)
    }

    /// What operators read beside the conditions of readiness; who leads never decides on that.
    var checks: [AdminReadings.Check] {
        let now = Int(time(nil))
        let sources = settings.sources.filter { $0.vcenter != nil }.map { source in
            AdminReadings.Check(
                name: source.name, note: VSphere.note(ofSource: source.name, metrics, now: now))
        }
        guard let elector else { return sources }
        return [AdminReadings.Check(name: "leader", note: elector.description)] + sources
    }

    /// Reads no more, gives the lease back, and calls `done` on main's loop.
    func stop(_ done: @escaping () -> Void) {
        guard isNeeded, onStop == nil else { return }
        onStop = done
        waiting = nil
        vSphere == nil ? finish() : stopThread()
    }

    /// Waits for the reading thread's end, when main's loop has ended.
    func close() {
        elector?.close()
        http?.close()
        guard let vSphere else { return }
        if !isThreadStopping { vSphere.stop {} }
        vSphere.join()
    }

    // MARK: - The election

    private func start(
        _ election: LeaderElectionSettings, _ access: ClusterAccess, on loop: EventLoop
    ) {
        let http = HTTPClient(loop: loop, userAgent: "veer/\(Version.number)")
        self.http = http
        var limits = KubernetesClient.Limits()
        // One that hangs leaves the time for another.
        limits.timeout = election.renewDeadline / 2
        let client = KubernetesClient(
            access, loop: loop, http: http, limits: limits,
            readFile: { try ConfigurationFile.octets(of: $0) })
        var parameters = LeaseElection.Parameters(
            identity: (election.identity ?? hostName()) + "_"
                + String(UInt64.random(in: .min ... .max), radix: 36))
        parameters.leaseDuration = election.leaseDuration
        parameters.renewDeadline = election.renewDeadline
        parameters.retryPeriod = election.retryPeriod
        parameters.checkpointBytesLimit = checkpointBytesLimit
        let elector = Elector(
            parameters, place: LeasePlace(election, settings.kubernetes, access), client: client,
            on: loop, leadership: leadership, metrics: metrics,
            logger: Logger(label: "LEADER"), timestamp: { Timestamp.now.microsecondsText },
            handlers: Elector.Handlers(
                lead: { [unowned self] in lead($0) }, stepDown: { [unowned self] in stepDown() },
                observe: { [journal] in _ = journal.send(.pages(.lease($0))) }))
        self.elector = elector
        elector.start()
    }

    private var checkpointBytesLimit: Int {
        let vCenters = settings.sources.count { $0.vcenter != nil }
        return min(Self.annotationBytesLimit, Self.annotationsBytesLimit / max(vCenters, 1))
    }

    private func lead(_ term: LeaseElection.Term) {
        guard onStop == nil else { return }
        waiting = term
        if vSphere == nil { decide(.termEnded, before: term) }
    }

    /// Has the journal decide on what is left in preparation, and say then what it has.
    private func decide(_ news: PageNews, before term: LeaseElection.Term?) {
        let notices = notices
        _ = journal.send(.pages(news) { _ = notices.send(.decided($0, term)) })
    }

    private func decided(_ stored: [String: TermCheckpoint], _ term: LeaseElection.Term?) {
        // Another term may have come since, or the end.
        guard onStop == nil, term == waiting else { return }
        waiting = nil
        do throws(SystemError) {
            guard let term else { return try read(from: stored.mapValues(\.text), fence: nil) }
            try read(from: checkpoints(stored, term), fence: fence(of: term))
        } catch {
            logger.error("vCenters can't be read; another is to lead: \(error)")
            elector?.resign(within: Self.resignationTimeout) {}
        }
    }

    private func checkpoints(
        _ stored: [String: TermCheckpoint], _ term: LeaseElection.Term
    ) -> [String: String] {
        let checkpoints = Set(stored.keys).union(term.checkpoints.keys).map { source in
            (
                source,
                SharedCheckpoint.choice(
                    own: stored[source], shared: term.checkpoints[source], lease: term.lease,
                    further: VSphere.further)
            )
        }
        return Dictionary(uniqueKeysWithValues: checkpoints).compactMapValues(\.self)
    }

    private func fence(of term: LeaseElection.Term) -> Fence {
        let notices = notices
        return Fence(lease: term.lease, term: term.number, leadership: leadership) { progress in
            // There is room: a source has no more than one page under way.
            _ = notices.send(.progressed(progress))
        }
    }

    private func stepDown() {
        waiting = nil
        _ = journal.send(.pages(.termEnded))
        stopThread()
    }

    // MARK: - The reading thread

    private func read(from checkpoints: [String: String], fence: Fence?) throws(SystemError) {
        var places = VCenters(settings: settings, statistics: statistics, logger: logger)
            .places(checkpoints: checkpoints)
        guard !places.isEmpty else { return }
        for (place, vCenter) in renewed { places[place].settings = vCenter }
        var context = VSphereContext(
            metrics: metrics, logger: logger, version: Version.number
        ) { [journal] in journal.send(.store($0)) }
        context.fence = fence
        isThreadStopping = false
        vSphere = try VSphere.start(places, context)
    }

    private func stopThread() {
        guard let vSphere, !isThreadStopping else { return }
        isThreadStopping = true
        let notices = notices
        vSphere.stop { _ = notices.send(.stopped) }
    }

    private func received(_ notice: Notice) {
        switch notice {
        case .progressed(let progress):
            elector?.progressed(
                progress.source,
                VSphere.shortened(progress.checkpoint, bytes: checkpointBytesLimit),
                term: progress.term, page: progress.page)
        case .decided(let stored, let term): decided(stored, term)
        case .stopped:
            vSphere?.join()
            vSphere = nil
            if onStop != nil {
                finish()
            } else if let waiting {
                decide(.termEnded, before: waiting)
            }
        }
    }

    private func finish() {
        guard let done = onStop else { return }
        guard let elector else { return done() }
        elector.resign(within: Self.resignationTimeout, done)
    }
}

extension LeasePlace {
    /// The Lease that a configuration means in a cluster.
    init(
        _ election: LeaderElectionSettings, _ kubernetes: KubernetesSettings,
        _ access: ClusterAccess
    ) {
        self.init(
            name: election.lease,
            namespace: election.namespace ?? kubernetes.namespace ?? access.namespace)
    }
}

private func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "veer" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension Timestamp {
    /// The text with six digits after the point, as Kubernetes insists on.
    fileprivate var microsecondsText: String {
        let whole = Timestamp(seconds: seconds, nanoseconds: 0).text
        let digits = String(nanoseconds / 1_000)
        let zeros = String(repeating: "0", count: 6 - digits.count)
        return "\(whole.dropLast()).\(zeros)\(digits)Z"
    }
}
