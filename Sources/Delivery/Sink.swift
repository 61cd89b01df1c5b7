internal import Configuration
internal import EventLoops
internal import Journal

/// Drives one sink: asks its ``SinkQueue`` what to do, does it, and tells it what came of it.
///
/// Ownership: belongs to the delivery's loop.
final class Sink {
    /// What a sink needs of the delivery around it.
    struct Surroundings {
        var loop: EventLoop
        var settle: (Outcome) -> Void
        var askForPage: (_ sink: Int, _ after: SequenceNumber, _ limit: Int) -> Bool
        /// An attempt ended, and nothing may be under way any more.
        var didEndAttempt: () -> Void
    }

    /// How long to wait before the journal is asked again that had no room for a request.
    private static let pause = Duration.milliseconds(10)

    let place: Int
    private var queue: SinkQueue
    private let policies: RetryPolicies
    private let copies: DeadLetterCopies
    private let target: any SinkTarget
    private let surroundings: Surroundings
    private var reports: SinkReports
    private var isPumping = false
    private var isStopping = false
    private var wake: (timer: LoopTimer, time: ContinuousClock.Instant)?

    init(
        place: Int, queue: SinkQueue, policies: RetryPolicies, copies: DeadLetterCopies,
        target: any SinkTarget, reports: SinkReports, surroundings: Surroundings
    ) {
        self.copies = copies
        self.place = place
        self.queue = queue
        self.policies = policies
        self.target = target
        self.reports = reports
        self.surroundings = surroundings
        target.onReady = { [weak self] in
            guard let self else { return }
            self.queue.beginAnew(now: surroundings.loop.now)
            pump()
        }
    }

    /// How it does.
    var status: SinkStatus {
        SinkStatus(
            isUp: reports.isUp, queueEvents: queue.count, underWay: queue.underWayCount,
            obstacle: target.obstacle)
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
            settle(stored, .deadLetter(reason), copy: copy(of: stored, result))
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

    /// Begins what can begin now, and sees to it that the rest isn't forgotten.
    func pump() {
        // A target may complete at once, and then we're in the midst of the loop below.
        guard !isPumping, !isStopping else { return }
        isPumping = true
        while target.obstacle == nil, let attempt = queue.next(now: surroundings.loop.now) {
            begin(attempt)
        }
        isPumping = false
        reports.queueEvents(queue.count)
        let needsPause = !askForPage()
        let wakeTime = target.obstacle == nil ? queue.wakeTime : nil
        schedule(needsPause ? surroundings.loop.now + Self.pause : wakeTime)
    }

    private func begin(_ attempt: SinkQueue.Attempt) {
        let began = surroundings.loop.now
        let timeout = policies[attempt.stored.origin].settings.timeout
        target.send(attempt.stored, timeout: timeout) { [unowned self] result in
            if let result {
                end(attempt, result, took: surroundings.loop.now - began)
            } else {
                queue.takeBack(attempt)
            }
            surroundings.didEndAttempt()
        }
    }

    private func end(_ attempt: SinkQueue.Attempt, _ result: DeliveryResult, took: Duration) {
        let now = surroundings.loop.now
        let verdict = queue.end(attempt, result, now: now, random: .random(in: 0..<1))
        reports.ended(verdict, on: result, took: took, now: now)
        switch verdict {
        case .delivered: settle(attempt.stored, .delivered)
        case .deadLetter(let reason):
            settle(attempt.stored, .deadLetter(reason), copy: copy(of: attempt.stored, result))
        case .retry: break
        }
        pump()
    }

    private func copy(
        of stored: StoredEvent, _ result: DeliveryResult
    ) -> Submission.Item? {
        copies.copy(of: stored, result, address: target.address)
    }

    private func settle(
        _ stored: StoredEvent, _ result: Outcome.Result, copy: Submission.Item? = nil
    ) {
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
