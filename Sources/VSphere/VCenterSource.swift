internal import CloudEvents
internal import Configuration
internal import EventLoops
internal import Glibc
internal import Journal
internal import Logging
internal import Outbound
internal import Telemetry

/// Reads one vCenter's events into the journal.
///
/// One thing is under way at a time: a call, or a page on its way into the journal, or a wait. So
/// there is never more than one page in memory, and a full journal slows the reading down.
///
/// Owner: the loop it was made on.
final class VCenterSource {
    private let name: String
    private let loop: EventLoop
    private let http: HTTPClient
    private var client: VCenterClient
    /// With what to log in next, where that has changed.
    private var renewal: VCenterSettings?
    private let context: VSphereContext
    private let place: VSphereContext.Place
    private let metrics: VCenterMetrics
    private let receipts: Mailbox<Receipt>
    private var session = SessionState()
    private var stream: EventStream
    private var maker: EventMaker
    private var limiter = LogLimiter()
    private var timer: LoopTimer?
    /// What waits for its receipt.
    private var submission: Submission?
    /// The journal has it.
    private var isSubmitted = false
    private var attemptsLeft = 0
    private var storedSince: Timestamp?
    private var isStopping = false
    /// Called when the session is to be ended, after the journal's last answer.
    private var onStored: (() -> Void)?

    /// When a submission is made again that the journal didn't take.
    private static let retryDelay = Duration.milliseconds(500)
    /// How often a page is submitted that sinks didn't take, in memory mode.
    private static let attemptsLimit = 4
    /// A checkpoint without events is worth storing when it has moved by so much.
    private static let quietSpan: Int64 = 300 * 1_000_000

    init(
        _ place: VSphereContext.Place, http: HTTPClient, on loop: EventLoop,
        _ context: VSphereContext, receipts: Mailbox<Receipt>
    ) {
        name = place.name
        self.loop = loop
        self.place = place
        self.http = http
        self.context = context
        self.receipts = receipts
        client = VCenterClient(place.settings, http: http)
        metrics = VCenterMetrics(context.metrics, source: place.name)
        maker = EventMaker(place.settings)
        let checkpoint = place.checkpoint.flatMap { Checkpoint(text: $0) }
        stream = EventStream(checkpoint, replay: place.settings.replay)
        storedSince = checkpoint?.seen.since
        if place.checkpoint != nil, checkpoint == nil {
            log(.error, "the checkpoint can't be read; events are read from now on")
        }
    }

    /// Logs in with another password, or trusts another certificate, from the next time on.
    func renew(_ settings: VCenterSettings) {
        renewal = settings
        guard !session.isOpen, !isStopping, let timer else { return }
        // Nothing is under way, and it's no use to wait any longer with what was wrong.
        loop.cancel(timer)
        session = SessionState()
        turn()
    }

    /// Begins to read.
    func start() { turn() }

    /// Ends the session; calls `done` when that is through.
    func stop(_ done: @escaping () -> Void) {
        isStopping = true
        if let timer { loop.cancel(timer) }
        // Where only a leader may store, this is answered when the Lease tells of it.
        guard isSubmitted else { return logOut(done) }
        onStored = { [weak self] in self?.logOut(done) }
    }

    private func logOut(_ done: @escaping () -> Void) {
        metrics.isConnected.set(0)
        guard session.isOpen else { return done() }
        client.call(.logout) { _ in done() }
    }

    /// Gives up what is under way; nothing may be asked afterwards.
    func close() { http.close() }

    // MARK: - One thing at a time

    private func turn() {
        timer = nil
        guard !isStopping, submission == nil else { return }
        switch session.step(now: loop.now) {
        case .wait(let until): wait(until: until)
        case .call(let call): ask(call)
        case .isOpen:
            switch stream.step(now: loop.now) {
            case .wait(let until): wait(until: until)
            case .call(let call): ask(call)
            }
        }
    }

    private func wait(until: ContinuousClock.Instant) {
        timer = loop.schedule(after: until - loop.now) { [weak self] in self?.turn() }
    }

    private func ask(_ call: VCenterCall) {
        if call == .retrieveServiceContent, let settings = renewal {
            renewal = nil
            client = VCenterClient(settings, http: http)
        }
        client.call(call) { [weak self] outcome in
            guard let self, !isStopping else { return }
            switch outcome {
            case .success(let answer): received(call, answer)
            case .failure(let failure): failed(call, failure)
            }
        }
    }

    private func received(_ call: VCenterCall, _ answer: VCenterAnswer) {
        session.succeeded(call)
        metrics.isConnected.set(session.isOpen ? 1 : 0)
        switch call {
        case .retrieveServiceContent:
            if place.settings.tellsVersion { maker.apiVersion = client.content.apiVersion }
            return turn()
        case .login:
            metrics.logins.add()
            log(.info, "logged in", ["apiVersion": "\(client.content.apiVersion)"])
            return turn()
        default: break
        }
        let places = stream.received(call, answer, now: loop.now)
        tell(stream.takeFindings())
        store(places.map { answer.events[$0] })
    }

