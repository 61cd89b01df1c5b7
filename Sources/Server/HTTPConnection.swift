internal import CLinux
internal import EventLoops
internal import HTTP

/// One peer's connection: reads requests, hands them on, writes the answers in their order.
///
/// Owner: the server's loop. A request is taken to its answer before the next is looked at, so
/// what a peer may have under way is one request and the octets of a read.
final class HTTPConnection {
    enum State {
        /// Reads requests.
        case open
        /// Has handed a request on and waits for the answer.
        case answering
        /// Has written its last response, or the peer its last request; what still comes in is
        /// read and dropped until the peer closes, lest a reset destroy the response.
        case lingering
        case closed
    }

    /// What the answer to the request at hand depends on.
    struct Current {
        var number = 0
        var isHead = false
        var saysKeepAlive = false
        var isLast = false
        /// Nanoseconds, as the loop has them.
        var began: Int
    }

    /// The connection's place in the server's list.
    var index = 0
    let peer: SocketAddress
    let server: HTTPServer

    var state = State.open
    var current: Current
    /// The answer to it, where the head was enough to refuse it.
    private var refusal: Response?
    var clock: ConnectionClock
    /// What the peer hasn't taken yet, from `outputStart` on.
    var output: [UInt8] = []
    var outputStart = 0

    private var descriptor: Descriptor?
    let number: CInt
    private var registration: EventLoop.Registration?
    /// What it reads with, while a request isn't complete or octets of the next are here.
    private var intake: Intake?
    /// What is waited for when there is nothing else to do.
    private var phaseOfIntake = ConnectionClock.Phase.idle
    /// The system may have more to read; told of changes only, we'd not be told again.
    private var mayRead = true
    /// The peer sends no more, so that a short read isn't the end of what there is.
    private var isPeerDone = false
    /// Everything that the peer sent was read.
    private(set) var isInputOver = false

    init(_ descriptor: consuming Descriptor, peer: SocketAddress, server: HTTPServer) {
        number = descriptor.number
        self.descriptor = consume descriptor
        self.peer = peer
        self.server = server
        clock = ConnectionClock(now: server.loop.nanoseconds)
        current = Current(began: server.loop.nanoseconds)
    }

    private static let interest: EventLoop.Interest = [.reading, .writing, .changesOnly]

    /// Begins to watch the socket; the loop holds the connection from now on.
    func start() throws(SystemError) {
        registration = try server.loop.watch(number: number, for: Self.interest) { readiness in
            self.becameReady(readiness)
        }
    }

    private func becameReady(_ readiness: EventLoop.Readiness) {
        if readiness.isBroken { return close() }
        if readiness.canRead { mayRead = true }
        if readiness.isPeerDone { isPeerDone = true }
        if readiness.canWrite, !output.isEmpty { flush() }
        proceed()
    }

    /// Comes back in the loop's next turn, after the others had theirs.
    ///
    /// Asking anew makes the system tell again what it has told before.
    private func yield() {
        guard let registration else { return }
        do throws(SystemError) {
            try server.loop.change(registration, number: number, to: Self.interest)
        } catch {
            close()
        }
    }

    /// Closes as soon as nothing is under way; what the peer sent a moment ago is answered.
    func drain() {
        mayRead = true
        proceed()
        if isIdle { close() }
    }

    private var isIdle: Bool { state == .open && output.isEmpty && phaseOfIntake == .idle }

    func close() {
        guard state != .closed else { return }
        state = .closed
        if let registration { server.loop.unwatch(registration, number: number) }
        registration = nil
        descriptor = nil
        intake = nil
        output = []
        server.removed(self)
    }

    // MARK: - Reading

    /// Goes on until there is nothing to read, an answer to wait for, or a peer that won't take
    /// what it asked for.
    func proceed() {
        let now = server.loop.nanoseconds
        var isMoreLeft = false
        if state == .open { isMoreLeft = readRequests(now: now) }
        flush()
        if state == .lingering { isMoreLeft = discard() }
        // Where the peer is slow to take a response, its progress brings us back.
        if isMoreLeft, output.isEmpty { yield() }
        enterPhase(now: now)
    }

    private func readRequests(now: Int) -> Bool {
        let intake = self.intake.take() ?? server.takeIntake()
        let isMoreLeft = readRequests(&intake.parts, now: now)
        if phaseOfIntake == .idle {
            server.giveBack(intake)
        } else {
            self.intake = intake
        }
        return isMoreLeft
    }

