public import Configuration
public import EventLoops
public import Journal
public import Logging
public import Telemetry

/// The thread that delivers stored events: a handle that any thread may use.
///
/// Everything else of the delivery belongs to that thread. `SIGPIPE` is to be ignored by the
/// process before it starts.
public final class Delivery: Sendable {
    private struct Stop: Sendable {
        var timeout: Duration
        var settlesRest: Bool
        var done: @Sendable () -> Void
    }

    private let stops: Mailbox<Stop>
    private let inspections: Mailbox<@Sendable ([SinkStatus]) -> Void>
    private let orders: Mailbox<SinkOrder>
    private let disabled: DisabledSinks
    private let thread: LoopThread
    private let counts: [Invocations]

    /// Starts the thread, which has the journal announce events to it and reads those from before.
    ///
    /// - Parameters:
    ///   - settings: its sinks, sources and routes.
    ///   - version: goes into the `User-Agent` field.
    ///   - announcements: the mailbox that the journal is to send to.
    ///   - news: the mailbox of whoever finds out where sinks are, and gets their tokens.
    ///   - renewToken: has another token got for a sink, and tells whether that will be done.
    ///   - inHand: where it's written down which event is being worked on.
    ///   - journal: sends a request to the journal, and tells whether there was room.
    public static func start(
        _ settings: Settings, version: String, announcements: Mailbox<Announcement>,
        news: Mailbox<SinkNews>? = nil,
        renewToken: @escaping @Sendable (Int) -> Bool = { _ in false }, inHand: InHand? = nil,
        journal: @escaping @Sendable (JournalRequest) -> Bool,
        metrics: Metrics, logger: Logger
    ) throws(SystemError) -> Delivery {
        let stops = try Mailbox<Stop>(messagesLimit: 1)
        let inspections = try Mailbox<@Sendable ([SinkStatus]) -> Void>(messagesLimit: 64)
        let orders = try Mailbox<SinkOrder>(messagesLimit: 256)
        let disabled = DisabledSinks()
        let counts = settings.router == nil ? [] : settings.sinks.map { _ in Invocations() }
        let thread = try EventLoop.start(name: "veer-delivery") { loop throws(SystemError) in
            let dispatcher = try Dispatcher(
                settings, loop: loop, userAgent: "veer/\(version)", output: 1, journal: journal,
                metrics: metrics, logger: logger, invocations: counts, disabled: disabled,
                inHand: inHand, renewToken: renewToken)
            try orders.receive(on: loop) { dispatcher.receive($0) }
            try announcements.receive(on: loop) { dispatcher.receive($0) }
            try inspections.receive(on: loop) { inspections in
                for inspection in inspections { inspection(dispatcher.statuses) }
            }
            try news?.receive(on: loop) { dispatcher.take($0) }
            try stops.receive(on: loop) { stops in
                for stop in stops {
                    dispatcher.stop(within: stop.timeout, settlesRest: stop.settlesRest) {
                        loop.stop()
                        stop.done()
                    }
                }
            }
            begin(dispatcher, on: loop) { journal(.announce(to: announcements)) }
        }
        return Delivery(
            stops: stops, inspections: inspections, orders: orders, disabled: disabled,
            thread: thread, counts: counts)
    }

    private init(
        stops: Mailbox<Stop>, inspections: Mailbox<@Sendable ([SinkStatus]) -> Void>,
        orders: Mailbox<SinkOrder>, disabled: DisabledSinks, thread: LoopThread,
        counts: [Invocations]
    ) {
        self.stops = stops
        self.inspections = inspections
        self.orders = orders
        self.disabled = disabled
        self.thread = thread
        self.counts = counts
    }

    /// Ends the deliveries; called once, from any thread.
    ///
    /// No attempt begins any more, and those under way may end. After the time limit they are cut
    /// off, and their events stay in the journal, to be delivered after the next start.
    ///
    /// - Parameters:
    ///   - timeout: how long attempts that are under way may take to end.
    ///   - settlesRest: for a journal in memory, whose senders wait for an answer: events that
    ///     aren't delivered by then are given up, with the code `shutting_down`.
    ///   - done: called on the delivery's thread, when the journal has all outcomes or two
    ///     seconds after the time limit; the journal may be stopped from then on.
    public func stop(
        within timeout: Duration, settlesRest: Bool, _ done: @escaping @Sendable () -> Void
    ) {
        _ = stops.send(Stop(timeout: timeout, settlesRest: settlesRest, done: done))
    }

    /// Asks how the sinks do, in the configuration's order.
    ///
    /// - Parameter answer: called on the delivery's thread.
    /// - Returns: whether there was room for the question.
    public func inspect(_ answer: @escaping @Sendable ([SinkStatus]) -> Void) -> Bool {
        inspections.send(answer)
    }

    /// Waits for the thread's end; called once, after ``stop(within:settlesRest:_:)``.
    public func join() { thread.join() }

    /// The sinks that answered 410, and so are sent nothing until they're enabled.
    public var disabledSinks: SinkSet { disabled.sinks }

    /// Sends events again to a sink that answered 410; of no effect for others.
    ///
    /// - Parameter place: its place among the settings' sinks.
    /// - Returns: whether there was room for the request; if not, it may be repeated.
    public func enable(sink place: Int) -> Bool { orders.send(.enable(sink: place)) }

    /// Uses a sink's secrets, which were read again, from the next request on.
    ///
    /// - Returns: whether there was room for the request; if not, it may be repeated.
    public func replaceSecrets(ofSink place: Int, with settings: HTTPSinkSettings) -> Bool {
        orders.send(.replaceSecrets(sink: place, settings))
    }

    /// What was delivered to a sink, by subject; counted where a `RouterConfig` was read only.
    public func invocations(ofSink place: Int) -> Invocations? {
        place < counts.count ? counts[place] : nil
    }
}

/// Starts when the journal knows whom to tell; it may have no room for that at first.
private func begin(
    _ dispatcher: Dispatcher, on loop: EventLoop, _ announce: @escaping () -> Bool
) {
    guard announce() else {
        loop.schedule(after: .milliseconds(10)) { begin(dispatcher, on: loop, announce) }
        return
    }
    dispatcher.start()
}
