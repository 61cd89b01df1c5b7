internal import CCurl
internal import Glibc
public import EventLoops

/// Sends HTTP requests by libcurl, on one event loop.
///
/// Ownership: belongs to the loop it was made on and isn't `Sendable`. curl's sockets are watched
/// by that loop, names are looked up on threads of curl's, and nothing here waits. Connections are
/// kept open for the next request to the same server.
///
/// ``close()`` must be called before the loop ends.
@safe public final class HTTPClient {
    private let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private let userAgent: String
    /// Keeps alive what curl has only pointers to.
    private var underWay: [ObjectIdentifier: HTTPTransfer] = [:]
    private var sockets: [CInt: WatchedSocket] = [:]
    /// How many connections there is room for.
    private(set) var connectionsLimit = 0
    /// Whose success was said in this turn.
    private var acknowledged: [HTTPTransfer] = []
    /// Those of which parts of the body came in this turn.
    private var received: [HTTPStream] = []
    private var isClosed = false
    private var isTurnDue = false
    /// When curl wants to be called though no socket is ready.
    private var wakeTime: ContinuousClock.Instant?
    private var wake: (timer: LoopTimer, time: ContinuousClock.Instant)?

    private struct WatchedSocket {
        var registration: EventLoop.Registration
        var interest: EventLoop.Interest
        /// No request uses it; curl keeps it for the next.
        var isIdle = false
    }

    /// How long to wait for the rest of a response that says a success.
    private static let lingerTimeout = Duration.milliseconds(200)

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// A client with no connection.
    ///
    /// - Parameter userAgent: the field of that name in each request.
    public init(loop: EventLoop, userAgent: String) {
        guard Self.isReady, let multi = unsafe curl_multi_init()
        else { preconditionFailure("no memory for curl") }
        unsafe self.multi = multi
        self.loop = loop
        self.userAgent = userAgent
        listen()
    }

    deinit { cleanUp() }

    /// Names a server, and so makes room for the connections to it.
    public func endpoint(_ options: HTTPEndpoint.Options) -> HTTPEndpoint {
        connectionsLimit += options.concurrency
        unsafe check(curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connectionsLimit))
        return HTTPEndpoint(options: options)
    }

    /// Gives up the room for connections to a server that is asked no more.
    ///
    /// What is under way to it may end; nothing may be sent to it any more.
    public func retire(_ endpoint: HTTPEndpoint) {
        connectionsLimit -= endpoint.options.concurrency
        // Zero would mean any number.
        unsafe check(curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, connectionsLimit)))
    }

    /// Sends a request; the completion is called later on this loop, once, whatever happens.
    ///
    /// - Precondition: fewer requests than ``HTTPEndpoint/Options/concurrency`` are under way.
    public func send(
        _ request: HTTPRequest, to endpoint: HTTPEndpoint,
        _ completion: @escaping (HTTPResponse) -> Void
    ) {
        begin(request, to: endpoint, stream: nil, completion)
    }

    /// Sends a request whose response is handed on as it comes, and may last for ever.
    ///
    /// The request's `timeout` doesn't count, nor do the endpoint's limits on a body; the client
    /// gives up when nothing came for `idleTimeout`. Only a success is handed on: the body of
    /// anything else is kept as ever.
    ///
    /// - Precondition: the endpoint doesn't take HTTP/2, whose successes are ended early; see
    ///   ``send(_:to:_:)`` for another.
    /// - Parameters:
    ///   - part: gets the body's octets, on this loop; it may cancel the stream.
    ///   - completion: called later on this loop, once, whatever happens.
    public func stream(
        _ request: HTTPRequest, to endpoint: HTTPEndpoint, idleTimeout: Duration,
        part: @escaping ([UInt8]) -> Void, _ completion: @escaping (HTTPResponse) -> Void
    ) -> HTTPStream {
        precondition(!endpoint.options.takesHTTP2)
        let stream = HTTPStream(client: self, idleTimeout: idleTimeout, part: part)
        begin(request, to: endpoint, stream: stream, completion)
        scheduleIdleCheck(of: stream, after: idleTimeout)
        return stream
    }

    private func begin(
        _ request: HTTPRequest, to endpoint: HTTPEndpoint, stream: HTTPStream?,
        _ completion: @escaping (HTTPResponse) -> Void
    ) {
        precondition(!isClosed)
        precondition(endpoint.underWayCount < endpoint.options.concurrency)
        endpoint.underWayCount += 1
        let transfer =
            endpoint.idle.popLast()
            ?? HTTPTransfer(endpoint.options, userAgent: userAgent, client: self)
        transfer.endpoint = endpoint
        transfer.completion = completion
        transfer.begin(request, stream: stream)
        underWay[ObjectIdentifier(transfer)] = transfer
        unsafe check(curl_multi_add_handle(multi, transfer.easy))
    }

    /// Ends every request that is under way, with an error of the kind `cancelled`.
    public func cancelAll() {
        for transfer in underWay.values {
            let error = CurlError(kind: .cancelled, text: "the request was given up")
            finish(transfer, HTTPResponse(error: error))
        }
    }

    /// Cancels all requests and closes all connections; nothing may be sent afterwards.
    public func close() {
        cancelAll()
        for socket in sockets.keys { unwatch(socket) }
        if let wake { loop.cancel(wake.timer) }
        cleanUp()
    }

    private func cleanUp() {
        guard !isClosed else { return }
        isClosed = true
        // What is called back at this point would find the client half gone.
        unsafe check(curl_multi_set_socket_callback(multi, nil))
        unsafe check(curl_multi_set_timer_callback(multi, nil))
        unsafe check(curl_multi_cleanup(multi))
    }

    private func finish(_ transfer: HTTPTransfer, _ response: HTTPResponse) {
        if let linger = transfer.linger.take() { loop.cancel(linger) }
        if let idle = transfer.stream.take()?.end() { loop.cancel(idle) }
        unsafe check(curl_multi_remove_handle(multi, transfer.easy))
        if let endpoint = transfer.endpoint.take() {
            endpoint.underWayCount -= 1
            endpoint.idle.append(transfer)
        }
        underWay[ObjectIdentifier(transfer)] = nil
        transfer.completion.take()?(response)
    }

    /// A refusal is our mistake, or there is no memory.
    private func check(_ result: CURLMcode) { precondition(result == CURLM_OK) }
}