    /// Whether it stopped before there was nothing left to do.
    private func readRequests(_ intake: inout Intake.Parts, now: Int) -> Bool {
        let isMoreLeft = takeSteps(&intake, now: now)
        phaseOfIntake =
            if intake.buffer.isEmpty || state == .lingering || state == .closed {
                .idle
            } else {
                intake.reader.isWithinBody ? .body : .head
            }
        return isMoreLeft
    }

    /// The steps of one turn; more would keep the loop from its other connections.
    private static let stepsOfTurn = 64

    private func takeSteps(_ intake: inout Intake.Parts, now: Int) -> Bool {
        for _ in 0..<Self.stepsOfTurn {
            guard state == .open else { return false }
            guard output.count - outputStart <= server.limits.outputBytes else { return true }
            do throws(RequestFailure) {
                switch try intake.reader.next(in: &intake.buffer) {
                case .needsInput(let bytes):
                    guard receive(bytes, &intake.buffer) else { return false }
                case .head: admit(intake, now: now)
                case .request(let body): take(body, &intake, now: now)
                }
            } catch {
                refuse(Problem(error))
            }
        }
        return true
    }

    /// Whether there was something to read.
    private func receive(_ bytes: Int, _ buffer: inout ReadBuffer) -> Bool {
        guard mayRead else { return false }
        buffer.makeRoom(for: min(bytes, 64 * 1024), limit: server.bufferBytesLimit)
        let number = number
        let room = buffer.room.count
        let count = buffer.fill { octets, room in
            unsafe octets.withUnsafeMutableBytes { all in
                guard let start = all.baseAddress else { return 0 }
                return unsafe linux_receive(number, start + room.lowerBound, room.count)
            }
        }
        guard count > 0 else {
            mayRead = false
            if count == 0 {
                // Nobody is left to take an answer to half a request.
                isInputOver = true
                if state == .open { state = .lingering }
            } else if count != -Int(EAGAIN) {
                close()
            }
            return false
        }
        if count < room, !isPeerDone { mayRead = false }
        clock.received(count)
        return true
    }

    private func admit(_ intake: borrowing Intake.Parts, now: Int) {
        let head = intake.reader.head
        current = Current(
            number: current.number + 1, isHead: head.method == .head,
            saysKeepAlive: head.minorVersion == 0,
            isLast: !head.keepsAlive
                || current.number + 1 >= server.limits.requestsPerConnection,
            began: now)
        let message = intake.buffer.octets.span.extracting(intake.buffer.unread)
        if let refusal = server.handler.admit(head, message, from: peer) {
            guard !Self.isWorthReading(head) else { return self.refusal = refusal }
            // Without the body's end the next request can't be found.
            current.isLast = true
            reply(refusal, now: now)
        } else if head.expectsContinue, intake.reader.isBodyMissing(intake.buffer) {
            append(Response.continue)
            flush()
        }
    }

    /// Whether a body that nobody wants is so small that reading it costs less than the client's
    /// next connection.
    private static func isWorthReading(_ head: RequestHead) -> Bool {
        guard case .length(let length) = head.framing else { return false }
        return length == 0 || length <= 16 * 1024 && !head.expectsContinue
    }

    private func take(_ body: Range<Int>, _ intake: inout Intake.Parts, now: Int) {
        let answer = refusal.take() ?? self.answer(body, intake)
        intake.reader.finish(&intake.buffer)
        guard let answer else { return state = .answering }
        reply(answer, now: now)
    }

    private func answer(_ body: Range<Int>, _ intake: borrowing Intake.Parts) -> Response? {
        server.handler.answer(
            intake.reader.head, intake.buffer.octets.span.extracting(intake.buffer.unread),
            body: body, from: peer, Exchange(connection: self, number: current.number))
    }

    /// Drops what nobody wants any more.
    ///
    /// - Returns: whether it stopped before there was nothing left to read.
    private func discard() -> Bool {
        intake = nil
        phaseOfIntake = .idle
        let intake = server.takeIntake()
        defer { server.giveBack(intake) }
        for _ in 0..<Self.stepsOfTurn {
            guard receive(0, &intake.parts.buffer) else {
                if isInputOver, output.isEmpty { close() }
                return false
            }
            intake.parts.buffer.use(intake.parts.buffer.unread.count)
        }
        return true
    }

    private func enterPhase(now: Int) {
        let phase: ConnectionClock.Phase =
            if !output.isEmpty {
                .output
            } else {
                switch state {
                case .lingering, .closed: .end
                case .answering: .answer
                case .open: phaseOfIntake
                }
            }
        clock.enter(phase, now: now)
    }
}
