internal import Authentication

/// What a scheme's template is filled with: the request's own octets, and nothing made of them.
struct SignedParts {
    private let scheme: SignatureScheme
    private let request: WebhookRequest
    private let timestamp: String?
    let id: String?

    init(
        _ scheme: SignatureScheme, _ request: WebhookRequest, timestamp: String?, id: String?
    ) {
        self.scheme = scheme
        self.request = request
        self.timestamp = timestamp
        self.id = id
    }

    /// What is signed.
    func payload() throws(SignatureFailure) -> [UInt8] {
        do throws(MissingValue<SignedPart>) {
            return try scheme.payload.filled { octets(of: $0) }
        } catch {
            throw error.place == .form ? .malformed : .missing
        }
    }

    private func octets(of part: SignedPart) -> [UInt8]? {
        switch part {
        case .body: request.body
        case .timestamp: timestamp.map { Array($0.utf8) }
        case .id: id.map { Array($0.utf8) }
        case .url: Array((scheme.publicURL + (request.query.map { "?" + $0 } ?? "")).utf8)
        case .form: form
        case .header(let name): request[name].map { Array($0.utf8) }
        }
    }

    /// The fields of a form; nothing where neither they nor a hash cover the body.
    private var form: [UInt8]? {
        guard !request.isForm else {
            let fields = formFields(request.body).map { [$0.name, $0.value] }
            return Set(fields).sorted { one, other in
                one[0] == other[0]
                    ? one[1].lexicographicallyPrecedes(other[1])
                    : one[0].lexicographicallyPrecedes(other[0])
            }.flatMap { $0.joined() }
        }
        return request.body.isEmpty || isBodyHashed ? [] : nil
    }

    /// Whether the query, which is signed with the address, has the body's hash.
    private var isBodyHashed: Bool {
        let hashes = (request.query ?? "").split(separator: "&")
            .compactMap { String($0).dropPrefix("bodySHA256=") }
        guard hashes.count == 1, let hash = Hex.decode(hashes[0]) else { return false }
        return constantTimeEquals(hash, SHA256(request.body.span).octets)
    }
}