    private func failed(_ call: VCenterCall, _ failure: VCenterFailure) {
        metrics.failures.add()
        metrics.isConnected.set(0)
        place.failed.add()
        let verdict = session.failed(
            call, failure, now: loop.now, jitter: Double.random(in: 0...1))
        switch verdict {
        case .refused:
            log(
                .error,
                "vCenter refuses the credentials; the next attempt is some minutes away, so that "
                    + "the account isn't locked", ["detail": "\(failure)"])
        case .sessionGone:
            log(.notice, "the session is gone; logging in again")
            stream.lostSession()
        case .retry:
            if session.isOpen { stream.failed(call, failure, now: loop.now) }
            guard let leftOut = limiter.admit(call.method, now: loop.now) else { break }
            log(
                .warning, "vCenter didn't answer",
                ["call": "\(call.method)", "detail": "\(failure)", "alsoLeftOut": "\(leftOut)"])
        }
        tell(stream.takeFindings())
        turn()
    }

    private func tell(_ findings: [Finding]) {
        for finding in findings {
            metrics.findings[finding]?.add()
            guard let leftOut = limiter.admit(finding.rawValue, now: loop.now) else { continue }
            log(
                finding.isLoss ? .error : .warning, finding.text,
                ["kind": "\(finding.rawValue)", "alsoLeftOut": "\(leftOut)"])
        }
    }

    private func log(
        _ level: Logger.Level, _ text: String, _ details: Logger.Metadata = [:]
    ) {
        let metadata: Logger.Metadata = ["source": "\(name)"]
        context.logger.log(level: level, "\(text)", metadata: metadata.merging(details) { $1 })
    }

    // MARK: - Storing

    private func store(_ events: [VCenterEvent]) {
        guard let checkpoint = stream.checkpoint else { return turn() }
        let since = checkpoint.seen.since
        let moved = storedSince.map { since.microseconds - $0.microseconds }
        guard !events.isEmpty || moved ?? .max > Self.quietSpan else { return turn() }
        let oddities = maker.oddities
        var items: [Submission.Item] = []
        for event in events {
            let made = maker.event(of: event)
            let sinks = place.sinks(made)
            if sinks.isEmpty {
                metrics.unrouted.add()
            }
            if !sinks.isEmpty || place.keepsUnrouted {
                items.append(Submission.Item(event: made, sinks: sinks))
            }
        }
        metrics.oddities.add(maker.oddities - oddities)
        metrics.events.add(events.count)
        place.received.add(events.count)
        if let newest = events.compactMap({ $0.created?.timestamp.seconds }).max() {
            metrics.newestSeconds.set(Int(newest))
            metrics.lagSeconds.set(max(0, Int(time(nil)) - Int(newest)))
        }
        storedSince = since
        submission = Submission(
            items: items, origin: name, ticket: place.ticket, receipts: receipts,
            checkpoint: checkpoint.text, fence: context.fence)
        attemptsLeft = Self.attemptsLimit
        submit()
    }

    private func submit() {
        guard !isStopping, let submission else { return }
        isSubmitted = context.submit(submission)
        if !isSubmitted { submitLater() }
    }

    private func submitLater() {
        guard !isStopping else { return }
        timer = loop.schedule(after: Self.retryDelay) { [weak self] in self?.submit() }
    }

    /// Takes the journal's answer to what was submitted last.
    func received(_ result: Receipt.Result) {
        isSubmitted = false
        defer { onStored.take()?() }
        switch result {
        case .accepted:
            submission = nil
        case .refused(.notLeading):
            // Another reads on from what the Lease tells; this source is about to be stopped.
            log(.notice, "what was read last is left to the lease: this process leads no more")
            isStopping = true
            return
        case .refused(.sinkUnavailable) where attemptsLeft > 1:
            // Some of the page may come twice; that is better than not at all.
            attemptsLeft -= 1
            return submitLater()
        case .refused(.sinkRefused), .refused(.sinkUnavailable):
            // Nothing is stored that could be tried again, and the sinks were tried often enough.
            log(.error, "sinks didn't take all events of a page; they are given up")
            place.failed.add()
            submission = nil
        case .refused(let refusal):
            if limiter.admit("journal", now: loop.now) != nil {
                log(.warning, "the journal takes no events", ["reason": "\(refusal.rawValue)"])
            }
            return submitLater()
        }
        turn()
    }
}

extension VCenterAnswer {
    /// The events in it.
    fileprivate var events: [VCenterEvent] {
        switch self {
        case .events(let events), .updates(_, let events): events
        default: []
        }
    }
}
