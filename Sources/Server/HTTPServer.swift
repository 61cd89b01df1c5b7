internal import CLinux
public import EventLoops
internal import Glibc
internal import HTTP
public import TLS
public import Telemetry

/// One listener's connections on one loop.
///
/// Owner: the loop it was made for.
public final class HTTPServer {
    /// What the servers of one listener have in common, over all loops.
    public struct Shared: Sendable {
        /// The listener's name in metrics.
        public let name: String
        let peers: PeerTable
        let requestSeconds: Histogram
        let connectionsRefused: Counter
        let acceptFailures: Counter
        let requests: @Sendable (Int) -> Counter
        let handshakesUnderWay: Gauge
        let handshakes: @Sendable (String) -> Counter

        /// Makes the listener's metrics.
        public init(name: String, metrics: Metrics) {
            self.name = name
            let listener = (name: "listener", value: name)
            peers = PeerTable(
                open: metrics.gauge("veer_connections", help: "Open connections.", listener))
            requestSeconds = metrics.histogram(
                "veer_http_request_duration_seconds",
                help: "From a request's complete head to its response.", listener)
            connectionsRefused = metrics.counter(
                "veer_connections_refused_total",
                help: "Connections closed at once because a limit was reached.", listener)
            acceptFailures = metrics.counter(
                "veer_accept_failures_total",
                help: "Connections the system could not hand over.", listener)
            requests = { status in
                metrics.counter(
                    "veer_http_requests_total", help: "Requests by the response's status.",
                    listener, (name: "code", value: "\(status)"))
            }
            handshakesUnderWay = metrics.gauge(
                "veer_tls_handshakes_under_way", help: "TLS handshakes that have begun.", listener)
            handshakes = { outcome in
                metrics.counter(
                    "veer_tls_handshakes_total", help: "TLS handshakes that ended, and how.",
                    listener, (name: "outcome", value: outcome))
            }
        }
    }

    let loop: EventLoop
    let limits: ServerLimits
    private(set) var clockLimits: ConnectionClock.Limits
    let handler: any RequestHandler
    /// Says who may connect and must tell whose connections it passes on; nothing where peers
    /// speak for themselves.
    let isProxy: ((SocketAddress) -> Bool)?
    /// A `Date` field line of this second.
    private(set) var date: [UInt8] = []
    /// Whether every response is the last of its connection.
    public private(set) var isDraining = false

    /// What makes the sessions of new connections; nothing where they are plain.
    private(set) var tls: TLSContext?
    /// What is read to be decrypted at once, or dropped.
    var scratch = [UInt8](repeating: 0, count: 16 * 1024)

    /// How long handshakes of TCP that are under way when a listener is to close may take.
    private static let handshakesGrace = Duration.milliseconds(50)
    /// Enough to empty the system's queue.
    private static let lastTurns = 64

    private let socket: ListeningSocket
    private let shared: Shared
    private var listening: EventLoop.Registration?
    private var connections: [Connection] = []
    /// The one that is lent most often, so that it's not taken from a list each time.
    private var spareIntake: Intake?
    private var spareIntakes: [Intake] = []
    private var spareOutput: [UInt8]?
    private var counters = [Counter?](repeating: nil, count: 600)
    private var second = 0
    private var isPaused = false
    private var whenDrained: (() -> Void)?

    /// Begins to take connections.
    ///
    /// - Parameters:
    ///   - tls: made on the loop; without it connections are plain.
    ///   - isProxy: where every connection begins with a header of the PROXY protocol: who may
    ///     write one. Nobody else may connect.
    public init(
        on loop: EventLoop, socket: ListeningSocket, limits: ServerLimits, shared: Shared,
        tls: TLSContext? = nil, isProxy: ((SocketAddress) -> Bool)? = nil,
        handler: any RequestHandler
    ) throws(SystemError) {
        self.loop = loop
        self.socket = socket
        self.limits = limits
        clockLimits = ConnectionClock.Limits(limits)
        self.shared = shared
        self.tls = tls
        self.isProxy = isProxy
        self.handler = handler
        refreshDate()
        listening = try loop.watch(socket.descriptor, for: .reading) { _ in self.accept() }
        tick()
    }

