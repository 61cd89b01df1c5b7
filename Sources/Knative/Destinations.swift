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
        /// What it receives.
        public var orders: Mailbox<Order>
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
            orders: Mailbox<Order>, send: @escaping @Sendable (DestinationNews) -> Bool,
            metrics: Metrics, logger: Logger
        ) {
            self.access = access
            self.clusterDomain = clusterDomain
            self.version = version
            self.readFile = readFile
            self.orders = orders
            self.send = send
            self.metrics = metrics
            self.logger = logger
        }
    }

    /// What the thread is told to do.
    public enum Order: Sendable {
        /// A sink doesn't take its token.
        case renewToken(sink: Int)
        /// The last of all.
        case stop
    }

    private let orders: Mailbox<Order>
    private let thread: LoopThread

    /// Starts the thread.
    public static func start(
        _ settings: Settings, _ context: Context
    ) throws(SystemError) -> Destinations {
        let orders = context.orders
        let thread = try EventLoop.start(name: "veer-knative") { loop throws(SystemError) in
            let finder = DestinationFinder(settings, context, loop: loop)
            try orders.receive(on: loop) { orders in
                for order in orders {
                    switch order {
                    case .renewToken(let sink): finder.renewToken(ofSink: sink)
                    case .stop:
                        finder.close()
                        return loop.stop()
                    }
                }
            }
            try finder.start()
        }
        return Destinations(orders: orders, thread: thread)
    }

    private init(orders: Mailbox<Order>, thread: LoopThread) {
        self.orders = orders
        self.thread = thread
    }

    /// Ends the thread, and waits for its end; called once.
    public func stop() {
        while !orders.send(.stop) {}
        thread.join()
    }
}
