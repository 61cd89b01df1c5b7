internal import EventLoops
internal import Outbound

/// Tells what becomes of one object: what it is, and each time that it changes.
///
/// It asks for that object only, so that a Role with `resourceNames` and the verbs `list` and
/// `watch` is enough. Ownership: belongs to the loop of its client.
public final class ObjectWatch<Object: Decodable> {
    /// What is known of the object.
    public enum News {
        /// It's this now.
        case present(Object)
        /// There is none.
        case absent
        /// Nothing new can be told at this moment; what was told last may still be so.
        case failing(KubernetesFailure)
        /// The server has no such kind.
        case unknownKind
    }

    /// What to watch.
    public struct Subject: Sendable {
        /// `group/version`, or `v1`.
        public var apiVersion: String
        /// The kind, such as `Broker`.
        public var kind: String
        /// Where it is; of no matter for kinds that belong to no namespace.
        public var namespace: String
        /// The object's name.
        public var name: String

        /// An object.
        public init(apiVersion: String, kind: String, namespace: String, name: String) {
            self.apiVersion = apiVersion
            self.kind = kind
            self.namespace = namespace
            self.name = name
        }
    }

    /// The rule that a Role needs for it; nil until the kind's name in paths is known.
    public private(set) var rule: RoleRule?

    private let client: KubernetesClient
    private let subject: Subject
    private let tell: (News) -> Void
    private let didFollow: (() -> Void)?
    private var state = WatchState()
    private var path: ResourcePath?
    private var lines: LineSplitter
    private var stream: HTTPStream?
    private var timer: LoopTimer?
    private var isStopped = false
    /// Why the watch that is under way is to end, if something in it said so.
    private var end: WatchState.End?

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - didFollow: called when a watch ended in order. Whoever asks for that wants to know
    ///     whether the object can be followed, and not to wait: its watches last a second.
    ///   - tell: called later on the client's loop.
    public init(
        _ subject: Subject, client: KubernetesClient, didFollow: (() -> Void)? = nil,
        tell: @escaping (News) -> Void
    ) {
        self.subject = subject
        self.client = client
        self.didFollow = didFollow
        self.tell = tell
        lines = LineSplitter(limit: client.limits.bytes)
        takeStep()
    }

    /// Ends it; nothing is told any more.
    public func stop() {
        isStopped = true
        if let timer { client.loop.cancel(timer) }
        stream?.cancel()
    }

    private func takeStep() {
        guard !isStopped else { return }
        switch (state.next, path) {
        case (.list, let path?): list(path)
        case (.watch(let version), let path?): watch(path, from: version)
        default: discover()
        }
    }

    private func finish(_ end: WatchState.End) {
        guard !isStopped else { return }
        let wait = state.ended(end, now: client.loop.now, random: .random(in: 0..<1))
        timer = client.loop.schedule(after: wait) { [weak self] in
            self?.timer = nil
            self?.takeStep()
        }
    }

    private func fail(_ failure: KubernetesFailure) {
        guard !isStopped else { return }
        tell(.failing(failure))
        var wanted: Duration?
        if case .refused(_, _, _, let retryAfter) = failure { wanted = retryAfter }
        finish(.failed(retryAfter: wanted))
    }
}

// MARK: - Steps

extension ObjectWatch {
    private func discover() {
        let root = ResourcePath.root(of: subject.apiVersion)
        client.request("GET", root, as: Discovery.self) { [weak self] outcome in
            guard let self, !isStopped else { return }
            switch outcome {
            case .success(let discovery):
                guard let resource = discovery.resource(ofKind: subject.kind) else {
                    return missesKind()
                }
                rule = RoleRule(
                    apiVersion: subject.apiVersion, resource: resource.name, name: subject.name,
                    verbs: ["list", "watch"], namespace: subject.namespace)
                path = ResourcePath(
                    apiVersion: subject.apiVersion, plural: resource.name,
                    namespace: resource.namespaced ? subject.namespace : nil)
                state.discovered()
                takeStep()
            case .failure(let failure) where failure.status == 404: missesKind()
            case .failure(let failure): fail(failure)
            }
        }
    }

