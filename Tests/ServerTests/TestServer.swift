import Dispatch
import EventLoops
import HTTP
import Server
import Synchronization
import Telemetry
import Testing

/// A real server on loops of its own, with a handler that tells the test what happens.
///
/// `/echo` is answered with the request's body, `/later` when the test says so, `/big` with a
/// body of 64 KiB and `/huge` with one of 16 MiB; other paths are refused before the body.
final class TestServer: Sendable {
    /// What belongs to a loop.
    struct Part {
        let loop: EventLoop
        let server: HTTPServer
        let handler: TestHandler
    }

    private typealias Command = @Sendable (Part) -> Void

    let address: SocketAddress
    /// What the handlers were asked for, in order.
    let calls = CallLog()
    private let metrics = Metrics()
    private let mailboxes: [Mailbox<Command>]
    private let threads: [LoopThread]

    /// - Parameter limits: changes the default limits.
    init(
        at address: SocketAddress = SocketAddress(ip: [127, 0, 0, 1], port: 0), loops: Int = 1,
        _ change: (inout ServerLimits) -> Void = { _ in }
    ) throws {
        var limits = ServerLimits()
        change(&limits)
        let sockets = try ListeningSocket.bind(address, count: loops)
        self.address = sockets[0].address
        let shared = HTTPServer.Shared(name: "test", metrics: metrics)
        var mailboxes: [Mailbox<Command>] = []
        var threads: [LoopThread] = []
        for socket in sockets {
            let mailbox = try Mailbox<Command>(messagesLimit: 1_000)
            let thread = try EventLoop.start(name: "test") {
                [calls, limits] loop throws(SystemError) in
                let handler = TestHandler(calls)
                let server = try HTTPServer(
                    on: loop, socket: socket, limits: limits, shared: shared, handler: handler)
                let part = Part(loop: loop, server: server, handler: handler)
                try mailbox.receive(on: loop) { commands in
                    for command in commands { command(part) }
                }
            }
            mailboxes.append(mailbox)
            threads.append(thread)
        }
        self.mailboxes = mailboxes
        self.threads = threads
    }

    deinit {
        for mailbox in mailboxes {
            _ = mailbox.send { part in
                part.server.closeAll()
                part.handler.completeAll(with: Response(status: 503))
                part.loop.stop()
            }
        }
        for thread in threads { thread.join() }
    }

    /// Calls `body` on the first loop, some time.
    func start(_ body: @escaping @Sendable (Part) -> Void) {
        #expect(mailboxes[0].send(body))
    }

    /// Calls `body` on a loop and waits for what it returns.
    func run<Result: Sendable>(
        loop: Int = 0, _ body: @escaping @Sendable (Part) -> Result
    ) throws -> Result {
        let done = DispatchSemaphore(value: 0)
        let box = Box<Result>()
        _ = mailboxes[loop].send { part in
            let value = body(part)
            box.value.withLock { $0 = value }
            done.signal()
        }
        guard done.wait(timeout: .now() + 20) == .success,
            let value = box.value.withLock({ $0 })
        else { throw CallLog.TookTooLong() }
        return value
    }

    /// What the metrics say now.
    var exposition: String { metrics.exposition() }

    /// Waits until no connection is open.
    func waitForNoConnections() throws {
        try waitUntil { try self.run { $0.server.connectionsCount } == 0 }
    }

    /// Asks again and again, with a limit.
    func waitUntil(_ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(20)
        while try !condition() {
            guard ContinuousClock.now < end else { throw CallLog.TookTooLong() }
        }
    }
}

private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}

/// What handlers were asked for, told from the loops to the test.
final class CallLog: Sendable {
    struct TookTooLong: Error {}

    private let calls = Mutex<[String]>([])
    private let signal = DispatchSemaphore(value: 0)

    func append(_ call: String) {
        calls.withLock { $0.append(call) }
        signal.signal()
    }

    /// Waits for the next one.
    func next() throws -> String {
        guard signal.wait(timeout: .now() + 20) == .success else { throw TookTooLong() }
        return calls.withLock { $0.removeFirst() }
    }

    /// How many weren't waited for.
    var count: Int { calls.withLock { $0.count } }
}

/// Belongs to a server's loop.
final class TestHandler: RequestHandler {
    private let calls: CallLog
    private var waiting: [Exchange] = []

    init(_ calls: CallLog) { self.calls = calls }

    /// Answers what `/later` left open.
    func completeAll(with response: Response) {
        let exchanges = waiting
        waiting = []
        for exchange in exchanges { exchange.complete(with: response) }
    }

    func admit(
        _ head: RequestHead, _ message: Span<UInt8>, from peer: Peer
    ) -> Response? {
        guard ["/echo", "/later", "/big", "/huge"].contains(text(message, head.path)) else {
            calls.append("refused")
            return Response(status: 404, contentType: "text/plain", body: "not here\n")
        }
        return nil
    }

    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response? {
        let path = text(message, head.path)
        calls.append(path)
        switch path {
        case "/later":
            waiting.append(exchange)
            return nil
        case "/big": return response(bytes: 64 * 1024)
        case "/huge": return response(bytes: 16 * 1024 * 1024)
        default:
            return Response(status: 200, contentType: "text/plain", body: text(message, body))
        }
    }

    func refused(_ problem: Problem, from peer: Peer) {
        calls.append(problem.code)
    }

    private func response(bytes: Int) -> Response {
        var response = Response(status: 200)
        response.body = [UInt8](repeating: 0x78, count: bytes)
        return response
    }

    private func text(_ message: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { message[$0] }, as: UTF8.self)
    }
}
