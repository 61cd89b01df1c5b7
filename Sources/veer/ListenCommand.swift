import ArgumentParser
import CloudEvents
import Configuration
import EventLoops
import Glibc
import HTTP
import Server
import Telemetry

/// A sink to look at: prints what it gets, and misbehaves on request.
struct ListenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Takes events and prints them: a sink for tests.",
        discussion: """
            Answers every POST, on any path. What is no CloudEvent is refused as the gateway would.
            The address is told on the standard error, events on the standard output.

            Example: veer listen --address 127.0.0.1:9000 --fail-rate 0.1 --delay 200ms
            """)

    @Option(help: "Where to listen; port 0 takes any free one.")
    var address = "127.0.0.1:9000"

    @Option(help: "The status of every answer.")
    var status = 202

    @Option(help: "How long to wait before each answer, such as 200ms or 5s.")
    var delay = "0s"

    @Option(help: "The share of requests to answer with 503, from 0 to 1.")
    var failRate = 0.0

    @Option(help: "End after so many events.")
    var count: Int?

    @Option(help: "The form of the output: text, or json for one structured event a line.")
    var output = OutputForm.text

    func validate() throws {
        guard 200..<600 ~= status else { throw ValidationError("--status is from 200 to 599") }
        guard 0...1 ~= failRate else { throw ValidationError("--fail-rate is from 0 to 1") }
    }

    func run() throws {
        guard let delay = Duration(configured: delay) else {
            throw ValidationError("--delay is a duration such as 200ms or 5s")
        }
        guard let address = ListenAddress.reading(address).map(SocketAddress.init) else {
            throw ValidationError("--address is host:port, [v6]:port or unix:/path")
        }
        let signals = try Signals([SIGTERM, SIGINT])
        do {
            let socket = try ListeningSocket.bind(address, count: 1)[0]
            let loop = try EventLoop()
            let handler = ListenHandler(
                on: loop, status: status, delay: delay, failRate: failRate, count: count,
                output: output)
            let server = try HTTPServer(
                on: loop, socket: socket, limits: ServerLimits(),
                shared: HTTPServer.Shared(name: "listen", metrics: Metrics()), handler: handler)
            try signals.receive(on: loop) { _ in loop.stop() }
            printError("listening on \(socket.address)")
            try loop.run()
            withExtendedLifetime(server) { socket.removePath() }
        } catch {
            printError("\(error)")
            throw ExitStatus.unavailable.code
        }
    }
}

/// Answers as the command line says.
private final class ListenHandler: RequestHandler {
    private let loop: EventLoop
    private let status: Int
    private let delay: Duration
    private let failRate: Double
    private let output: OutputForm
    private var left: Int
    private var decoder = EventDecoder(percentDecoding: .lenient, acceptsVersion03: true)

    init(
        on loop: EventLoop, status: Int, delay: Duration, failRate: Double, count: Int?,
        output: OutputForm
    ) {
        self.loop = loop
        self.status = status
        self.delay = delay
        self.failRate = failRate
        self.output = output
        left = count ?? .max
    }

    func admit(
        _ head: RequestHead, _ message: Span<UInt8>, from peer: Peer
    ) -> Response? { nil }

    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response? {
        guard head.method == .post else { return Response(status: 204) }
        do throws(EventFailure) {
            _ = try decoder.decode(
                fields: head.fields, head: message, body: message.extracting(body))
        } catch {
            let problem = Problem(
                status: error.status, code: error.code.rawValue, detail: error.sentence)
            printError("refused: \(error.sentence)")
            return problem.response
        }
        let isFailing = Double.random(in: 0..<1) < failRate
        var response = Response(status: isFailing ? 503 : status)
        if response.status == 503 || response.status == 429 { response.add("Retry-After", "1") }
        show(answeredWith: response.status)
        guard delay > .zero else { return response }
        loop.schedule(after: delay) { exchange.complete(with: response) }
        return nil
    }

    func refused(_ problem: Problem, from peer: Peer) {
        printError("refused: \(problem.detail)")
    }

    private func show(answeredWith status: Int) {
        for index in 0..<decoder.count where left > 0 {
            let event = decoder.event(at: index)
            switch output {
            case .json: print(String(decoding: event.structuredJSON, as: UTF8.self))
            case .text: print("answered \(status)\n\(EventText.lines(of: event))\n")
            }
            left -= 1
            if left == 0 { loop.stop() }
        }
        fflush(nil)
    }
}
