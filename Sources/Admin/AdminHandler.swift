internal import Authentication
internal import Configuration
internal import HTTP
internal import Logging
internal import Server
internal import Telemetry

/// Answers the operators.
///
/// Owner: the main loop.
final class AdminHandler: RequestHandler {
    private let metrics: Metrics
    private let readings: AdminReadings
    private let authenticator: Authenticator
    private let logger: Logger

    init(metrics: Metrics, readings: AdminReadings, auth: [AuthSettings], logger: Logger) {
        self.metrics = metrics
        self.readings = readings
        self.logger = logger
        authenticator = Authenticator(
            auth.compactMap { auth in
                switch auth {
                case .basic(let username, let password):
                    .basic(username: username, password: password.text)
                case .bearer(let tokens, let isInQuery):
                    .bearer(tokens: tokens.map(\.text), isInQuery: isInQuery)
                // Refused for this listener, which asks for none.
                case .clientCertificate, .jwt: nil
                }
            })
    }

    func admit(
        _ head: RequestHead, _ message: Span<UInt8>, from peer: Peer
    ) -> Response? {
        guard head.method == .get || head.method == .head else {
            var response = Problem(
                status: 405, code: "method_not_allowed", detail: "This is for reading only."
            ).response
            response.add("Allow", "GET, HEAD")
            return response
        }
        let path = path(of: head, message)
        // A probe has no credentials.
        guard path != "/livez", path != "/readyz",
            let failure = authenticator.failure(
                of: head, message, now: 0, isCertified: { false })
        else { return nil }
        var response = Problem(
            status: failure.status, code: "unauthorized",
            detail: "The request needs valid credentials in its Authorization field."
        ).response
        for challenge in authenticator.challenges(after: failure, realm: "Restricted") {
            response.add("WWW-Authenticate", challenge)
        }
        return response
    }

    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response? {
        switch path(of: head, message) {
        case "/livez": checks(readings.liveness())
        case "/readyz": checks(readings.readiness())
        case "/metrics":
            Response(
                status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
                body: metrics.exposition())
        case "/stats": json(readings.statistics())
        case "/version": json(readings.version)
        case "/":
            Response(
                status: 200, contentType: "text/plain; charset=utf-8",
                body: "Veer: /livez /readyz /metrics /stats /version\n")
        default:
            Problem(
                status: 404, code: "not_found",
                detail: "There are /livez, /readyz, /metrics, /stats and /version."
            ).response
        }
    }

    func refused(_ problem: Problem, from peer: Peer) {
        logger.warning(
            "request refused", metadata: ["reason": "\(problem.code)", "peer": "\(peer.address)"])
    }

    private func path(of head: RequestHead, _ message: Span<UInt8>) -> String {
        String(decoding: head.path.map { message[$0] }, as: UTF8.self)
    }

    private func json(_ text: String) -> Response {
        Response(status: 200, contentType: "application/json; charset=utf-8", body: text)
    }

    /// A line for each check, as Kubernetes' own servers answer.
    private func checks(_ checks: [AdminReadings.Check]) -> Response {
        let isGood = checks.allSatisfy { $0.problem == nil }
        let lines = checks.map { check in
            check.problem.map { "[-]\(check.name) \($0)" }
                ?? "[+]\(check.name) \(check.note ?? "ok")"
        }
        let body = (lines + [isGood ? "ok" : "not ok"]).joined(separator: "\n") + "\n"
        var response = Response(
            status: isGood ? 200 : 503, contentType: "text/plain; charset=utf-8", body: body)
        if !isGood { response.add("Retry-After", "5") }
        return response
    }
}
