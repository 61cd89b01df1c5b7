internal import EventLoops
internal import HTTP

/// Speaks HTTP/1.1 and HTTP/1.0.
///
/// A request is taken to its answer before the next is looked at, so what a peer may have under
/// way is one request and the octets of a read.
///
/// Spec: RFC 9112 §9.3
final class HTTP1Driver: VersionDriver {
    /// What the answer to the request at hand depends on.
    private struct Current {
        var number = 0
        var isHead = false
        var saysKeepAlive = false
        var isLast = false
        /// Nanoseconds, as the loop has them.
        var began = 0
    }

    private var current = Current()
    private var isAnswering = false
    /// The answer to the request, where the head was enough to refuse it.
    private var refusal: Response?
    /// What it reads with, while a request isn't complete or octets of the next are here.
    private var intake: Intake?
    /// What is waited for when no answer is.
    private var phaseOfIntake = ConnectionClock.Phase.idle

    /// - Parameter intake: what has been read already.
    init(_ intake: Intake? = nil) { self.intake = intake }

    var phase: ConnectionClock.Phase { isAnswering ? .answer : phaseOfIntake }

    // MARK: - Reading

    func proceed(_ connection: Connection, now: Int) -> Bool {
        guard !isAnswering else { return false }
        let intake = self.intake.take() ?? connection.server.takeIntake()
        let isMoreLeft = takeSteps(&intake.parts, connection, now: now)
        // What another version has taken over isn't lent to anybody: half a head was read in it.
        guard connection.driver === self else { return isMoreLeft }
        let wantsNoMore = connection.state != .open || intake.parts.buffer.isEmpty
        phaseOfIntake =
            wantsNoMore ? .idle : intake.parts.reader.isWithinBody ? .body : .head
        if wantsNoMore {
            connection.server.giveBack(intake)
        } else {
            self.intake = intake
        }
        return isMoreLeft
    }

    private func takeSteps(
        _ intake: inout Intake.Parts, _ connection: Connection, now: Int
    ) -> Bool {
        for _ in 0..<Connection.stepsOfTurn {
            guard connection.state == .open, !isAnswering else { return false }
            guard !connection.isOutputFull else { return true }
            do throws(RequestFailure) {
                switch try intake.reader.next(in: &intake.buffer) {
                case .needsInput(let bytes):
                    guard connection.receive(bytes, into: &intake.buffer) else { return false }
                case .head: admit(intake, connection, now: now)
                case .request(let body): take(body, &intake, connection, now: now)
                }
            } catch {
                guard !beginsHTTP2(intake.buffer, connection) else {
                    connection.beginHTTP2(with: &intake.buffer)
                    return true
                }
                refuse(problem(error, intake.buffer), connection)
            }
        }
        return true
    }

    /// Whether the client knew before that HTTP/2 is spoken here.
    ///
    /// Spec: RFC 9113 §3.3
    private func beginsHTTP2(_ buffer: ReadBuffer, _ connection: Connection) -> Bool {
        current.number == 0 && connection.tls == nil && connection.server.limits.http2 != nil
            && buffer.octets[buffer.unread].starts(with: "PRI * HTTP/2.0\r\n".utf8)
    }

    private func problem(_ failure: RequestFailure, _ buffer: ReadBuffer) -> Problem {
        var problem = Problem(failure)
        // How each record of a handshake begins.
        if current.number == 0, buffer.octets[buffer.unread].starts(with: [22, 3]) {
            problem.code = "tls_on_plain_port"
            problem.detail = "The client speaks TLS, which this port doesn't; use http."
        }
        return problem
    }

    private func admit(
        _ intake: borrowing Intake.Parts, _ connection: Connection, now: Int
    ) {
        let server = connection.server
        let head = intake.reader.head
        current = Current(
            number: current.number + 1, isHead: head.method == .head,
            saysKeepAlive: head.minorVersion == 0,
            isLast: !head.keepsAlive
                || current.number + 1 >= server.limits.requestsPerConnection,
            began: now)
        let message = intake.buffer.octets.span.extracting(intake.buffer.unread)
        if let refusal = server.handler.admit(head, message, from: connection.peer) {
            guard !Self.isWorthReading(head) else { return self.refusal = refusal }
            // Without the body's end the next request can't be found.
            current.isLast = true
            reply(refusal, connection, now: now)
        } else if head.expectsContinue, intake.reader.isBodyMissing(intake.buffer) {
            connection.send { $0.append(contentsOf: Response.continue) }
            connection.flush()
        }
    }

    /// Whether a body that nobody wants is so small that reading it costs less than the client's
    /// next connection.
    private static func isWorthReading(_ head: RequestHead) -> Bool {
        guard case .length(let length) = head.framing else { return false }
        return length == 0 || length <= 16 * 1024 && !head.expectsContinue
    }

    private func take(
        _ body: Range<Int>, _ intake: inout Intake.Parts, _ connection: Connection, now: Int
    ) {
        let answer = refusal.take() ?? self.answer(body, intake, connection)
        intake.reader.finish(&intake.buffer)
        guard let answer else { return isAnswering = true }
        reply(answer, connection, now: now)
    }

    private func answer(
        _ body: Range<Int>, _ intake: borrowing Intake.Parts, _ connection: Connection
    ) -> Response? {
        connection.server.handler.answer(
            intake.reader.head, intake.buffer.octets.span.extracting(intake.buffer.unread),
            body: body, from: connection.peer,
            Exchange(connection: connection, number: current.number, began: current.began))
    }

    // MARK: - Answering

    func complete(_ exchange: Exchange, with response: Response) -> Bool {
        guard isAnswering, exchange.number == current.number else { return false }
        isAnswering = false
        let connection = exchange.connection
        reply(response, connection, now: connection.server.loop.nanoseconds)
        return true
    }

    func refuseSlowRequest(_ connection: Connection) {
        refuse(
            Problem(
                status: 408, code: "request_timeout",
                detail: "The request came too slowly; send it again, and faster."), connection)
    }

    /// Answers what can't be read as a request; nothing after it is looked at.
    private func refuse(_ problem: Problem, _ connection: Connection) {
        connection.server.handler.refused(problem, from: connection.peer)
        let now = connection.server.loop.nanoseconds
        current = Current(number: current.number + 1, isLast: true, began: now)
        reply(problem.response, connection, now: now)
    }

    private func reply(_ response: Response, _ connection: Connection, now: Int) {
        let server = connection.server
        let closes = response.closes || current.isLast || server.isDraining
        connection.send { output in
            response.write(
                into: &output, date: server.date, isHead: current.isHead,
                saysKeepAlive: current.saysKeepAlive, closes: closes)
        }
        server.count(response.status, nanoseconds: now - current.began)
        connection.clock.restart(now: now)
        if closes { connection.linger() }
    }

    /// Requests are read within the time that the connection's own clock gives them.
    func checkTime(_ connection: Connection, now: Int) {}

    /// The next response says so.
    func sendAway(_ connection: Connection) {}

    /// There are no words for it between requests.
    func finish(_ connection: Connection) {}
}
