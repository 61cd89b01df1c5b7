public import CloudEvents
public import Configuration
public import EventLoops
public import Journal
public import Logging
internal import Outbound
public import Telemetry

/// What all vCenters of the process have in common.
public struct VSphereContext: Sendable {
    /// One vCenter.
    public struct Place: Sendable {
        /// The source's name.
        public var name: String
        /// How it's read.
        public var settings: VCenterSettings
        /// How far it was read before, in the journal's or the predecessor's words.
        public var checkpoint: String?
        /// Who gets an event; asked for each.
        public var sinks: @Sendable (Event) -> SinkSet
        /// Counts events, for those who ask in the original's ways.
        public var received: Counter
        /// Counts what failed, for the same.
        public var failed: Counter
        /// Whether the journal keeps events that nobody gets.
        public var keepsUnrouted = false
        var ticket: UInt64 = 0

        /// A vCenter that is read for the first time.
        public init(
            name: String, settings: VCenterSettings, checkpoint: String? = nil,
            received: Counter = Counter(), failed: Counter = Counter(),
            sinks: @escaping @Sendable (Event) -> SinkSet
        ) {
            self.name = name
            self.settings = settings
            self.checkpoint = checkpoint
            self.received = received
            self.failed = failed
            self.sinks = sinks
        }
    }

    /// Where metrics are made.
    public var metrics: Metrics
    /// Where findings and failures are told.
    public var logger: Logger
    /// Goes into the `User-Agent` field.
    public var version: String
    /// Hands events to the journal; answers whether there was room.
    public var submit: @Sendable (Submission) -> Bool
    /// In which term of leadership vCenters are read, where only a leader may.
    public var fence: Fence?

    /// A context.
    public init(
        metrics: Metrics, logger: Logger, version: String,
        submit: @escaping @Sendable (Submission) -> Bool
    ) {
        self.metrics = metrics
        self.logger = logger
        self.version = version
        self.submit = submit
    }
}

/// The thread that reads vCenters' events: a handle that any thread may use.
///
/// Everything else belongs to that thread, `veer-vsphere`: a large page that is being read there
/// holds up no delivery.
public final class VSphere: Sendable {
    private let stops: Mailbox<@Sendable () -> Void>
    private let renewals: Mailbox<Renewal>
    private let thread: LoopThread

    private struct Renewal: Sendable {
        var place: Int
        var settings: VCenterSettings
    }

    /// The longest that ending the sessions takes.
    private static let logoutTimeout = Duration.seconds(2)

    /// Starts the thread, which begins to read.
    public static func start(
        _ places: [VSphereContext.Place], _ context: VSphereContext
    ) throws(SystemError) -> VSphere {
        let stops = try Mailbox<@Sendable () -> Void>(messagesLimit: 1)
        let renewals = try Mailbox<Renewal>(messagesLimit: 64)
        let receipts = try Mailbox<Receipt>(messagesLimit: max(places.count, 1))
        let thread = try EventLoop.start(name: "veer-vsphere") { loop throws(SystemError) in
            let sources = places.enumerated().map { number, place in
                var place = place
                place.ticket = UInt64(number)
                // Each has a client of its own: curl would use one vCenter's connections for
                // another of the same address, however differently it's trusted.
                let http = HTTPClient(loop: loop, userAgent: "veer/\(context.version)")
                return VCenterSource(place, http: http, on: loop, context, receipts: receipts)
            }
            try receipts.receive(on: loop) { receipts in
                for receipt in receipts { sources[Int(receipt.ticket)].received(receipt.result) }
            }
            try renewals.receive(on: loop) { renewals in
                for renewal in renewals { sources[renewal.place].renew(renewal.settings) }
            }
            try stops.receive(on: loop) { stops in
                stop(sources, on: loop) { for done in stops { done() } }
            }
            for source in sources { source.start() }
        }
        return VSphere(stops: stops, renewals: renewals, thread: thread)
    }

    private init(
        stops: Mailbox<@Sendable () -> Void>, renewals: Mailbox<Renewal>, thread: LoopThread
    ) {
        self.stops = stops
        self.renewals = renewals
        self.thread = thread
    }

    /// Has the vCenter in this place log in with another password or trust another certificate, the
    /// next time that it logs in; at once, where it isn't logged in.
    public func renew(_ settings: VCenterSettings, at place: Int) {
        _ = renewals.send(Renewal(place: place, settings: settings))
    }

    /// Reads no more and ends the sessions; called once, from any thread.
    ///
    /// - Parameter done: called on the reading thread, after at most two seconds; nothing is
    ///   submitted any more from then on.
    public func stop(_ done: @escaping @Sendable () -> Void) { _ = stops.send(done) }

    /// Waits for the thread's end; called once, after ``stop(_:)``.
    public func join() { thread.join() }

    private static func stop(
        _ sources: [VCenterSource], on loop: EventLoop, _ done: @escaping () -> Void
    ) {
        var left = sources.count
        var isOver = false
        let end = {
            guard !isOver else { return }
            isOver = true
            for source in sources { source.close() }
            loop.stop()
            done()
        }
        for source in sources {
            source.stop {
                left -= 1
                if left == 0 { loop.schedule(after: .zero, end) }
            }
        }
        loop.schedule(after: sources.isEmpty ? .zero : logoutTimeout, end)
    }
}

extension VSphere {
    /// How a source does, for operators; any thread may ask.
    ///
    /// - Parameter now: seconds since 1970.
    public static func note(ofSource name: String, _ metrics: Metrics, now: Int) -> String {
        let metrics = VCenterMetrics(metrics, source: name)
        let state = metrics.isConnected.value == 1 ? "connected" : "not connected"
        let newest = metrics.newestSeconds.value
        guard newest > 0 else { return "\(state), no event yet" }
        let time = Timestamp(seconds: Int64(newest)).text
        return "\(state), last event \(time) (\(max(0, now - newest)) s ago), "
            + "read \(metrics.lagSeconds.value) s after it happened"
    }
}
