import Admin
import Configuration
import Delivery
import EventLoops
import Knative
import Kubernetes
import Logging
import Telemetry

/// Has it found out where sinks are that are named by objects of a cluster, tells the delivery,
/// and keeps for operators what can't be found out.
///
/// Owner: main.
final class SinkFinder {
    /// What the delivery is to receive.
    let news: Mailbox<SinkNews>

    private struct Note: Sendable {
        var topic: Topic
        var obstacle: String?
    }

    /// How the cluster is reached, if anything needs that.
    let access: ClusterAccess?

    private struct Topic: Hashable, Sendable {
        var sink: Int
        var isToken: Bool
    }

    private let settings: Settings
    private let context: Destinations.Context
    private let notes: Mailbox<Note>
    private let renewals: Mailbox<Int>
    private var obstacles: [Topic: String] = [:]
    private var destinations: Destinations?

    /// - Parameter access: how the cluster is reached, if a sink needs that.
    init(
        _ settings: Settings, access: ClusterAccess?, metrics: Metrics
    ) throws(SystemError) {
        self.settings = settings
        self.access = access
        let limit = 4 * settings.sinks.count
        let news = try Mailbox<SinkNews>(messagesLimit: limit)
        let notes = try Mailbox<Note>(messagesLimit: limit)
        let renewals = try Mailbox<Int>(messagesLimit: limit)
        (self.news, self.notes, self.renewals) = (news, notes, renewals)
        context = Destinations.Context(
            access: access, clusterDomain: ClusterFiles.domain(settings), version: Version.number,
            readFile: { try ConfigurationFile.octets(of: $0) },
            renewals: renewals,
            send: { found in
                let (isToken, obstacle) = found.obstacle
                let note = Note(
                    topic: Topic(sink: found.sink, isToken: isToken), obstacle: obstacle)
                return news.send(SinkNews(found)) && notes.send(note)
            }, metrics: metrics, logger: Logger(label: "KNATIVE"))
        for (place, sink) in settings.sinks.enumerated() where sink.reference != nil {
            obstacles[Topic(sink: place, isToken: false)] = "it isn't known yet where the sink is"
        }
    }

    /// Begins to look.
    func start(on loop: EventLoop) throws(SystemError) {
        guard settings.sinks.contains(where: \.isFollowed) else { return }
        for warning in context.access?.warnings ?? [] { context.logger.warning("\(warning)") }
        try notes.receive(on: loop) { notes in
            for note in notes { self.obstacles[note.topic] = note.obstacle }
        }
        destinations = try Destinations.start(settings, context)
    }

    /// What operators read beside the conditions of readiness; a sink never decides on that.
    var checks: [AdminReadings.Check] {
        settings.sinks.indices.filter { settings.sinks[$0].isFollowed }.map { place in
            let obstacle = [false, true].lazy.compactMap {
                self.obstacles[Topic(sink: place, isToken: $0)]
            }.first
            return AdminReadings.Check(
                name: "sink-\(settings.sinks[place].name)",
                note: obstacle.map { "waits: \($0)" })
        }
    }

    /// Has another token got for a sink that doesn't take its own; tells whether there was room.
    var renewToken: @Sendable (Int) -> Bool {
        { [renewals] in renewals.send($0) }
    }

    /// Ends it.
    func stop() { destinations?.stop() }
}

/// What this process's surroundings say of the cluster.
enum ClusterFiles {
    /// How the cluster is reached: by the kubeconfig that the configuration names, as a pod, or by
    /// the kubeconfig that the environment names; nil where nothing needs that.
    static func access(_ settings: Settings) throws(ClusterAccess.Unusable) -> ClusterAccess? {
        let needsSinks = settings.sinks.contains(where: \.isLookedUp)
        guard needsSinks || settings.leaderElection != nil else { return nil }
        if let path = settings.kubernetes.kubeconfig { return try access(kubeconfig: path) }
        let access = try ClusterAccess.inCluster(
            environment: ConfigurationFile.environment,
            directory: settings.kubernetes.serviceAccountPath,
            readFile: { try ConfigurationFile.octets(of: $0) })
        if let access { return access }
        if let path = ConfigurationFile.environment("KUBECONFIG"), !path.isEmpty {
            return try Self.access(kubeconfig: path)
        }
        throw ClusterAccess.Unusable(
            sentence: (needsSinks ? "a sink has 'ref' or 'auth.oidc'" : "leaderElection is set")
                + ", but there is no cluster to ask: run as a pod, or set kubernetes.kubeconfig")
    }

    /// What is wrong with the kubeconfig that the configuration names.
    static func problems(of settings: Settings) -> [String] {
        guard let path = settings.kubernetes.kubeconfig else { return [] }
        do throws(ClusterAccess.Unusable) {
            _ = try access(kubeconfig: path)
            return []
        } catch {
            return [error.description]
        }
    }

    /// What the names of Services end with.
    static func domain(_ settings: Settings) -> String {
        settings.kubernetes.clusterDomain
            ?? ClusterDomain.reading(
                (try? ConfigurationFile.octets(of: "/etc/resolv.conf")) ?? [])
    }

    private static func access(
        kubeconfig path: String
    ) throws(ClusterAccess.Unusable) -> ClusterAccess {
        guard let octets = try? ConfigurationFile.octets(of: path) else {
            throw ClusterAccess.Unusable(sentence: "the kubeconfig \(path) can't be read")
        }
        return try ClusterAccess(kubeconfig: octets, path: path)
    }
}

extension SinkSettings {
    /// The object that names it.
    var reference: ReferenceSettings? {
        if case .uri(let http) = target { http.reference } else { nil }
    }

    private var oidc: OIDCSettings? {
        if case .uri(let http) = target { http.oidc } else { nil }
    }

    /// Whether its address or its token is somebody else's to give.
    var isFollowed: Bool { reference != nil || oidc != nil }

    /// Whether the API server is to be asked for either.
    fileprivate var isLookedUp: Bool {
        reference.map { !$0.isCoreService } ?? false || oidc?.serviceAccount != nil
    }
}

extension DestinationNews {
    /// Whether it's about the token, and why the sink waits, if it does.
    fileprivate var obstacle: (isToken: Bool, sentence: String?) {
        switch content {
        case .address: (false, nil)
        case .obstacle(let sentence): (false, sentence)
        case .token: (true, nil)
        case .tokenObstacle(let sentence): (true, sentence)
        }
    }
}

extension SinkNews {
    init(_ found: DestinationNews) {
        switch found.content {
        case .address(let address):
            self.init(
                sink: found.sink,
                content: .address(url: address.url, authorities: address.authorities))
        case .obstacle(let sentence):
            self.init(sink: found.sink, content: .obstacle(sentence))
        case .token(let token): self.init(sink: found.sink, content: .token(token))
        case .tokenObstacle(let sentence):
            self.init(sink: found.sink, content: .tokenObstacle(sentence))
        }
    }
}
