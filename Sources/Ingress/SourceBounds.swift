public import Configuration
internal import HTTP
internal import Server

/// What the requests of one source are held to, over all loops.
public struct SourceBounds: Sendable {
    let rateLimit: RateLimit?
    private(set) var origins: Origins?
    private let callbacks: CallbackRules

    /// The bounds of a source.
    public init(_ source: SourceSettings) {
        let webhook = source.webhook
        rateLimit = webhook?.rateLimit.map {
            RateLimit($0.requestsPerSecond, per: .seconds(1), burst: $0.burst)
        }
        origins = webhook?.handshake.map(Origins.init)
        callbacks = CallbackRules(webhook?.handshake)
    }

    /// The same bounds, with one more system that may send.
    public func admitting(origin: String) -> SourceBounds {
        var bounds = self
        bounds.origins?.admit(origin.lowercased())
        return bounds
    }

    /// What is decided of a handshake; nothing where an OPTIONS request isn't one.
    func answer(_ head: RequestHead, _ message: Span<UInt8>) -> Handshake.Answer? {
        do throws(BoundRefusal) {
            return try Handshake(head, message)?
                .answer(origins, callbacks)
        } catch {
            return .refused(error)
        }
    }
}

extension Ingress {
    /// Answers an OPTIONS request.
    func answerOptions(
        _ source: WebhookSource, _ head: RequestHead, _ message: Span<UInt8>, _ peer: Peer
    ) -> Response {
        guard source.takesHandshakes, let answer = source.bounds.answer(head, message) else {
            return source.optionsResponse()
        }
        switch answer {
        case .refused(let refusal): return refuse(.bound(refusal), source, peer)
        case .granted(let origin, let rate):
            var response = Response(status: 200)
            response.add("Allow", "POST, OPTIONS")
            response.add("WebHook-Allowed-Origin", origin)
            response.add("WebHook-Allowed-Rate", rate.map(String.init) ?? "*")
            return response
        case .calledBack(let origin, let rate, let callback):
            ask(.origin(origin, rate: rate), at: callback, source, peer, isAutomatic: true)
            return Response(status: 202)
        case .undecided(let origin, let callback):
            ask(
                .origin(origin, rate: source.bounds.origins?.rate), at: callback, source, peer,
                isAutomatic: false)
            return Response(status: 202)
        }
    }
}
