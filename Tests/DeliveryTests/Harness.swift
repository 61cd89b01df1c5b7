import Configuration
import EventLoops
import Journal
import Logging
import Synchronization
import Telemetry
import Testing

@testable import Delivery

/// A delivery on the test's own thread, whose journal is a list of events.
final class Harness {
    let loop: EventLoop
    let metrics = Metrics()
    let log = LogLines()
    var events: [StoredEvent]
    var outcomes: [Outcome] = []
    var settleRequestsCount = 0
    /// How many requests the journal has no room for, before it has.
    var refusalsLeft = 0
    private(set) var dispatcher: Dispatcher?
    private var isDone: () -> Bool = { false }

    init(
        _ settings: Settings, events: [StoredEvent] = [], output: CInt = 1,
        invocations: [Invocations] = []
    ) throws {
        loop = try EventLoop()
        self.events = events
        dispatcher = try Dispatcher(
            settings, loop: loop, userAgent: "veer/test", output: output,
            journal: { [unowned self] in handle($0) }, metrics: metrics, logger: log.logger,
            invocations: invocations)
    }

    /// Turns the loop until the condition holds after an outcome, and fails after 20 seconds.
    func run(until isDone: @escaping () -> Bool) throws {
        self.isDone = isDone
        loop.schedule(after: .zero) { self.dispatcher?.start() }
        loop.schedule(after: .seconds(20)) {
            Issue.record("nothing came of it in 20 seconds")
            self.loop.stop()
        }
        try loop.run()
        dispatcher = nil
        self.isDone = { false }
    }

    /// Delivers all events and returns their outcomes, in the order of the events.
    func deliver() throws -> [Outcome] {
        let count = events.reduce(0) { $0 + $1.sinks.rawValue.nonzeroBitCount }
        try run { [unowned self] in outcomes.count == count }
        return outcomes.sorted { ($0.sequence, $0.sink) < ($1.sequence, $1.sink) }
    }

    func check() { if isDone() { loop.stop() } }

    private func handle(_ request: JournalRequest) -> Bool {
        guard refusalsLeft == 0 else {
            refusalsLeft -= 1
            return false
        }
        switch request {
        case .settle(let settled):
            settleRequestsCount += 1
            outcomes += settled
            check()
        case .read(let sink, let after, let limit):
            let page = events.filter { $0.sequence > after && $0.sinks.contains(.init(sink: sink)) }
                .prefix(limit)
            let last = events.last?.sequence ?? 0
            let isLast = page.count < limit
            let through = isLast ? last : page.last?.sequence ?? last
            loop.schedule(after: .zero) { [unowned self] in
                dispatcher?.receive(
                    [.page(Array(page), sink: sink, through: through, isLast: isLast)])
            }
        case .store, .announce, .kept, .pages, .stop: Issue.record("\(request)")
        }
        return true
    }
}

/// Log lines, kept to be looked at.
final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }
                .map { " \($0.key)=\($0.value)" }.joined()
            lines.kept.withLock { $0.append("\(event.level) \(event.message)\(fields)") }
        }
    }
}
