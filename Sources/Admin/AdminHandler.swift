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
    /// What a listener of the operators' lets them do.
    enum Access {
        /// Read, with credentials where some are configured.
        case reading(Authenticator)
        /// Everything: who may open the socket is the file system's matter.
        case control
    }

    private let metrics: Metrics
    private let readings: AdminReadings
    private let router: AdminRouter
    private let access: Access
    private let logger: Logger

    init(
        metrics: Metrics, readings: AdminReadings, router: AdminRouter, access: Access,
        logger: Logger
    ) {
        self.metrics = metrics
        self.readings = readings
        self.router = router
        self.access = access
        self.logger = logger
    }

    func admit(
        _ head: RequestHead, _ message: Span<UInt8>, from peer: Peer
    ) -> Response? {
        let path = path(of: head, message)
        return strangerRefusal(head, message, path) ?? methodRefusal(head, message, path)
    }

    private func strangerRefusal(
        _ head: RequestHead, _ message: Span<UInt8>, _ path: String
    ) -> Response? {
        // A probe has no credentials.
        guard path != "/livez", path != "/readyz", case .reading(let authenticator) = access,
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

    private func methodRefusal(
        _ head: RequestHead, _ message: Span<UInt8>, _ path: String
    ) -> Response? {
        let method = method(of: head, message)
        let isReading = head.method == .get || head.method == .head
        switch path.hasPrefix(AdminRouter.prefix) ? router.find(method, path) : .nothing {
        case .call where isReading: return nil
        case .call:
            guard case .reading = access else { return nil }
            return Problem(
                status: 403, code: "control_only",
                detail: "Changes are asked for on the control socket only (admin.control)."
            ).response
        case .otherMethods(let methods): return methodNotAllowed(methods)
        case .nothing: return isReading ? nil : methodNotAllowed(["GET", "HEAD"])
        }
    }

    private func methodNotAllowed(_ methods: [String]) -> Response {
        var response = Problem(
            status: 405, code: "method_not_allowed",
            detail: "Here there is \(methods.joined(separator: ", ")) only."
        ).response
        response.add("Allow", methods.joined(separator: ", "))
        return response
    }

    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response? {
        let path = path(of: head, message)
        if path.hasPrefix(AdminRouter.prefix),
            case .call(let call, let segments) = router.find(method(of: head, message), path)
        {
            var request = AdminRequest()
            request.segments = segments
            request.body = body.map { message[$0] }
            let query = text(head.query ?? 0..<0, message)
            return answer(call, request, query: query, exchange)
        }
        return answer(path)
    }

    private func answer(
        _ call: AdminCall, _ request: AdminRequest, query: String, _ exchange: Exchange
    ) -> Response? {
        let answer = CallAnswer(exchange)
        do throws(AdminRefusal) {
            var request = request
            request.parameters = try AdminRouter.parameters(of: query)
            for name in request.parameters.keys.sorted() where !call.parameters.contains(name) {
                let known = call.parameters.sorted().joined(separator: ", ")
                throw .parameter(
                    name, known.isEmpty ? "there are no parameters" : "there are \(known)")
            }
            try call.answer(request) { answer.give($0) }
        } catch {
            answer.give(error.problem.response)
        }
        return answer.atOnce()
    }

    private func answer(_ path: String) -> Response {
        switch path {
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
                body: "Veer: /livez /readyz /metrics /stats /version /api/v1\n")
        default:
            Problem(
                status: 404, code: "not_found",
                detail: "There are /livez, /readyz, /metrics, /stats, /version and /api/v1."
            ).response
        }
    }

    func refused(_ problem: Problem, from peer: Peer) {
        logger.warning(
            "request refused", metadata: ["reason": "\(problem.code)", "peer": "\(peer.address)"])
    }

    private func path(of head: RequestHead, _ message: Span<UInt8>) -> String {
        text(head.path, message)
    }

    private func method(of head: RequestHead, _ message: Span<UInt8>) -> String {
        text(head.methodName, message)
    }

    private func text(_ range: Range<Int>, _ message: Span<UInt8>) -> String {
        String(decoding: range.map { message[$0] }, as: UTF8.self)
    }

    private func json(_ text: String) -> Response {
        Response(status: 200, contentType: "application/json; charset=utf-8", body: text)
    }

    /// A line for each check, as Kubernetes' own servers answer.
    private func checks(_ checks: [AdminReadings.Check]) -> Response {
        let isGood = checks.allSatisfy { $0.problem == nil }
        let lines = checks.map { check in
            if let note = check.note { return "[i]\(check.name) \(note)" }
            return check.problem.map { "[-]\(check.name) \($0)" } ?? "[+]\(check.name) ok"
        }
        let body = (lines + [isGood ? "ok" : "not ok"]).joined(separator: "\n") + "\n"
        var response = Response(
            status: isGood ? 200 : 503, contentType: "text/plain; charset=utf-8", body: body)
        if !isGood { response.add("Retry-After", "5") }
        return response
    }
}

/// The one answer to a call, be it given before the call returns or later.
private final class CallAnswer {
    private let exchange: Exchange
    private var response: Response?
    private var isLate = false
    private var isGiven = false

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Takes the answer; only the first counts.
    func give(_ response: Response) {
        guard !isGiven else { return }
        isGiven = true
        if isLate {
            exchange.complete(with: response)
        } else {
            self.response = response
        }
    }

    /// What was given so far; what comes from now on goes to the exchange.
    func atOnce() -> Response? {
        isLate = true
        return response
    }
}
