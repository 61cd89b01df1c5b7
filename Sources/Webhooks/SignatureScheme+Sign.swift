extension SignatureScheme {
    /// What a signer can't make up.
    public struct Delivery: Sendable {
        /// The delivery's identifier; of no meaning to schemes without one.
        public var id: String
        /// Seconds since 1970; of no meaning to schemes without a time.
        public var time: Int64

        /// A delivery at a time.
        public init(id: String, time: Int64) {
            self.id = id
            self.time = time
        }
    }

    /// Signs a request as the sender would: the fields to add to it.
    ///
    /// - Parameter keys: each makes a signature of a list; only the first, where there is no list.
    /// - Throws: ``SignatureFailure/missing`` or ``SignatureFailure/malformed`` where a part of
    ///   the request is missing that the scheme signs.
    public func sign(
        _ request: WebhookRequest, keys: [SignatureKey], _ delivery: Delivery
    ) throws(SignatureFailure) -> [(name: String, value: String)] {
        precondition(!keys.isEmpty)
        guard algorithm != .token else {
            return [(header, prefix + String(decoding: keys[0].octets, as: UTF8.self))]
        }
        let time = timestampUnit == .seconds ? delivery.time : delivery.time * 1000
        let timestamp = hasTimestamp ? String(time) : nil
        let parts = SignedParts(
            self, request, timestamp: timestamp, id: idHeader == nil ? nil : delivery.id)
        let payload = try parts.payload()
        var members = timestampPrefix.map { [$0 + String(time)] } ?? []
        for key in separator == .none ? keys.prefix(1) : keys[...] {
            members.append(key.prefix + encoding.encode(key.code(of: payload)))
        }
        let list = members.joined(separator: separator == .comma ? "," : " ")
        let id = idHeader.map { [(name: $0, value: delivery.id)] } ?? []
        let timeField = timestampHeader.map { [(name: $0, value: String(time))] } ?? []
        return id + timeField + [(header, list)]
    }
}
