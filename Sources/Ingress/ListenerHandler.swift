internal import CloudEvents
internal import HTTP
internal import Server

/// Finds the source that a request is for, and hands it on.
///
/// Owner: the ingress's loop.
final class ListenerHandler: RequestHandler {
    private unowned let ingress: Ingress
    private let sources: [WebhookSource]
    private let name: String

    init(_ ingress: Ingress, sources: [WebhookSource], name: String) {
        self.ingress = ingress
        self.sources = sources
        self.name = name
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
        return source.refusal(head, message).map { ingress.refuse($0, source, peer) }
    }

    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response? {
        guard let source = source(of: head, message) else { return ingress.health }
        guard head.method != .options else { return source.optionsResponse() }
        do throws(EventFailure) {
            let count = try source.decode(head, message, body: body)
            return ingress.accept(from: source, count, exchange)
        } catch {
            return ingress.refuse(.event(error), source, peer)
        }
    }

    func refused(_ problem: Problem, from peer: Peer) {
        ingress.countRefused(problem.code, listener: name, peer)
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
