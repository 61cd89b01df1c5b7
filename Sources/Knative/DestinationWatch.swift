internal import Configuration
internal import Kubernetes

/// Follows one sink's object, and tells what follows for the sink.
///
/// Ownership: belongs to the loop of its client.
final class DestinationWatch {
    private let tell: (DestinationState.Change) -> Void
    private var state: DestinationState
    private var watch: ObjectWatch<Addressable>?

    /// - Parameters:
    ///   - didFollow: as for ``ObjectWatch``.
    ///   - tell: called later on the client's loop, each time that something changes.
    init(
        _ destination: Destination, client: KubernetesClient, namespace: String,
        didFollow: (() -> Void)? = nil, tell: @escaping (DestinationState.Change) -> Void
    ) {
        self.tell = tell
        state = DestinationState(destination)
        let reference = destination.reference
        let subject = ObjectWatch<Addressable>.Subject(
            apiVersion: reference.apiVersion, kind: reference.kind,
            namespace: reference.namespace ?? namespace, name: reference.name)
        watch = ObjectWatch(subject, client: client, didFollow: didFollow) { [weak self] in
            self?.take($0)
        }
    }

    private func take(_ news: ObjectWatch<Addressable>.News) {
        let news: ObjectNews =
            switch news {
            case .present(let object): .present(object)
            case .absent: .absent
            case .unknownKind: .unknownKind
            case .failing(let failure):
                .failing(code: failure.code, sentence: failure.advice(needing: watch?.rule))
            }
        if let change = state.take(news) { tell(change) }
    }

    func stop() { watch?.stop() }
}
