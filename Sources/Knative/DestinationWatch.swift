internal import Configuration
internal import EventLoops
internal import Kubernetes

/// Follows one sink's object, and tells where the sink is.
///
/// Ownership: belongs to the loop of its client.
final class DestinationWatch {
    private let loop: EventLoop
    private let tell: (DestinationNews.Content) -> Void
    private var state: DestinationState
    private var reports: DestinationReports
    private var watch: ObjectWatch<Addressable>?

    /// - Parameter tell: called later on this loop, each time that something changes.
    init(
        _ destination: Destination, client: KubernetesClient, namespace: String, loop: EventLoop,
        reports: DestinationReports, tell: @escaping (DestinationNews.Content) -> Void
    ) {
        self.loop = loop
        self.tell = tell
        self.reports = reports
        state = DestinationState(destination)
        let reference = destination.reference
        let subject = ObjectWatch<Addressable>.Subject(
            apiVersion: reference.apiVersion, kind: reference.kind,
            namespace: reference.namespace ?? namespace, name: reference.name)
        watch = ObjectWatch(subject, client: client) { [weak self] in self?.take($0) }
    }

    private func take(_ news: ObjectWatch<Addressable>.News) {
        let news: ObjectNews =
            switch news {
            case .present(let object): .present(object)
            case .absent: .absent
            case .unknownKind: .unknownKind
            case .failing(let failure):
                .failing(code: failure.code, sentence: failure.description)
            }
        guard let change = state.take(news) else { return }
        reports.tell(change, now: loop.now)
        switch change {
        case .moved(let address): tell(.address(address))
        case .lost(let obstacle): tell(.obstacle(obstacle.sentence))
        case .unsure: break
        }
    }

    func stop() { watch?.stop() }
}
