public import Authentication
internal import CloudEvents

/// The certificates by which messages of SNS are checked.
public struct SNSCertificates: Sendable, Equatable {
    /// Those of a file; where there are some, no address counts.
    public var pinned: [SigningCertificate]?
    /// Those that were fetched, by their addresses.
    public var fetched: [String: SigningCertificate] = [:]

    /// None yet, or those of a file.
    public init(pinned: [SigningCertificate]? = nil) { self.pinned = pinned }
}

/// Checks messages of Amazon SNS, whose signatures are in their bodies.
///
/// Spec: Amazon SNS §VerifySignatureOfMessage
public struct SNSVerifier: Sendable {
    private let rules: SNSRules
    private let certificates: SNSCertificates

    /// What is wrong with a message.
    public enum Failure: Error, Equatable, Sendable {
        /// It's refused.
        case refused(SignatureFailure)
        /// It can't be checked before the certificate at this address was fetched.
        case certificateWanted(String)
    }

    /// What a good message says.
    public struct Verdict: Sendable, Equatable {
        /// What is the same only if the message is.
        public var proof: SignatureVerifier.Proof
        /// The topic it's from.
        public var topic: String
        /// Whoever opens it confirms the topic's subscription; at a host that is trusted.
        public var confirmation: String?
    }

    /// A verifier that knows these certificates.
    public init(_ rules: SNSRules, _ certificates: SNSCertificates) {
        self.rules = rules
        self.certificates = certificates
    }

    /// Checks a request; what costs nothing comes first, and what only the owner of an allowed
    /// topic can make us ask for comes last.
    ///
    /// - Parameter now: seconds since 1970.
    public func verify(_ request: WebhookRequest, now: Int64) throws(Failure) -> Verdict {
        // What is delivered raw has no envelope, and so no signature.
        guard request["x-amz-sns-rawdelivery"] == nil else { throw .refused(.missing) }
        guard request.body.span.isJSON, let message = SNSMessage(request.body.span),
            message.agrees(with: request)
        else { throw .refused(.malformed) }
        guard rules.takes(topic: message.topic) else { throw .refused(.topicNotAllowed) }
        guard abs(message.time - now) <= rules.tolerance.components.seconds else {
            throw .refused(.expired)
        }
        let candidates = try candidates(for: message).filter { $0.life.contains(now) }
        guard !candidates.isEmpty else { throw .refused(.certificateInvalid) }
        let payload = message.payload
        let isGood = candidates.contains {
            $0.verifies(message.signature, of: payload.span, with: message.digest)
        }
        guard isGood else { throw .refused(.mismatch) }
        return Verdict(
            proof: .init(key: 0, id: Array(message.id.utf8)), topic: message.topic,
            confirmation: try confirmation(of: message))
    }

    private func candidates(
        for message: SNSMessage
    ) throws(Failure) -> [SigningCertificate] {
        if let pinned = certificates.pinned { return pinned }
        let address = message.certificateAddress
        guard rules.isCertificate(address, for: message.topic) else {
            throw .refused(.certificateUntrusted)
        }
        guard let certificate = certificates.fetched[address] else {
            throw .certificateWanted(address)
        }
        return [certificate]
    }

    /// An address of anyone else's is not told, so that nobody is led to open it.
    private func confirmation(of message: SNSMessage) throws(Failure) -> String? {
        guard message.kind == .subscription, let address = message.confirmation else { return nil }
        guard rules.trusts(address, for: message.topic) else {
            throw .refused(.certificateUntrusted)
        }
        return address
    }
}
