internal import CloudEvents
internal import Configuration
internal import Glibc
internal import HTTP
internal import Server
internal import Webhooks

/// What a source knows of who sends to it: how it signs, and what its requests mean.
struct Sender {
    /// What becomes of a request.
    enum Judgement {
        case refused(Refusal)
        /// It has its answer and is no event.
        case answered(Response)
        /// It was accepted before.
        case replayed
        /// It's CloudEvents in one of their content modes.
        case cloudEvents(SignatureVerifier.Proof?)
        /// It's these events; to confirm their sending, somebody may open the address.
        case events([Event], SignatureVerifier.Proof?, confirmation: String?)
    }

    private let verifier: SignatureVerifier?
    private let signer: SignatureScheme.Preset?
    private let adapter: Adapter?
    private let adapterPreset: Adapter.Preset?
    private let replays: ReplayGuard?
    private let tolerance: Duration

    /// Knows what the settings say.
    ///
    /// - Returns: nothing where anyone may send CloudEvents and need not sign them.
    init?(_ webhook: WebhookSettings, replays: ReplayGuard) {
        guard webhook.signature != nil || webhook.adapter != .none else { return nil }
        signer = webhook.signature?.preset
        verifier = webhook.signature.map { SignatureVerifier($0.scheme, keys: $0.keys) }
        adapter = webhook.adapter.adapter
        if case .preset(let preset) = webhook.adapter {
            adapterPreset = preset
        } else {
            adapterPreset = nil
        }
        tolerance = webhook.signature?.tolerance ?? .zero
        self.replays = webhook.signature?.scheme.hasTimestamp == true ? replays : nil
    }

    /// Decides about a request that has come whole.
    func judge(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>
    ) -> Judgement {
        let now = Int64(time(nil))
        let request = WebhookRequest(head, message, body: body)
        let proof: SignatureVerifier.Proof?
        do throws(SignatureFailure) {
            proof = try verifier?.verify(request, now: now)
        } catch {
            return .refused(.signature(error))
        }
        if let proof, replays?.contains(proof, now: now) == true { return .replayed }
        let registration = Registration(request, signedBy: signer, for: adapterPreset)
        if case .challenge(let type, let answer)? = registration {
            var response = Response(status: 200, contentType: type, body: answer)
            response.add("X-Content-Type-Options", "nosniff")
            return .answered(response)
        }
        guard let adapter, !(adapter.takesCloudEvents && request.isStructured) else {
            return .cloudEvents(proof)
        }
        var confirmation: String?
        if case .confirmation(let address)? = registration { confirmation = address }
        do throws(AdapterFailure) {
            let events = try adapter.events(of: request, now: Timestamp(seconds: now))
            return .events(events, proof, confirmation: confirmation)
        } catch {
            return .refused(.adapter(error))
        }
    }

    /// Remembers what was accepted, for as long as it could be sent again.
    ///
    /// The limit of time counts in both directions, so from the earliest moment at which a
    /// signature is good to the last it's twice as long.
    func remember(_ proof: SignatureVerifier.Proof?) {
        guard let proof else { return }
        replays?.insert(
            proof, now: Int64(time(nil)), seconds: 2 * tolerance.components.seconds)
    }
}

extension Ingress {
    /// Answers a request of a sender of which more is known than that it sends CloudEvents.
    ///
    /// - Returns: nothing where the answer has to wait for a receipt.
    func answer(
        _ source: WebhookSource, by sender: Sender, _ head: RequestHead, _ message: Span<UInt8>,
        body: Range<Int>, _ peer: Peer, _ exchange: Exchange
    ) -> Response? {
        do throws(EventFailure) {
            switch sender.judge(head, message, body: body) {
            case .refused(let refusal): return refuse(refusal, source, peer)
            case .answered(let response): return response
            case .replayed:
                source.countReplay()
                return source.success
            case .cloudEvents(let proof):
                let count = try source.decode(head, message, body: body)
                return accept(from: source, count, exchange, proof)
            case .events(let events, let proof, let confirmation):
                if let confirmation { tell(ofConfirmation: confirmation, source, peer) }
                return accept(from: source, source.take(events), exchange, proof)
            }
        } catch {
            return refuse(.event(error), source, peer)
        }
    }
}