// MARK: - What curl asks for

extension HTTPClient {
    private func listen() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe check(curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context))
        unsafe check(curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context))
        unsafe check(
            curl_multi_set_socket_callback(multi) { easy, socket, interest, context, _ in
                guard let context = unsafe context else { return 0 }
                unsafe Unmanaged<HTTPClient>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    if interest == CURL_POLL_REMOVE {
                        unsafe $0.release(socket, of: easy)
                    } else {
                        $0.watch(socket, for: interest)
                    }
                }
                return 0
            })
        unsafe check(
            curl_multi_set_timer_callback(multi) { _, milliseconds, context in
                guard let context = unsafe context else { return 0 }
                unsafe Unmanaged<HTTPClient>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.wake(afterMilliseconds: milliseconds)
                }
                return 0
            })
    }

    /// A socket that can't be watched isn't reported to curl, which would give up all others,
    /// too; its request ends by its time limit.
    private func watch(_ socket: CInt, for interest: CInt) {
        var wanted: EventLoop.Interest = []
        if interest & CURL_POLL_IN != 0 { wanted.insert(.reading) }
        if interest & CURL_POLL_OUT != 0 { wanted.insert(.writing) }
        if change(socket, to: wanted) { return }
        let registration = try? loop.watch(number: socket, for: wanted) { [unowned self] in
            act(socket, on: $0)
        }
        guard let registration else { return }
        sockets[socket] = WatchedSocket(registration: registration, interest: wanted)
    }

    /// Goes on watching a socket that was idle; fails where its number names another by now.
    private func change(_ socket: CInt, to wanted: EventLoop.Interest) -> Bool {
        guard let watched = sockets[socket] else { return false }
        do {
            try loop.change(watched.registration, number: socket, to: wanted)
            sockets[socket]?.interest = wanted
            sockets[socket]?.isIdle = false
            return true
        } catch {
            unwatch(socket)
            return false
        }
    }

    /// Watches a plain connection on, because curl doesn't: what comes before the next request
    /// would be taken for the answer to that. (Over TLS, other things than answers may come.)
    private func release(_ socket: CInt, of easy: UnsafeMutableRawPointer?) {
        let isSecure = unsafe transfer(of: easy)?.isSecure ?? true
        if !isSecure, sockets[socket]?.interest == .reading {
            sockets[socket]?.isIdle = true
        } else {
            unwatch(socket)
        }
    }

    private func unwatch(_ socket: CInt) {
        guard let watched = sockets.removeValue(forKey: socket) else { return }
        loop.unwatch(watched.registration, number: socket)
    }

    private func wake(afterMilliseconds milliseconds: Int) {
        switch milliseconds {
        case ..<0: wakeTime = nil
        case 0:
            // Nearly always because a request was added. One call at this turn's end serves all
            // that were; the timer that waits is left alone.
            guard !isTurnDue else { return }
            isTurnDue = true
            loop.schedule(after: .zero) { [weak self] in
                self?.isTurnDue = false
                self?.actOnTime()
            }
        default:
            let time = loop.now + .milliseconds(milliseconds)
            wakeTime = time
            schedule(for: time)
        }
    }

    /// Keeps a timer that ends sooner: it finds out for itself that it's too early.
    private func schedule(for time: ContinuousClock.Instant) {
        if let wake {
            guard time < wake.time else { return }
            loop.cancel(wake.timer)
        }
        let timer = loop.schedule(after: time - loop.now) { [unowned self] in
            wake = nil
            guard let wakeTime else { return }
            if wakeTime <= loop.now { actOnTime() } else { schedule(for: wakeTime) }
        }
        wake = (timer, time)
    }
}

