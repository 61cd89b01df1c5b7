internal import Authentication
internal import HTTP

/// Why a request's signature isn't good; the raw value is stable and fits a metric's label.
///
/// It's counted and never told to the sender: a hint would help whoever tries.
public enum SignatureFailure: String, Error, Sendable, CaseIterable {
    /// A field that the scheme needs isn't there, or is there twice.
    case missing = "signature_missing"
    /// A field isn't written as the scheme wants it, or the signature doesn't cover the body.
    case malformed = "signature_malformed"
    /// No secret makes any of the signatures.
    case mismatch = "signature_mismatch"
    /// The time is too long ago or too far ahead.
    case expired = "signature_expired"
    /// It's of a topic that isn't let in.
    case topicNotAllowed = "signature_topic_not_allowed"
    /// It names an address that nobody trusts, be it of a certificate or for a confirmation.
    case certificateUntrusted = "signature_certificate_untrusted"
    /// The certificate that it names isn't good any more, or not yet.
    case certificateInvalid = "signature_certificate_invalid"
    /// The certificate that it names wasn't fetched yet.
    case certificateUnavailable = "signature_certificate_unavailable"
}

/// Checks the signatures of requests against the secrets that are valid now.
public struct SignatureVerifier: Sendable {
    private let scheme: SignatureScheme
    private let keys: [SignatureKey]

    /// What a good signature says of its request.
    public struct Proof: Sendable, Hashable {
        /// The place of the secret.
        public var key: Int
        /// What is the same only if the request is: the delivery's identifier where it's signed,
        /// else the signature.
        public var id: [UInt8]
    }

    /// A verifier that takes signatures of any of these secrets.
    ///
    /// - Precondition: there is at least one.
    public init(_ scheme: SignatureScheme, keys: [SignatureKey]) {
        precondition(!keys.isEmpty)
        self.scheme = scheme
        self.keys = keys
    }

    /// Checks a request, whose body nobody has decoded or changed.
    ///
    /// - Parameter now: seconds since 1970.
    public func verify(
        _ request: WebhookRequest, now: Int64
    ) throws(SignatureFailure) -> Proof {
        guard let field = request[scheme.header] else { throw .missing }
        guard scheme.algorithm != .token else { return try verify(token: field) }
        let members = scheme.members(of: field)
        let timestamp = try timestamp(of: request, members)
        if let timestamp { try check(timestamp, now: now) }
        let parts = SignedParts(scheme, request, timestamp: timestamp, id: try id(of: request))
        let payload = try parts.payload()
        let signatures = try signatures(in: members)
        for (index, key) in keys.enumerated() {
            guard let signature = key.signature(of: payload, among: signatures) else { continue }
            return Proof(key: index, id: parts.id.map { Array($0.utf8) } ?? signature)
        }
        throw .mismatch
    }

    /// Digests are compared, so that the time doesn't tell how long a secret is.
    private func verify(token: String) throws(SignatureFailure) -> Proof {
        let digest = SHA256(Array((token.dropPrefix(scheme.prefix) ?? "").utf8).span)
        guard let index = keys.firstIndex(where: { SHA256($0.octets.span) == digest }) else {
            throw .mismatch
        }
        return Proof(key: index, id: digest.octets)
    }

    /// The signatures that a key may have made, each with the prefix that tells of what kind.
    private func signatures(
        in members: [Substring]
    ) throws(SignatureFailure) -> [(prefix: String, octets: [UInt8])] {
        let prefixes = Set(keys.map(\.prefix))
        let candidates = members.compactMap { member in
            prefixes.first { member.hasPrefix($0) }
                .map { (prefix: $0, text: String(member.dropFirst($0.count))) }
        }
        let signatures = candidates.prefix(SignatureScheme.signaturesLimit).compactMap {
            candidate in
            scheme.encoding.decode(candidate.text).map { (candidate.prefix, $0) }
        }
        guard !signatures.isEmpty else { throw .malformed }
        return signatures
    }

    private func timestamp(
        of request: WebhookRequest, _ members: [Substring]
    ) throws(SignatureFailure) -> String? {
        if let name = scheme.timestampHeader {
            guard let timestamp = request[name] else { throw .missing }
            return timestamp
        }
        guard let prefix = scheme.timestampPrefix else { return nil }
        let timestamps = members.compactMap { String($0).dropPrefix(prefix) }
        guard timestamps.count == 1 else { throw timestamps.isEmpty ? .missing : .malformed }
        return timestamps[0]
    }

    private func check(_ timestamp: String, now: Int64) throws(SignatureFailure) {
        // As many digits as any clock needs, and no sign.
        guard 1...15 ~= timestamp.utf8.count,
            timestamp.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let time = Int64(timestamp)
        else { throw .malformed }
        let seconds = scheme.timestampUnit == .seconds ? time : time / 1000
        guard abs(seconds - now) <= scheme.tolerance.components.seconds else { throw .expired }
    }

    /// With a dot in it, the text that is signed could be divided in two ways.
    private func id(of request: WebhookRequest) throws(SignatureFailure) -> String? {
        guard let name = scheme.idHeader, scheme.payload.covers(.id) else { return nil }
        guard let id = request[name] else { throw .missing }
        guard !id.contains(".") else { throw .malformed }
        return id
    }
}

extension SignatureKey {
    /// The first of the signatures that this key made.
    fileprivate func signature(
        of payload: [UInt8], among signatures: [(prefix: String, octets: [UInt8])]
    ) -> [UInt8]? {
        let own = signatures.lazy.filter { $0.prefix == prefix }.map(\.octets)
        guard algorithm != .ed25519 else {
            return own.first { Ed25519.isValid($0, of: payload.span, publicKey: octets) }
        }
        let code = code(of: payload)
        return own.first { constantTimeEquals($0, code) }
    }

    /// The code that this key makes.
    func code(of payload: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .hmacSHA1: HMAC.sha1(key: octets, message: payload.span)
        case .hmacSHA256: HMAC.sha256(key: octets, message: payload.span)
        case .hmacSHA384: HMAC.sha384(key: octets, message: payload.span)
        case .hmacSHA512: HMAC.sha512(key: octets, message: payload.span)
        case .ed25519: Ed25519.signature(of: payload.span, privateKey: octets)
        case .token: octets
        }
    }
}

extension SignatureScheme {
    /// The parts of a field between the separators, without blanks before them.
    func members(of field: String) -> [Substring] {
        switch separator {
        case .none: [field[...]]
        case .space: field.split(separator: " ")
        case .comma:
            field.split(separator: ",").map { $0.drop { $0 == " " } }
        }
    }
}

extension SignatureScheme.Encoding {
    func decode(_ text: String) -> [UInt8]? {
        let octets: [UInt8]? =
            switch self {
            case .hex: Hex.decode(text)
            case .base64: Base64.decode(text.utf8.span)
            case .base64url: Base64.decode(text.utf8.span, .url, padding: .optional)
            }
        return octets?.isEmpty == true ? nil : octets
    }

    func encode(_ octets: [UInt8]) -> String {
        switch self {
        case .hex: Hex.encode(octets)
        case .base64: String(decoding: Base64.encode(octets), as: UTF8.self)
        case .base64url: String(decoding: Base64.encode(octets, .url), as: UTF8.self)
        }
    }
}

extension String {
    /// The rest after a prefix; nothing if it isn't there.
    func dropPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