    /// Whether no more connections are taken.
    var isClosing: Bool { whenDrained != nil }

    /// How many connections are open.
    public var connectionsCount: Int { connections.count }

    // MARK: - Ending

    /// Makes every response from now on the last of its connection, so that peers go elsewhere.
    public func sendAway() {
        guard !isDraining else { return }
        isDraining = true
        for connection in connections { connection.sendAway() }
    }

    /// Takes no more connections and lets those that are open finish what they have begun.
    ///
    /// - Parameters:
    ///   - idleGrace: how long connections without a request stay open: a peer that is just
    ///     sending one would else never learn what became of it.
    ///   - done: called once, when the last is closed.
    public func drain(idleGrace: Duration = .seconds(1), _ done: @escaping () -> Void) {
        guard whenDrained == nil else { return }
        whenDrained = done
        sendAway()
        // Whoever the system shakes hands with when the listener closes would be reset.
        socket.holdNewcomers()
        loop.schedule(after: Self.handshakesGrace) { self.stopListening(idleGrace) }
    }

    private func stopListening(_ idleGrace: Duration) {
        for _ in 0..<Self.lastTurns where !accept() { break }
        if let listening { loop.unwatch(listening, number: socket.descriptor.number) }
        listening = nil
        socket.stopListening()
        // Those that came meanwhile haven't heard of it: at their beginning, some clients would
        // take it for a failure of their first request.
        for connection in connections { connection.sendAway() }
        loop.schedule(after: idleGrace) {
            for connection in self.connections.reversed() { connection.drain() }
        }
        checkDrained()
    }

    /// Closes what didn't finish in time.
    public func closeAll() {
        for connection in connections { connection.close() }
    }

    private func checkDrained() {
        guard listening == nil, connections.isEmpty, let done = whenDrained else { return }
        whenDrained = nil
        done()
    }

    // MARK: - Connections

    /// - Returns: whether there may be more.
    @discardableResult
    private func accept() -> Bool {
        // A turn is shared with the connections that are open, so it takes only so many.
        for _ in 0..<64 {
            guard !isCrowded else {
                pauseAccepting()
                return false
            }
            var address = linux_address()
            let number = unsafe linux_accept(socket.descriptor.number, &address)
            guard number >= 0 else {
                acceptFailed(-number)
                return false
            }
            guard let descriptor = try? Descriptor(from: "accept4", number) else { return false }
            admit(descriptor, SocketAddress(address))
        }
        return true
    }

    private func admit(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
        guard isProxy?(peer) ?? true else { return shared.connectionsRefused.add() }
        guard shared.peers.admit(peer.host, limits: limits) else {
            shared.connectionsRefused.add()
            return Self.turnAway(descriptor, date)
        }
        linux_no_delay(descriptor.number)
        let connection = Connection(descriptor, address: peer, server: self)
        connection.index = connections.count
        connections.append(connection)
        if connection.state == .handshaking { handshakeBegan() }
        do throws(SystemError) {
            try connection.start()
        } catch {
            shared.acceptFailures.add()
            connection.close()
        }
    }

    private static func turnAway(_ descriptor: consuming Descriptor, _ date: [UInt8]) {
        var response = Problem(
            status: 503, code: "too_many_connections",
            detail: "Too many connections are open; use fewer, or come back later."
        ).response
        response.add("Retry-After", "5")
        response.closes = true
        var octets: [UInt8] = []
        response.write(into: &octets, date: date)
        unsafe octets.withUnsafeBytes { octets in
            _ = unsafe linux_send(descriptor.number, octets.baseAddress, octets.count)
        }
    }

    private func acceptFailed(_ error: CInt) {
        guard error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM
        else { return }
        // Told of it as long as somebody waits, we'd turn for nothing until a descriptor is free.
        shared.acceptFailures.add()
        pauseAccepting()
    }

