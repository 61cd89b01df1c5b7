public import Configuration
public import EventLoops
internal import HTTP
public import Logging
public import Server
public import Telemetry

/// What the operators' listener tells, asked anew for each request.
public struct AdminReadings {
    /// One condition of readiness.
    public struct Check {
        /// Its name, such as `journal`.
        public var name: String
        /// What is wrong, if something is.
        public var problem: String?
        /// What is to be said of it where nothing is wrong; nil says "ok".
        public var note: String?

        /// A condition that holds unless a problem is given.
        public init(name: String, problem: String?, note: String? = nil) {
            self.name = name
            self.problem = problem
            self.note = note
        }
    }

    /// Whether the loops turn; a process where they don't is to be started again.
    public var liveness: () -> [Check]
    /// Whether requests may be sent here; never depends on sinks.
    public var readiness: () -> [Check]
    /// The original router's statistics, as JSON.
    public var statistics: () -> String
    /// The version, as JSON.
    public var version: String

    /// Readings from those who know.
    public init(
        liveness: @escaping () -> [Check], readiness: @escaping () -> [Check],
        statistics: @escaping () -> String, version: String
    ) {
        self.liveness = liveness
        self.readiness = readiness
        self.statistics = statistics
        self.version = version
    }
}

/// The operators' listener: health, metrics and statistics, to be read only.
///
/// Owner: the main loop.
public final class AdminServer {
    private let server: HTTPServer

    /// Begins to answer.
    public init(
        on loop: EventLoop, _ settings: AdminSettings, socket: ListeningSocket,
        metrics: Metrics, readings: AdminReadings, logger: Logger
    ) throws(SystemError) {
        var limits = ServerLimits()
        limits.bodyBytes = 64 * 1024
        limits.connections = 256
        limits.connectionsPerPeer = 256
        // A page of metrics must fit at once.
        limits.outputBytes = 8 * 1024 * 1024
        let handler = AdminHandler(
            metrics: metrics, readings: readings, auth: settings.auth, logger: logger)
        server = try HTTPServer(
            on: loop, socket: socket, limits: limits,
            shared: HTTPServer.Shared(name: "admin", metrics: metrics), handler: handler)
    }

    /// Takes no more requests, finishes what has begun, and then calls `done`, once.
    public func drain(_ done: @escaping () -> Void) { server.drain(done) }

    /// Closes the connections that didn't finish in time.
    public func closeAll() { server.closeAll() }
}
