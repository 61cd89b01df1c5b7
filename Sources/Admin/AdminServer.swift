internal import Authentication
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
        /// What is to be known besides, be it as it may.
        public var note: String?

        /// A condition that holds unless a problem is given; or, with a note, something to know.
        public init(name: String, problem: String? = nil, note: String? = nil) {
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

/// The operators' listeners: health, metrics, statistics and calls.
///
/// On the first all is read only; changes are asked for on the other, the control socket.
///
/// Owner: the main loop.
public final class AdminServer {
    private let servers: [HTTPServer]

    /// Begins to answer.
    ///
    /// - Parameters:
    ///   - control: the control socket, if there is one.
    ///   - calls: all that is answered below `/api/v1`.
    public init(
        on loop: EventLoop, _ settings: AdminSettings, socket: ListeningSocket,
        control: ListeningSocket?, metrics: Metrics, readings: AdminReadings, calls: [AdminCall],
        logger: Logger
    ) throws(SystemError) {
        var limits = ServerLimits()
        limits.bodyBytes = 64 * 1024
        limits.connections = 256
        limits.connectionsPerPeer = 256
        // A page of metrics must fit at once.
        limits.outputBytes = 8 * 1024 * 1024
        let router = AdminRouter(calls)
        var servers: [HTTPServer] = []
        func serve(
            _ socket: ListeningSocket, _ name: String, _ access: AdminHandler.Access
        ) throws(SystemError) {
            let handler = AdminHandler(
                metrics: metrics, readings: readings, router: router, access: access,
                logger: logger)
            servers.append(
                try HTTPServer(
                    on: loop, socket: socket, limits: limits,
                    shared: HTTPServer.Shared(name: name, metrics: metrics), handler: handler))
        }
        try serve(socket, "admin", .reading(Authenticator(settings)))
        if let control { try serve(control, "control", .control) }
        self.servers = servers
    }

    /// Closes all connections.
    public func closeAll() { for server in servers { server.closeAll() } }
}

extension Authenticator {
    fileprivate init(_ settings: AdminSettings) {
        self.init(
            settings.auth.compactMap { auth in
                switch auth {
                case .basic(let username, let password):
                    .basic(username: username, password: password.text)
                case .bearer(let tokens, let isInQuery):
                    .bearer(tokens: tokens.map(\.text), isInQuery: isInQuery)
                // Refused for this listener, which asks for none.
                case .clientCertificate, .jwt: nil
                }
            })
    }
}
