import CloudEvents
import EventLoops
import HTTP
import Outbound

/// Posts requests with a bounded concurrency and rate, and counts what came of them.
///
/// Owner: the thread that calls ``run(_:)``, which makes a loop for it.
final class EventPoster {
    /// What came of all requests.
    struct Result {
        var accepted = 0
        var refused = 0
        var unreachable = 0
        /// The first answers that weren't a success, by what was said.
        var reasons: [String: Int] = [:]
        var seconds = 0.0

        var text: String {
            "\(accepted) accepted, \(refused) refused, \(unreachable) not delivered"
        }

        /// Why events weren't accepted, a line for each reason.
        var notes: [String] {
            reasons.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        }

        var json: String {
            let members = reasons.sorted { $0.key < $1.key }.map {
                "\(JSONText.quoted($0.key)):\($0.value)"
            }
            return
                "{\"accepted\":\(accepted),\"refused\":\(refused),\"unreachable\":\(unreachable),"
                + "\"seconds\":\(seconds),\"reasons\":{\(members.joined(separator: ","))}}"
        }
    }

    private let loop: EventLoop
    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private let concurrency: Int
    private let interval: Duration?
    private var requests: ArraySlice<HTTPRequest> = []
    private var underWay = 0
    private var nextTime: ContinuousClock.Instant
    private var result = Result()

    /// - Parameter rate: at most so many requests a second.
    init(_ options: HTTPEndpoint.Options, rate: Double?) throws(SystemError) {
        loop = try EventLoop()
        client = HTTPClient(loop: loop, userAgent: "veer-send/\(Version.number)")
        endpoint = client.endpoint(options)
        concurrency = options.concurrency
        interval = rate.map { .seconds(1 / $0) }
        nextTime = loop.now
    }

    /// Posts all of them and waits for the answers.
    func run(_ requests: [HTTPRequest]) throws(SystemError) -> Result {
        self.requests = requests[...]
        let began = ContinuousClock.now
        loop.schedule(after: .zero) { self.sendMore() }
        try loop.run()
        client.close()
        result.seconds = (ContinuousClock.now - began) / .seconds(1)
        return result
    }

    private func sendMore() {
        while underWay < concurrency, let request = requests.first {
            if let interval {
                guard nextTime <= loop.now else {
                    loop.schedule(after: nextTime - loop.now) { self.sendMore() }
                    return
                }
                nextTime = nextTime + interval
            }
            requests.removeFirst()
            underWay += 1
            client.send(request, to: endpoint) { self.received($0) }
        }
        if underWay == 0, requests.isEmpty { loop.stop() }
    }

    private func received(_ response: HTTPResponse) {
        underWay -= 1
        switch response.status {
        case .some(200..<300): result.accepted += 1
        case .some(let status):
            result.refused += 1
            count("\(status) \(String(decoding: response.body, as: UTF8.self))")
        case nil:
            result.unreachable += 1
            count(response.error?.text ?? "no answer")
        }
        sendMore()
    }

    private func count(_ reason: String) {
        let line = reason.split(separator: "\n").first.map(String.init) ?? reason
        guard result.reasons[line] != nil || result.reasons.count < 20 else { return }
        result.reasons[line, default: 0] += 1
    }
}