    /// Leaves whoever comes in the system's queue until the next look at the clock.
    private func pauseAccepting() {
        guard let listening, !isPaused else { return }
        isPaused = true
        try? loop.change(listening, number: socket.descriptor.number, to: [])
    }

    private func resumeAccepting() {
        guard let listening, isPaused, !isCrowded else { return }
        isPaused = false
        try? loop.change(listening, number: socket.descriptor.number, to: .reading)
    }

    // MARK: - Handshakes

    /// Takes other certificates into use, for the connections that come from now on.
    public func replace(tls: TLSContext) { self.tls = tls }

    /// Whether as many handshakes are under way as may be.
    private var isCrowded: Bool {
        tls != nil && shared.handshakesUnderWay.value >= limits.handshakes
    }

    /// Where others wait to begin, whoever does nothing has less time.
    private var handshakeTimeout: Duration {
        isCrowded ? min(.seconds(1), limits.handshakeTimeout) : limits.handshakeTimeout
    }

    /// A handshake begins.
    func handshakeBegan() { shared.handshakesUnderWay.add(1) }

    /// A handshake is over, be it for its time or with its connection.
    func handshakeEnded(outcome: String = "broken_off") {
        shared.handshakesUnderWay.add(-1)
        shared.handshakes(outcome).add()
        resumeAccepting()
    }

    /// Counts a connection among those of the client that a proxy has named.
    ///
    /// - Returns: whether the client may have one more.
    func move(_ connection: Connection, to client: SocketAddress) -> Bool {
        let isAllowed = shared.peers.move(
            from: connection.peer.address.host, to: client.host, limits: limits)
        if !isAllowed { shared.connectionsRefused.add() }
        return isAllowed
    }

    func removed(_ connection: Connection) {
        shared.peers.remove(connection.peer.address.host)
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        checkDrained()
    }

    /// Looks at the clock for all connections: cheaper than a timer for each, which nearly
    /// always would be taken back.
    private func tick() {
        loop.schedule(after: .milliseconds(250)) {
            self.refreshDate()
            self.clockLimits.handshake = self.handshakeTimeout.wholeNanoseconds
            self.resumeAccepting()
            for connection in self.connections.reversed() {
                connection.checkTime(now: self.loop.nanoseconds)
            }
            if self.listening != nil || !self.connections.isEmpty { self.tick() }
        }
    }

    // MARK: - What connections share

    /// The most that one connection's unread octets may take.
    var bufferBytesLimit: Int {
        limits.head.headerBytes + limits.bodyBytes + limits.chunkOverheadBytes + intakeBytes
    }

    /// Room for one read, and where it's encrypted for what it may complete.
    private var intakeBytes: Int {
        tls == nil ? scratch.count : TLSSession.roomNeeded(for: scratch.count)
    }

    func takeIntake() -> Intake {
        spareIntake.take() ?? spareIntakes.popLast() ?? Intake(limits, bytes: intakeBytes)
    }

    /// - Parameter intake: whatever is still in it is dropped.
    func giveBack(_ intake: Intake) {
        guard intake.isAsNew else { return }
        if spareIntake == nil {
            spareIntake = intake
        } else if spareIntakes.count < 64 {
            spareIntakes.append(intake)
        }
    }

    func takeOutput() -> [UInt8] { spareOutput.take() ?? [] }

    func giveBack(_ output: consuming [UInt8]) {
        guard spareOutput == nil, output.capacity <= 64 * 1024 else { return }
        output.removeAll(keepingCapacity: true)
        spareOutput = output
    }

    func count(_ status: Int, nanoseconds: Int) {
        shared.requestSeconds.observe(nanoseconds: nanoseconds)
        guard let counter = counters[status] else { return countFirst(status) }
        counter.add()
    }

    private func countFirst(_ status: Int) {
        let counter = shared.requests(status)
        var counters = counters
        counters[status] = counter
        swap(&counters, &self.counters)
        counter.add()
    }

    private func refreshDate() {
        let now = Int(time(nil))
        guard now != second else { return }
        second = now
        date = HTTPDate.fieldLine(secondsSince1970: now)
    }
}
