internal import EventLoops
internal import HTTP
internal import HTTP2

/// Speaks HTTP/2: a session that knows the protocol, and the server's handler.
///
/// Spec: RFC 9113 §3.3, §3.4
final class HTTP2Driver: VersionDriver {
    private var session: HTTP2Session
    /// What was read before it was known that it's HTTP/2.
    private var first: [UInt8]
    private var isWriteScheduled = false

    init(_ limits: HTTP2Limits, first: [UInt8], now: Int) {
        session = HTTP2Session(limits, now: now)
        self.first = first
    }

    /// Each stream has a clock of its own.
    var phase: ConnectionClock.Phase { session.openStreamsCount == 0 ? .idle : .answer }

    // MARK: - Reading

    func proceed(_ connection: Connection, now: Int) -> Bool {
        if !first.isEmpty {
            session.receive(first.span, now: now)
            first = []
            takeRequests(&session, connection, now: now)
        }
        let intake = connection.server.takeIntake()
        let isMoreLeft = read(into: &intake.parts.buffer, connection, now: now)
        connection.server.giveBack(intake)
        write(connection)
        return isMoreLeft
    }

    /// The reads of one turn: what is in them may be thousands of fields to decode.
    private static let readsOfTurn = 8

    private func read(
        into buffer: inout ReadBuffer, _ connection: Connection, now: Int
    ) -> Bool {
        for _ in 0..<Self.readsOfTurn {
            guard connection.state == .open else { return false }
            // What answers to frames piles up is written before more of them are read.
            if !session.wantsInput { write(connection) }
            guard session.wantsInput, !connection.isOutputFull else { return true }
            let isMoreLeft = connection.receive(0, into: &buffer)
            if !buffer.isEmpty {
                session.receive(buffer.octets.span.extracting(buffer.unread), now: now)
                buffer.use(buffer.unread.count)
                takeRequests(&session, connection, now: now)
            }
            guard isMoreLeft else { return false }
        }
        return true
    }

    /// - Parameter session: our own, in one access: a handler can't get at it by what it's given.
    private func takeRequests(
        _ session: inout HTTP2Session, _ connection: Connection, now: Int
    ) {
        // Copied once for all of them.
        let peer = connection.peer
        while let step = session.nextStep() {
            switch step {
            case .head(let stream): admit(stream, &session, connection, from: peer)
            case .request(let stream): take(stream, &session, connection, from: peer, now: now)
            case .refused(let problem): connection.server.handler.refused(problem, from: peer)
            case .cancelled: break
            }
        }
    }

    private func admit(
        _ stream: Int32, _ session: inout HTTP2Session, _ connection: Connection, from peer: Peer
    ) {
        let verdict = session.withRequest(stream) { head, message, _ in
            let refusal = connection.server.handler.admit(head, message, from: peer)
            return (refusal: refusal, expectsContinue: head.expectsContinue)
        }
        if let refusal = verdict?.refusal {
            respond(stream, refusal, &session, connection, nanoseconds: 0)
        } else if verdict?.expectsContinue == true {
            session.continue(stream)
        }
    }

    private func take(
        _ stream: Int32, _ session: inout HTTP2Session, _ connection: Connection, from peer: Peer,
        now: Int
    ) {
        let exchange = Exchange(connection: connection, number: Int(stream), began: now)
        let answer = session.withRequest(stream) { head, message, body in
            connection.server.handler.answer(
                head, message, body: body, from: peer, exchange)
        }
        session.release(stream)
        if case .some(.some(let response)) = answer {
            respond(stream, response, &session, connection, nanoseconds: 0)
        }
    }

    // MARK: - Answering

    func complete(_ exchange: Exchange, with response: Response) -> Bool {
        let connection = exchange.connection
        let time = connection.server.loop.nanoseconds - exchange.began
        respond(Int32(exchange.number), response, &session, connection, nanoseconds: time)
        // Answers come many at a time, and are sent together.
        guard !isWriteScheduled else { return false }
        isWriteScheduled = true
        connection.server.loop.schedule(after: .zero) {
            self.isWriteScheduled = false
            connection.proceed()
        }
        return false
    }

    private func respond(
        _ stream: Int32, _ response: Response, _ session: inout HTTP2Session,
        _ connection: Connection, nanoseconds: Int
    ) {
        session.date = connection.server.date
        session.respond(stream, response)
        connection.server.count(response.status, nanoseconds: nanoseconds)
    }

    /// Hands over what the session has to say, as far as the peer takes it.
    private func write(_ connection: Connection) {
        while session.hasOutput, connection.output.isEmpty, connection.state == .open {
            connection.send {
                session.write(into: &$0, limit: connection.server.limits.outputBytes)
            }
            connection.flush()
        }
        if session.isOver || isAbandoned(connection) { connection.linger() }
    }

    /// Whether the peer sends nothing more, and nothing can be sent to it: what a window holds
    /// back stays where it is.
    private func isAbandoned(_ connection: Connection) -> Bool {
        connection.isInputOver && !session.hasOutput && !session.isAnswerDue
    }

    // MARK: - Time and ending

    /// Never called for: the connection's clock knows of no request.
    func refuseSlowRequest(_ connection: Connection) {}

    func checkTime(_ connection: Connection, now: Int) {
        session.checkTime(now: now)
        takeRequests(&session, connection, now: now)
        write(connection)
    }

    func sendAway(_ connection: Connection) {
        session.beginDraining()
        write(connection)
    }

    func finish(_ connection: Connection) {
        session.finishDraining()
        write(connection)
    }
}
