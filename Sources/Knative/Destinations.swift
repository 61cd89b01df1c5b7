public import Configuration
public import EventLoops
public import Kubernetes
public import Logging
public import Telemetry

/// The thread that finds out where sinks are that a cluster knows: a handle for any thread.
public final class Destinations: Sendable {
    /// What it needs of the process around it.
    public struct Context: Sendable {
        /// How the cluster is reached; nil where no sink needs that.
        public var access: ClusterAccess?
        /// What the names of Services end with.
        public var clusterDomain: String
        /// Goes into the `User-Agent` field.
        public var version: String
        /// A file's octets; may wait for a disk.
        public var readFile: @Sendable (String) throws -> [UInt8]
        /// The places of sinks that don't take their tokens.
        public var renewals: Mailbox<Int>
        /// Hands news on, and tells whether there was room.
        public var send: @Sendable (DestinationNews) -> Bool
        /// Where it's counted.
        public var metrics: Metrics
        /// Where it's told.
        public var logger: Logger

        /// All of it.
        public init(
            access: ClusterAccess?, clusterDomain: String, version: String,
            readFile: @escaping @Sendable (String) throws -> [UInt8],
            renewals: Mailbox<Int>, send: @escaping @Sendable (DestinationNews) -> Bool,
            metrics: Metrics, logger: Logger
        ) {
            self.access = access
            self.clusterDomain = clusterDomain
            self.version = version
            self.readFile = readFile
            self.renewals = renewals
            self.send = send
            self.metrics = metrics
            self.logger = logger
        }
    }

    private let stops: Mailbox<Void>
    private let thread: LoopThread

    /// Starts the thread.
    public static func start(
        _ settings: Settings, _ context: Context
    ) throws(SystemError) -> Destinations {
        let stops = try Mailbox<Void>(messagesLimit: 1)
        let thread = try EventLoop.start(name: "veer-knative") { loop throws(SystemError) in
            let finder = DestinationFinder(settings, context, loop: loop)
            try context.renewals.receive(on: loop) { sinks in
                for sink in Set(sinks) { finder.renewToken(ofSink: sink) }
            }
            try stops.receive(on: loop) { _ in
                finder.close()
                loop.stop()
            }
            try finder.start()
        }
        return Destinations(stops: stops, thread: thread)
    }

    private init(stops: Mailbox<Void>, thread: LoopThread) {
        self.stops = stops
        self.thread = thread
    }

    /// Ends the thread, and waits for its end; called once.
    public func stop() {
        _ = stops.send(())
        thread.join()
    }
}
