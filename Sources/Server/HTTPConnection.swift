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
        /// Wrote its last response; reads on until the peer closes, lest a reset destroy it.
        case lingering
        case closed
    }

    /// What the answer to the request at hand depends on.
    struct Current {
        var number = 0
        var isHead = false
        var saysKeepAlive = false
        var isLast = false
        /// The answer, where the head was enough to refuse it.
        var refusal: Response?
        var began: ContinuousClock.Instant
    }

    /// The connection's place in the server's list.
    var index = 0
    let peer: SocketAddress
    let server: HTTPServer

    var state = State.open
    var current: Current
    var clock: ConnectionClock
    /// What the peer hasn't taken yet, from `outputStart` on.
    var output: [UInt8] = []
    var outputStart = 0

    private var descriptor: Descriptor?
    let number: CInt
    private var registration: EventLoop.Registration?
    private var reader: RequestReader
    private var buffer: ReadBuffer?
    /// The system may have more to read; told of changes only, we'd not be told again.
    private var mayRead = true
    /// The peer sends no more, so that a short read isn't the end of what there is.
    private var isPeerDone = false

    init(_ descriptor: consuming Descriptor, peer: SocketAddress, server: HTTPServer) {
        number = descriptor.number
        self.descriptor = consume descriptor
        self.peer = peer
        self.server = server
        reader = server.makeReader()
        clock = ConnectionClock(now: server.loop.now)
        current = Current(began: server.loop.now)
    }

    /// Begins to watch the socket; the loop holds the connection from now on.
    func start() throws(SystemError) {
        registration = try server.loop.watch(
            number: number, for: [.reading, .writing, .changesOnly]
        ) { readiness in self.becameReady(readiness) }
    }

    private func becameReady(_ readiness: EventLoop.Readiness) {
        if readiness.isBroken { return close() }
        if readiness.canRead { mayRead = true }
        if readiness.isPeerDone { isPeerDone = true }
        if readiness.canWrite, !output.isEmpty { flush() }
        proceed()
    }

    /// Closes as soon as nothing is under way; what the peer sent a moment ago is answered.
    func drain() {
        proceed()
        if isIdle { close() }
    }

    private var isIdle: Bool {
        state == .open && output.isEmpty && buffer == nil && !reader.isWithinBody
    }

    func close() {
        guard state != .closed else { return }
        state = .closed
        if let registration { server.loop.unwatch(registration, number: number) }
        descriptor = nil
        buffer = nil
        output = []
        server.removed(self)
    }

    // MARK: - Reading

    /// Goes on until there is nothing to read, an answer to wait for, or a peer that won't take
    /// what it asked for.
    func proceed() {
        if state == .lingering { return discard() }
        guard state == .open else { return }
        var buffer = self.buffer ?? server.takeBuffer()
        self.buffer = nil
        readRequests(&buffer)
        flush()
        if state == .closed || buffer.isEmpty {
            server.giveBack(buffer)
        } else {
            self.buffer = buffer
        }
        enterPhase()
    }

    private func readRequests(_ buffer: inout ReadBuffer) {
        while state == .open, output.count - outputStart <= server.limits.outputBytes {
            do throws(RequestFailure) {
                switch try reader.next(in: &buffer) {
                case .needsInput(let bytes): guard receive(bytes, &buffer) else { return }
                case .head: admit(buffer)
                case .request(let body): take(body, &buffer)
                }
            } catch {
                refuse(Problem(error))
            }
        }
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
            // The end, or an error: nobody is left to take an answer to half a request.
            if count != -Int(EAGAIN) {
                flush()
                close()
            }
            return false
        }
        if count < room, !isPeerDone { mayRead = false }
        clock.enter(reader.isWithinBody ? .body : .head, now: server.loop.now)
        clock.received(count)
        return true
    }

    private func admit(_ buffer: ReadBuffer) {
        let head = reader.head
        current = Current(
            number: current.number + 1, isHead: head.method == .head,
            saysKeepAlive: head.minorVersion == 0,
            isLast: !head.keepsAlive || server.isDraining
                || current.number + 1 >= server.limits.requestsPerConnection,
            began: server.loop.now)
        let message = buffer.octets.span.extracting(buffer.unread)
        if let refusal = server.handler.admit(head, message, from: peer) {
            guard head.hasBody else { return current.refusal = refusal }
            // The body isn't wanted, and without it the next request can't be found.
            current.isLast = true
            reply(refusal)
        } else if head.expectsContinue, reader.isBodyMissing(buffer) {
            append(Response.continue)
            flush()
        }
    }

    private func take(_ body: Range<Int>, _ buffer: inout ReadBuffer) {
        var answer = current.refusal
        if answer == nil {
            answer = server.handler.answer(
                reader.head, buffer.octets.span.extracting(buffer.unread), body: body, from: peer,
                Exchange(connection: self, number: current.number))
        }
        reader.finish(&buffer)
        guard let answer else { return state = .answering }
        reply(answer)
    }

    /// Reads what nobody wants any more, until the peer has seen the last response.
    private func discard() {
        while mayRead {
            var buffer = server.takeBuffer()
            defer { server.giveBack(buffer) }
            let isThereMore = receive(0, &buffer)
            buffer.use(buffer.unread.count)
            guard isThereMore else { return }
        }
    }

    private func enterPhase() {
        switch state {
        case .closed: break
        case .lingering: clock.enter(.end, now: server.loop.now)
        case .open, .answering:
            let phase: ConnectionClock.Phase =
                if !output.isEmpty { .output } else if state == .answering {
                    .answer
                } else if reader.isWithinBody { .body } else if buffer != nil { .head } else {
                    .idle
                }
            clock.enter(phase, now: server.loop.now)
        }
    }
}
