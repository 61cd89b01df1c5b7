internal import CLinux
internal import EventLoops
internal import HTTP
internal import TLS

/// One peer's connection: its socket, what waits to be written to it, and the time it has.
///
/// Owner: the server's loop. What the octets mean is up to its ``VersionDriver``.
final class Connection {
    enum State {
        /// The peer is a proxy that tells first whose connection this is.
        case introducing
        /// The peer and we agree on keys; nothing is known of its requests yet.
        case handshaking
        /// Requests are read and answered.
        case open
        /// The last response was written, or the peer sent its last request; what still comes in
        /// is read and dropped until the peer closes, lest a reset destroy the response.
        case lingering
        case closed
    }

    /// The connection's place in the server's list.
    var index = 0
    var peer: Peer
    let server: HTTPServer

    var state: State
    /// What encrypts; nothing on a plain connection.
    var tls: TLSSession?
    var clock: ConnectionClock
    /// What the peer hasn't taken yet, from `outputStart` on.
    var output: [UInt8] = []
    var outputStart = 0

    let number: CInt
    private var descriptor: Descriptor?
    private var registration: EventLoop.Registration?
    var driver: any VersionDriver
    /// The system may have more to read; told of changes only, we'd not be told again.
    private var mayRead = true
    /// The peer sends no more, so that a short read isn't the end of what there is.
    private var isPeerDone = false
    /// The peer said within TLS that it sends no more.
    var isInputClosed = false
    /// Everything that the peer sent was read.
    private(set) var isInputOver = false

    init(_ descriptor: consuming Descriptor, address: SocketAddress, server: HTTPServer) {
        number = descriptor.number
        self.descriptor = consume descriptor
        self.server = server
        peer = Peer(address: address)
        tls = server.tls?.makeSession()
        state = server.isProxy != nil ? .introducing : tls == nil ? .open : .handshaking
        clock = ConnectionClock(
            state == .open ? .idle : .handshake, now: server.loop.nanoseconds)
        driver = HTTP1Driver()
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

    /// Goes on until there is nothing to read, an answer to wait for, or a peer that won't take
    /// what it asked for.
    func proceed() {
        let now = server.loop.nanoseconds
        var isMoreLeft = false
        if state == .introducing { meetClient() }
        if state == .handshaking { shakeHands() }
        if state == .open { isMoreLeft = driver.proceed(self, now: now) }
        if isInputOver, driver.phase != .answer { linger() }
        flush()
        if state == .lingering { isMoreLeft = discard() }
        // Where the peer is slow to take a response, its progress brings us back.
        if isMoreLeft, output.isEmpty { yield() }
        clock.enter(phase, now: now)
    }

    private var phase: ConnectionClock.Phase {
        guard output.isEmpty else { return .output }
        switch state {
        case .introducing, .handshaking: return .handshake
        case .open: return driver.phase
        case .lingering, .closed: return .end
        }
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

    /// The answer to a request has come.
    func complete(_ exchange: Exchange, with response: Response) {
        guard state == .open, driver.complete(exchange, with: response) else { return }
        proceed()
    }

    /// Looks at the time; called by the server once in a while.
    func checkTime(now: Int) {
        guard state != .closed else { return }
        switch clock.verdict(now: now, server.clockLimits) {
        case .wait:
            if state == .open { driver.checkTime(self, now: now) }
            // What it waits for may have changed since the peer was heard of last.
            clock.enter(phase, now: now)
        case .close:
            if state == .open { driver.finish(self) }
            close()
        case .refuse:
            driver.refuseSlowRequest(self)
            proceed()
        }
    }

    // MARK: - Ending

    /// Closes as soon as nothing is under way; what the peer sent a moment ago is answered.
    func drain() {
        mayRead = true
        proceed()
        if state == .open { driver.finish(self) }
        if isIdle { close() }
    }

    /// Tells the peer to go elsewhere.
    func sendAway() {
        if state == .open { driver.sendAway(self) }
    }

    private var isIdle: Bool { state == .open && output.isEmpty && driver.phase == .idle }

    /// Reads no more requests, and closes when everything is written and the peer has read it.
    func linger() {
        guard state == .open || state == .handshaking else { return }
        if state == .handshaking { server.handshakeEnded() }
        state = .lingering
        sayGoodbye()
        // The peer learns of the end behind what is left to write.
        if output.isEmpty { linux_shutdown_writing(number) } else { flush() }
    }

    func close() {
        guard state != .closed else { return }
        if state == .handshaking { server.handshakeEnded() }
        if state == .open, output.isEmpty {
            sayGoodbye()
            flush()
            // Where the peer is gone already, that was found out just now.
            guard state != .closed else { return }
        }
        state = .closed
        if let registration { server.loop.unwatch(registration, number: number) }
        registration = nil
        descriptor = nil
        output = []
        server.removed(self)
    }

    // MARK: - Reading

    /// Reads what the system has.
    ///
    /// - Parameter bytes: how many octets could be used at once.
    /// - Returns: whether there was something to read.
    func receive(_ bytes: Int, into buffer: inout ReadBuffer) -> Bool {
        // A peer that has said within TLS that it's done may say nothing more to the system.
        guard !isInputClosed else {
            inputEnded()
            return false
        }
        guard mayRead else { return false }
        if let tls { return receive(with: tls, into: &buffer) }
        buffer.makeRoom(for: min(bytes, 64 * 1024), limit: server.bufferBytesLimit)
        let number = number
        let room = buffer.room.count
        let count = buffer.fill { octets, room in
            unsafe octets.withUnsafeMutableBytes { all in
                guard let start = all.baseAddress else { return 0 }
                return unsafe linux_receive(number, start + room.lowerBound, room.count)
            }
        }
        return received(count, room: room)
    }

    /// Keeps account of what a read gave.
    ///
    /// - Returns: whether there was something to read.
    func received(_ count: Int, room: Int) -> Bool {
        guard count > 0 else {
            mayRead = false
            if count == 0 { inputEnded() } else if count != -Int(EAGAIN) { close() }
            return false
        }
        if count < room, !isPeerDone { mayRead = false }
        clock.received(count)
        return true
    }

    /// Nobody is left to take an answer to half a request; to whole ones they may.
    func inputEnded() {
        isInputOver = true
        if state == .handshaking || driver.phase != .answer { linger() }
    }

    /// Drops what nobody wants any more.
    ///
    /// - Returns: whether it stopped before there was nothing left to read.
    private func discard() -> Bool {
        for _ in 0..<Self.stepsOfTurn {
            guard mayRead, receiveScratch() != nil else {
                if isInputOver, output.isEmpty { close() }
                return false
            }
        }
        return true
    }

    /// Reads into the server's scratch buffer.
    ///
    /// - Returns: how many octets are in it, or nothing if there was nothing to read.
    func receiveScratch() -> Int? {
        let number = number
        let count = unsafe server.scratch.withUnsafeMutableBytes { octets in
            unsafe linux_receive(number, octets.baseAddress, octets.count)
        }
        return received(count, room: server.scratch.count) ? count : nil
    }

    /// The steps of one turn; more would keep the loop from its other connections.
    static let stepsOfTurn = 64
}