    private func missesKind() {
        tell(.unknownKind)
        finish(.unknownKind)
    }

    private func list(_ path: ResourcePath) {
        client.request("GET", path.list(name: subject.name), as: List<Object>.self) {
            [weak self] outcome in
            guard let self, !isStopped else { return }
            switch outcome {
            case .success(let list):
                state.listed(list.metadata.resourceVersion)
                // A server that ignores the selector tells of others, too.
                let item = list.items.first { $0.name == subject.name }
                tell(item.map { .present($0.object) } ?? .absent)
                takeStep()
            case .failure(let failure) where failure.status == 404: missesKind()
            case .failure(let failure): fail(failure)
            }
        }
    }

    private func watch(_ path: ResourcePath, from version: String) {
        state.begins(now: client.loop.now)
        lines = LineSplitter(limit: client.limits.bytes)
        end = nil
        // Not all watches of all processes are to end at one moment.
        let seconds = didFollow == nil ? Int.random(in: 240...480) : 1
        stream = client.stream(
            path.watch(name: subject.name, from: version, seconds: seconds),
            part: { [weak self] in self?.take($0) }
        ) { [weak self] failure in self?.watchEnded(failure) }
    }

    private func watchEnded(_ failure: KubernetesFailure?) {
        stream = nil
        guard !isStopped else { return }
        if let end { return finish(end) }
        guard let failure else {
            didFollow?()
            return finish(.ended)
        }
        switch failure.status {
        // Told in this way where the version was too old from the start.
        case 400?, 410?: finish(.expired)
        case 404?: missesKind()
        default: fail(failure)
        }
    }
}

// MARK: - Lines of a watch

extension ObjectWatch {
    private func take(_ part: [UInt8]) {
        guard end == nil else { return }
        guard let lines = lines.take(part) else { return giveUp("a line is too long") }
        for line in lines where end == nil && !isStopped { take(line: line) }
    }

    private func giveUp(_ sentence: String) {
        tell(.failing(.unreadable(sentence)))
        // Going on from the same version would meet the same line.
        end = .expired
        stream?.cancel()
    }

    private func take(line: [UInt8]) {
        guard case .success(let event) = KubernetesClient.decode(WatchEvent.self, line) else {
            return giveUp("a line of a watch is no event")
        }
        switch event.type {
        case "ERROR":
            let isExpired = event.object.code == 410
            if !isExpired { tell(.failing(Self.failure(of: event.object))) }
            end = isExpired ? .expired : .failed(retryAfter: nil)
            return stream?.cancel() ?? ()
        case "ADDED", "MODIFIED":
            guard event.object.metadata?.name == subject.name else { break }
            guard case .success(let item) = KubernetesClient.decode(Changed<Object>.self, line)
            else { return giveUp("an object of a watch can't be read") }
            tell(.present(item.object))
        case "DELETED":
            if event.object.metadata?.name == subject.name { tell(.absent) }
        default: break
        }
        if let version = event.object.metadata?.resourceVersion { state.noticed(version) }
    }

    private static func failure(of status: WatchEvent.Head) -> KubernetesFailure {
        .refused(
            status: status.code ?? 0, reason: status.reason ?? "", message: status.message ?? "",
            retryAfter: nil)
    }
}

/// What stands in each line of a watch: an object, a bookmark, or a status.
private struct WatchEvent: Decodable {
    struct Head: Decodable {
        var metadata: Metadata?
        var code: Int?
        var reason: String?
        var message: String?
    }

    struct Metadata: Decodable {
        var name: String?
        var resourceVersion: String?
    }

    var type: String
    var object: Head
}

private struct Named: Decodable {
    var metadata: WatchEvent.Metadata
}

private struct Changed<Object: Decodable>: Decodable {
    var object: Object
}

private struct List<Object: Decodable>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String
    }

    /// An object and its name.
    struct Item: Decodable {
        var name: String?
        var object: Object

        init(from decoder: any Decoder) throws {
            name = try Named(from: decoder).metadata.name
            object = try Object(from: decoder)
        }
    }

    var metadata: Metadata
    var items: [Item]
}
