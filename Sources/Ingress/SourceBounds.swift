public import Configuration
internal import HTTP
internal import Server

/// What the requests of one source are held to, over all loops.
public struct SourceBounds: Sendable {
    let rateLimit: RateLimit?
    let origins: Origins?
    private let callback: HandshakeSettings.Callback

    /// The bounds of a source.
    public init(_ source: SourceSettings) {
        let webhook = source.webhook
        rateLimit = webhook?.rateLimit.map {
            RateLimit($0.requestsPerSecond, per: .seconds(1), burst: $0.burst)
        }
        origins = webhook?.handshake.map(Origins.init)
        callback = webhook?.handshake?.callback ?? .off
    }

    /// What is decided of a handshake; nothing where an OPTIONS request isn't one.
    func answer(_ head: RequestHead, _ message: Span<UInt8>) -> Handshake.Answer? {
        do throws(BoundRefusal) {
            return try Handshake(head, message)?
                .answer(origins, waitsForOperator: callback == .manual)
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
        case .undecided(let origin, let callback):
            tellOfHandshake(origin: origin, callback: callback, source.name, peer)
            return Response(status: 202)
        }
    }
}
