internal import Configuration
internal import EventLoops
internal import Glibc
internal import Journal

/// Drives one sink: asks its ``SinkQueue`` what to do, does it, and tells it what came of it.
///
/// Ownership: belongs to the delivery's loop.
final class Sink {
    /// What a sink needs of the delivery around it.
    struct Surroundings {
        var loop: EventLoop
        /// Where it's written down which event is being worked on.
        var inHand: InHand?
        var settle: (Outcome) -> Void
        var askForPage: (_ sink: Int, _ after: SequenceNumber, _ limit: Int) -> Bool
        /// An attempt ended, and nothing may be under way any more.
        var didEndAttempt: () -> Void
        /// A sink is gone for good, or isn't any more.
        var setDisabled: (_ sink: Int, _ isDisabled: Bool) -> Void
    }

    /// How long to wait before the journal is asked again that had no room for a request.
    private static let pause = Duration.milliseconds(10)

    let place: Int
    private var queue: SinkQueue
    private let policies: RetryPolicies
    private let copies: DeadLetterCopies
    private let sendsBatches: Bool
    private let target: any SinkTarget
    private let surroundings: Surroundings
    private var reports: SinkReports
    private var isPumping = false
    private var isStopping = false
    private var wake: (timer: LoopTimer, time: ContinuousClock.Instant)?

    init(
        place: Int, queue: SinkQueue, policies: RetryPolicies, copies: DeadLetterCopies,
        sendsBatches: Bool,
        target: any SinkTarget, reports: SinkReports, surroundings: Surroundings
    ) {
        self.copies = copies
        self.place = place
        self.queue = queue
        self.policies = policies
        self.sendsBatches = sendsBatches
        self.target = target
        self.reports = reports
        self.surroundings = surroundings
        target.onReady = { [weak self] in self?.pump() }
        target.onMove = { [weak self] in self?.move() }
    }

    /// How it does.
    var status: SinkStatus {
        SinkStatus(
            address: target.address, isUp: reports.isUp, queueEvents: queue.count,
            underWay: queue.underWayCount,
            obstacle: target.obstacle, isDisabled: queue.isDisabled)
    }

    /// No attempt is under way.
    var isIdle: Bool { queue.underWayCount == 0 }

    /// Takes announced events.
    func take(_ events: [StoredEvent], after: SequenceNumber) {
        for stored in queue.take(events, after: after) {
            let detail = "too many events wait for the sink"
            let reason = DeadLetterReason(
                code: "queue_full", status: nil, detail: detail, attempts: 0)
            let result = DeliveryResult.unanswered(kind: reason.code, detail: detail)
            settle(stored, .deadLetter(reason), after: result)
        }
        pump()
    }

    /// Takes a page.
    func take(page: [StoredEvent], through: SequenceNumber, isLast: Bool) {
        queue.take(page: page, through: through, isLast: isLast)
        pump()
    }

    /// Begins no other attempt.
    func stop() { isStopping = true }

    /// Gives up what is under way.
    func cancelAll() { target.cancelAll() }

    /// Settles all that it holds and that isn't under way, as given up.
    func settleRest(_ reason: DeadLetterReason) {
        for stored in queue.removeAll() {
            settle(stored, .deadLetter(reason))
        }
    }

    /// The sink is elsewhere from now on, and there it may not be gone.
    private func move() {
        enable()
        queue.beginAnew(now: surroundings.loop.now)
        pump()
    }

    /// Sends again, if the sink said that it was gone; of no effect otherwise.
    func enable() {
        guard queue.isDisabled else { return }
        queue.enable()
        target.resume()
        reports.isDisabled(false)
        surroundings.setDisabled(place, false)
        pump()
    }

    /// Takes secrets that were read again.
    func replaceSecrets(_ settings: HTTPSinkSettings) {
        target.replaceSecrets(settings)
        pump()
    }

