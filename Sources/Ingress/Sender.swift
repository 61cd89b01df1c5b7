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
        /// It's these events; to confirm their sending, somebody may open an address.
        case events([Event], SignatureVerifier.Proof?, Confirmation?)
        /// It can't be judged before the certificate at this address was fetched.
        case certificateWanted(String)
    }

    /// An address that a topic wants to have opened.
    struct Confirmation {
        var topic: String
        var address: String
        /// Whether it's known who asks, and the operator said beforehand that it may send.
        var isAutomatic: Bool
    }

    /// What a signature is checked with.
    private enum Check {
        case none
        case header(SignatureVerifier)
        case message(SNSVerifier)
    }

    private var check: Check
    private let signature: SignatureSettings?
    private let signer: SignatureScheme.Preset?
    private let adapter: Adapter?
    private let adapterPreset: Adapter.Preset?
    private let replays: ReplayGuard?
    private let tolerance: Duration

    /// Knows what the settings say.
    ///
    /// - Returns: nothing where anyone may send CloudEvents and need not sign them.
    init?(
        _ webhook: WebhookSettings, _ credentials: SourceCredentials.Signature,
        replays: ReplayGuard
    ) {
        guard webhook.signature != nil || webhook.adapter != .none else { return nil }
        signature = webhook.signature
        signer = webhook.signature?.preset
        check = Self.check(webhook.signature, credentials)
        adapter = webhook.adapter.adapter
        if case .preset(let preset) = webhook.adapter {
            adapterPreset = preset
        } else {
            adapterPreset = nil
        }
        tolerance = webhook.signature?.tolerance ?? .zero
        let hasTimestamp = signer == .sns || webhook.signature?.scheme.hasTimestamp == true
        self.replays = hasTimestamp ? replays : nil
    }

    /// Takes other secrets or certificates into use.
    mutating func replace(_ credentials: SourceCredentials.Signature) {
        check = Self.check(signature, credentials)
    }

    private static func check(
        _ signature: SignatureSettings?, _ credentials: SourceCredentials.Signature
    ) -> Check {
        guard let signature else { return .none }
        switch credentials {
        case .keys(let keys): return .header(SignatureVerifier(signature.scheme, keys: keys))
        case .certificates(let certificates):
            guard let rules = signature.snsRules else { preconditionFailure("not of SNS") }
            return .message(SNSVerifier(rules, certificates))
        // Without anything to check by, everyone would be let in.
        case .none: preconditionFailure("a signature is wanted, and there is no secret")
        }
    }

    /// Decides about a request that has come whole.
    func judge(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>
    ) -> Judgement {
        let now = Int64(time(nil))
        let request = WebhookRequest(head, message, body: body)
        var proof: SignatureVerifier.Proof?
        var confirmation: Confirmation?
        switch check {
        case .none: break
        case .header(let verifier):
            do throws(SignatureFailure) {
                proof = try verifier.verify(request, now: now)
            } catch {
                return .refused(.signature(error))
            }
        case .message(let verifier):
            do throws(SNSVerifier.Failure) {
                let verdict = try verifier.verify(request, now: now)
                proof = verdict.proof
                confirmation = verdict.confirmation.map {
                    Confirmation(
                        topic: verdict.topic, address: $0,
                        isAutomatic: signature?.sns?.confirmation == .auto)
                }
            } catch {
                switch error {
                case .refused(let failure): return .refused(.signature(failure))
                case .certificateWanted(let address): return .certificateWanted(address)
                }
            }
        }
        if let proof, replays?.contains(proof, now: now) == true { return .replayed }
        return judge(request, now: now, proof, confirmation)
    }

    /// Decides about a request whose signature, if there is to be one, was good.
    private func judge(
        _ request: WebhookRequest, now: Int64, _ proof: SignatureVerifier.Proof?,
        _ confirmation: Confirmation?
    ) -> Judgement {
        var confirmation = confirmation
        switch Registration(request, signedBy: signer, for: adapterPreset) {
        case .challenge(let type, let answer)?:
            var response = Response(status: 200, contentType: type, body: answer)
            response.add("X-Content-Type-Options", "nosniff")
            return .answered(response)
        // Nobody has signed it, or its rules were looked at.
        case .confirmation(let address, let topic)? where signer != .sns:
            confirmation = Confirmation(topic: topic, address: address, isAutomatic: false)
        case .confirmation?, nil: break
        }
        guard let adapter, !(adapter.takesCloudEvents && request.isStructured) else {
            return .cloudEvents(proof)
        }
        do throws(AdapterFailure) {
            let events = try adapter.chosen(by: request)
                .events(of: request, now: Timestamp(seconds: now))
            return .events(events, proof, confirmation)
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
                if let confirmation {
                    ask(
                        .topic(confirmation.topic), at: confirmation.address, source, peer,
                        isAutomatic: confirmation.isAutomatic)
                }
                return accept(from: source, source.take(events), exchange, proof)
            case .certificateWanted(let address):
                wantCertificate(address, of: source)
                return refuse(.signature(.certificateUnavailable), source, peer)
            }
        } catch {
            return refuse(.event(error), source, peer)
        }
    }
}
