internal import CloudEvents
internal import Configuration
internal import HTTP
internal import Server

/// Finds the source that a request is for, and hands it on.
///
/// Owner: the ingress's loop.
final class ListenerHandler: RequestHandler {
    private unowned let ingress: Ingress
    private let sources: [WebhookSource]
    private let name: String
    private let trustedProxies: [AddressBlock]

    init(_ ingress: Ingress, sources: [WebhookSource], _ listener: ListenerSettings) {
        self.ingress = ingress
        self.sources = sources
        name = listener.name
        trustedProxies = listener.trustedProxies
    }

    func admit(
        _ head: RequestHead, _ message: Span<UInt8>, from peer: Peer
    ) -> Response? {
        guard let source = source(of: head, message) else {
            guard !asksForHealth(head, message) else { return nil }
            let problem = Problem(
                status: 404, code: "no_source",
                detail: "No source takes requests for this path on this listener.")
            refused(problem, from: peer)
            return problem.response
        }
        if let problem = problem(head, message, peer) {
            refused(problem, from: peer)
            return problem.response
        }
        let now = ingress.nanoseconds
        let refusal =
            source.refusal(
                head, message, now: now, client: { self.address(of: peer, head, message) },
                identity: { self.identity(of: peer, head, message) })
            ?? source.originRefusal(head, message, now: now)
        return refusal.map { ingress.refuse($0, source, peer) }
    }

    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response? {
        guard let source = source(of: head, message) else { return ingress.health }
        guard head.method != .options else {
            return ingress.answerOptions(source, head, message, peer)
        }
        if let sender = source.sender {
            return ingress.answer(source, by: sender, head, message, body: body, peer, exchange)
        }
        do throws(EventFailure) {
            let count = try source.decode(head, message, body: body)
            return ingress.accept(from: source, count, exchange)
        } catch {
            return ingress.refuse(.event(error), source, peer)
        }
    }

    func refused(_ problem: Problem, from peer: Peer) {
        ingress.countRefused(problem, listener: name, peer)
    }

    /// What keeps a request from any source.
    private func problem(_ head: RequestHead, _ message: Span<UInt8>, _ peer: Peer) -> Problem? {
        if isMisdirected(head, message, peer) { return Problem(.misdirected) }
        // Whoever recorded early data can send it again; the proxy waits for the handshake's end.
        guard let field = head.field("early-data", in: message),
            message.equals("1", in: field.value), head.method == .post
        else { return nil }
        return Problem(
            status: 425, code: "too_early",
            detail: "The request came as early data; send it after the handshake.")
    }

    /// Whether a client that asked for one host within TLS now asks for one that we have no
    /// certificate for.
    ///
    /// Spec: RFC 9110 §15.5.20
    private func isMisdirected(
        _ head: RequestHead, _ message: Span<UInt8>, _ peer: Peer
    ) -> Bool {
        guard let encryption = peer.encryption, encryption.serverName != nil,
            let range = head.host
        else { return false }
        return !encryption.serves(message.extracting(range))
    }

    /// Where the client is, as far as it's known; nothing for one on a socket in the file system.
    private func address(
        of peer: Peer, _ head: RequestHead, _ message: Span<UInt8>
    ) -> [UInt8]? {
        peer.address.octets.flatMap {
            ClientAddress.find(from: $0, head, message, trustedProxies: trustedProxies)
        }
    }

    /// Who the client is by its certificate: the one it showed us, or the one it showed a proxy
    /// whose word counts.
    private func identity(
        of peer: Peer, _ head: RequestHead, _ message: Span<UInt8>
    ) -> ClientIdentity? {
        if let octets = peer.address.octets, trustedProxies.contains(where: { $0.contains(octets) })
        {
            let fields = head.fields.filter {
                message.equalsIgnoringCase("x-forwarded-client-cert", in: $0.name)
            }
            // Two fields could be read in two orders.
            guard fields.count == 1 else { return nil }
            return ClientIdentity(forwarded: fields[0].value.map { message[$0] })
        }
        return peer.encryption?.certificate.map(ClientIdentity.init)
    }

    /// Load balancers ask where they send requests to, such as Envoy, whose health checks take the
    /// way of its requests.
    private func asksForHealth(_ head: RequestHead, _ message: Span<UInt8>) -> Bool {
        (head.method == .get || head.method == .head)
            && message.equals("/readyz", in: head.path)
    }

    private func source(of head: RequestHead, _ message: Span<UInt8>) -> WebhookSource? {
        sources.first { $0.serves(message, head.path) }
    }
}