    /// Begins what can begin now, and sees to it that the rest isn't forgotten.
    func pump() {
        // A target may complete at once, and then we're in the midst of the loop below.
        guard !isPumping, !isStopping else { return }
        isPumping = true
        while target.obstacle == nil, let attempt = queue.next(now: surroundings.loop.now) {
            begin(attempt)
        }
        isPumping = false
        if queue.isDisabled { giveUpAll() }
        reports.queueEvents(queue.count)
        let needsPause = !askForPage()
        let wakeTime = target.obstacle == nil ? queue.wakeTime : nil
        schedule(needsPause ? surroundings.loop.now + Self.pause : wakeTime)
    }

    private func begin(_ attempt: SinkQueue.Attempt) {
        let began = surroundings.loop.now
        let timeout = policies[attempt.stored.origin].settings.timeout
        let completion = { [unowned self] (result: DeliveryResult?) in
            if let result {
                end(attempt, result, took: surroundings.loop.now - began)
                pump()
            } else {
                queue.takeBack(attempt)
                pump()
            }
            surroundings.didEndAttempt()
        }
        surroundings.inHand?.take(attempt)
        defer { surroundings.inHand?.putDown() }
        if sendsBatches {
            target.send(batch: attempt.events, timeout: timeout, completion)
        } else {
            target.send(attempt.stored, timeout: timeout, completion)
        }
    }

    private func end(_ attempt: SinkQueue.Attempt, _ result: DeliveryResult, took: Duration) {
        surroundings.inHand?.take(attempt)
        defer { surroundings.inHand?.putDown() }
        let now = surroundings.loop.now
        let wasDisabled = queue.isDisabled
        let verdict = queue.end(
            attempt, result, age: age(of: attempt.stored), now: now, random: .random(in: 0..<1))
        reports.ended(verdict, on: result, took: took, now: now)
        switch verdict {
        case .delivered: attempt.forEachEvent { settle($0, .delivered) }
        case .deadLetter(let reason):
            attempt.forEachEvent { settle($0, .deadLetter(reason), after: result) }
        case .retry, .retryOneByOne: break
        }
        if queue.isDisabled, !wasDisabled {
            target.suspend()
            reports.isDisabled(true)
            surroundings.setDisabled(place, true)
        }
    }

    /// By the clock on the wall, since events outlive the process.
    private func age(of stored: StoredEvent) -> Duration {
        .seconds(Int64(time(nil))) - .milliseconds(stored.receivedMilliseconds)
    }

    private func giveUpAll() {
        let reason = DeadLetterReason(
            code: "sink_disabled", status: nil, detail: "the sink answered 410 to another event",
            attempts: 0)
        for stored in queue.removeAll() {
            settle(stored, .deadLetter(reason), after: .answered(status: 410))
        }
    }

    /// - Parameter answer: what gave the event up, where its dead letter sink is to be told.
    private func settle(
        _ stored: StoredEvent, _ result: Outcome.Result, after answer: DeliveryResult? = nil
    ) {
        surroundings.inHand?.take(stored.sequence)
        defer { surroundings.inHand?.putDown() }
        let copy = answer.flatMap { copies.copy(of: stored, $0, address: target.address) }
        reports.settled(stored, result, now: surroundings.loop.now)
        surroundings.settle(
            Outcome(sequence: stored.sequence, sink: place, result: result, copy: copy))
    }

    /// Whether the journal had room for the request, if there was one.
    private func askForPage() -> Bool {
        guard let page = queue.wantedPage else { return true }
        guard surroundings.askForPage(place, page.after, page.limit) else { return false }
        queue.didAskForPage()
        return true
    }

    private func schedule(_ time: ContinuousClock.Instant?) {
        guard let time, wake.map({ time < $0.time }) ?? true else { return }
        if let wake { surroundings.loop.cancel(wake.timer) }
        let delay = time - surroundings.loop.now
        let timer = surroundings.loop.schedule(after: delay) { [weak self] in
            self?.wake = nil
            self?.pump()
        }
        wake = (timer, time)
    }
}