// MARK: - What curl is told

extension HTTPClient {
    private func act(_ socket: CInt, on readiness: EventLoop.Readiness) {
        guard sockets[socket]?.isIdle == false else {
            // The server hung up, or sent what nobody asked for; curl finds it unusable now.
            unwatch(socket)
            shutdown(socket, CInt(SHUT_RDWR))
            return
        }
        var flags: CInt = 0
        if readiness.canRead { flags |= CURL_CSELECT_IN }
        if readiness.canWrite { flags |= CURL_CSELECT_OUT }
        if readiness.isBroken { flags |= CURL_CSELECT_ERR }
        act(socket, flags)
    }

    private func actOnTime() {
        wakeTime = nil
        act(CURL_SOCKET_TIMEOUT, 0)
    }

    private func act(_ socket: CInt, _ flags: CInt) {
        guard !isClosed else { return }
        var runningCount: CInt = 0
        unsafe check(curl_multi_socket_action(multi, socket, flags, &runningCount))
        for stream in received.take() { stream.handOn() }
        // Whoever got a part may have closed the client.
        guard !isClosed else { return }
        var result = CURLE_OK
        while let easy = unsafe curl_multi_next_done(multi, &result) {
            guard let transfer = unsafe transfer(of: easy) else { continue }
            closeIfDead(after: result, of: transfer)
            if transfer.beginAgain(after: result) {
                unsafe check(curl_multi_remove_handle(multi, easy))
                unsafe check(curl_multi_add_handle(multi, easy))
            } else {
                finish(transfer, transfer.end(result))
            }
        }
        endAcknowledged()
    }

    private func transfer(of easy: UnsafeMutableRawPointer?) -> HTTPTransfer? {
        var context: UnsafeMutableRawPointer?
        guard let easy = unsafe easy,
            unsafe curl_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK,
            let context = unsafe context
        else { return nil }
        return unsafe Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    }
}

// MARK: - Streams

extension HTTPClient {
    /// A part came; called by curl, so that nothing may be done with it yet.
    func didReceive(_ stream: HTTPStream) { received.append(stream) }

    /// Ends a stream that is under way.
    func end(_ stream: HTTPStream, _ error: CurlError) {
        guard let transfer = stream.transfer else { return }
        finish(transfer, HTTPResponse(status: transfer.status, error: error))
    }

    /// Gives a stream up on which nothing comes.
    private func scheduleIdleCheck(of stream: HTTPStream, after delay: Duration) {
        stream.idleTimer = loop.schedule(after: delay) { [weak self, weak stream] in
            guard let self, let stream else { return }
            stream.idleTimer = nil
            let left = stream.lastPart + stream.idleTimeout - now
            guard left <= .zero else { return scheduleIdleCheck(of: stream, after: left) }
            end(stream, CurlError(kind: .timeout, text: "nothing came for too long"))
        }
    }
}

// MARK: - What curl doesn't do for HTTP/2

extension HTTPClient {
    /// The loop's time.
    var now: ContinuousClock.Instant { loop.now }

    /// A success was said over HTTP/2; called by curl, so that nothing may be ended yet.
    func didAcknowledge(_ transfer: HTTPTransfer) { acknowledged.append(transfer) }

    /// Ends requests that have their success but that curl may never end.
    ///
    /// This curl (7.88) forgets a request whose stream the server closed before curl had done
    /// with sending: only the time limit would end it. A stream that is open still gets a moment,
    /// so that it isn't reset for nothing: servers count that against a client.
    private func endAcknowledged() {
        for transfer in acknowledged.take() where isAcknowledged(transfer) {
            if transfer.hasSentBody {
                transfer.linger = loop.schedule(after: Self.lingerTimeout) { [weak self] in
                    transfer.linger = nil
                    self?.finish(transfer, transfer.end(CURLE_OK))
                }
            } else {
                finish(transfer, transfer.end(CURLE_OK))
            }
        }
    }

    /// It may have ended since then, and a later request may be under way.
    private func isAcknowledged(_ transfer: HTTPTransfer) -> Bool {
        transfer.isAcknowledged && underWay[ObjectIdentifier(transfer)] != nil
    }

    /// Closes a connection that brought nothing for as long as a whole request may take.
    ///
    /// curl goes on to use it, and each request on it would run into its time limit.
    private func closeIfDead(after result: CURLcode, of transfer: HTTPTransfer) {
        guard result == CURLE_OPERATION_TIMEDOUT, transfer.isSecure, transfer.status == nil,
            transfer.endpoint?.lastAnswer.map({ $0 < transfer.began }) ?? true,
            let socket = transfer.socket
        else { return }
        shutdown(socket, CInt(SHUT_RDWR))
    }
}

extension Array {
    /// Its elements; it's empty then.
    fileprivate mutating func take() -> Self {
        let elements = self
        self = []
        return elements
    }
}
