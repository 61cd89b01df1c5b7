internal import EventLoops
internal import Telemetry

/// The journal that stores nothing: a submission's receipt waits for all of its sinks.
///
/// Bounded: what waits for sinks counts towards the limits of the queue.
final class MemoryJournal: JournalOwner {
    private struct Waiting {
        var submission: Submission
        var bytes: Int
        /// How many of its events some sink hasn't settled.
        var eventsLeft: Int
        var refusal: Receipt.Refusal?
    }

    private let loop: EventLoop
    private let parameters: JournalParameters
    private let sharedStatus: SharedStatus
    private let metrics: JournalMetrics
    /// The events that all sinks have had of late.
    private var recollection: Recollection
    private var receiver: Mailbox<Announcement>?
    private var lastSequence: SequenceNumber = 0
    private var lastSubmission = 0
    private var bytes = 0
    /// How far leaders' sources have read, in this process.
    private var reached: [String: TermCheckpoint] = [:]
    /// Those without a receipt, by a number of their own.
    private var waiting: [Int: Waiting] = [:]
    /// Events that some sink hasn't settled, and whose they are.
    private var pending: [SequenceNumber: (submission: Int, sinks: SinkSet)] = [:]

    init(
        on loop: EventLoop, parameters: JournalParameters, status: SharedStatus,
        metrics: JournalMetrics, recollection: Recollection
    ) {
        self.loop = loop
        self.parameters = parameters
        self.metrics = metrics
        sharedStatus = status
        self.recollection = recollection
    }

    func store(_ submissions: [Submission]) {
        for submission in submissions { store(submission) }
        showFigures()
    }

    func handle(_ requests: [JournalRequest]) {
        for request in requests {
            switch request {
            case .store(let submission): store(submission)
            case .settle(let outcomes): for outcome in outcomes { settle(outcome) }
            case .announce(let receiver): self.receiver = receiver
            case .read(let sink, let after, _):
                // Whoever asks for a page has just taken messages, so there is room for this.
                _ = receiver?.send(
                    .page([], sink: sink, through: max(after, lastSequence), isLast: true))
            case .kept(let request): request.answer(KeptReport(refusal: .memory))
            // Nothing can be prepared where nothing is kept.
            case .pages(_, let question): question?(reached)
            case .stop: return stop()
            }
        }
        showFigures()
    }

    private func store(_ submission: Submission) {
        guard mayStore(submission) else { return refuse(submission, .notLeading) }
        let size = submission.bytes
        let hasRoom =
            waiting.isEmpty
            || waiting.count < parameters.queueRequests && bytes + size <= parameters.queueBytes
        guard hasRoom else { return refuse(submission, .full) }
        let now = WallClock.milliseconds
        let items = submission.items.enumerated().filter { place, item in
            guard !item.sinks.isEmpty else { return false }
            let finding = recollection.finding(submission, at: place, now: now)
            metrics.found(finding, origin: submission.origin)
            return finding != .known
        }.map(\.element)
        guard !items.isEmpty else { return accept(submission) }
        let events = items.enumerated().map { place, item in
            StoredEvent(
                sequence: lastSequence + Int64(place) + 1, event: item.event, sinks: item.sinks,
                origin: submission.origin, receivedMilliseconds: now)
        }
        // What isn't announced can't be read up, so it's as if it never came.
        guard let receiver, receiver.send(.stored(events, after: lastSequence))
        else { return refuse(submission, .sinkUnavailable) }
        lastSequence += Int64(items.count)
        lastSubmission += 1
        for event in events { pending[event.sequence] = (lastSubmission, event.sinks) }
        waiting[lastSubmission] = Waiting(
            submission: submission, bytes: size, eventsLeft: items.count)
        bytes += size
        metrics.storedEvents.add(items.count)
    }

    private func mayStore(_ submission: Submission) -> Bool {
        guard let fence = submission.fence else { return true }
        let known = reached[submission.origin]?.term
        let isOutdated = known?.lease == fence.lease && (known?.number ?? 0) > fence.term
        return !isOutdated && fence.holds
    }

    private func accept(_ submission: Submission) {
        if let fence = submission.fence, let checkpoint = submission.checkpoint {
            let term = fence.checkpointTerm
            reached[submission.origin] = TermCheckpoint(text: checkpoint, term: term)
            fence.reached(
                SourceProgress(
                    source: submission.origin, checkpoint: checkpoint, term: term, page: 0))
        }
        [submission].answer(.accepted)
    }

    private func settle(_ outcome: Outcome) {
        guard 0..<SinkSet.sinksLimit ~= outcome.sink,
            case (let number, var sinks)? = pending[outcome.sequence],
            sinks.remove(SinkSet(sink: outcome.sink)) != nil
        else { return }
        pending[outcome.sequence] = sinks.isEmpty ? nil : (number, sinks)
        if case .deadLetter(let reason) = outcome.result, !isForwarded(outcome, of: number) {
            // Another attempt may help whoever was out of reach, so that tells more.
            let refusal: Receipt.Refusal = reason.isFinal ? .sinkRefused : .sinkUnavailable
            if waiting[number]?.refusal != .sinkUnavailable { waiting[number]?.refusal = refusal }
        }
        guard sinks.isEmpty else { return }
        waiting[number]?.eventsLeft -= 1
        guard waiting[number]?.eventsLeft == 0, let done = waiting.removeValue(forKey: number)
        else { return }
        bytes -= done.bytes
        if let refusal = done.refusal {
            refuse(done.submission, refusal)
        } else {
            remember(done.submission)
            accept(done.submission)
        }
    }

    /// Has a copy delivered to a dead letter sink, whose answer then counts in place of the one
    /// that gave the event up.
    private func isForwarded(_ outcome: Outcome, of number: Int) -> Bool {
        guard let copy = outcome.copy, let waiting = waiting[number] else { return false }
        let event = StoredEvent(
            sequence: lastSequence + 1, event: copy.event, sinks: copy.sinks,
            origin: waiting.submission.origin, receivedMilliseconds: WallClock.milliseconds)
        let isTaken = receiver?.send(.stored([event], after: lastSequence)) ?? false
        metrics.forwarded([outcome], isTaken)
        guard isTaken else { return false }
        lastSequence += 1
        pending[lastSequence] = (number, copy.sinks)
        self.waiting[number]?.eventsLeft += 1
        return true
    }

    /// Only now, for a sender that was refused sends it again.
    private func remember(_ submission: Submission) {
        let now = WallClock.milliseconds
        for place in submission.items.indices where !submission.items[place].sinks.isEmpty {
            _ = recollection.take(submission, at: place, now: now)
        }
        recollection.commit()
    }

    private func refuse(_ submission: Submission, _ refusal: Receipt.Refusal) {
        metrics.refused(refusal.rawValue)
        [submission].answer(.refused(refusal))
    }

    private func showFigures() {
        metrics.events.set(pending.count)
        metrics.bytes.set(bytes)
    }

    private func stop() {
        for waiting in waiting.values { refuse(waiting.submission, .sinkUnavailable) }
        waiting = [:]
        pending = [:]
        sharedStatus.set(.stopped)
        loop.stop()
    }
}

extension DeadLetterReason {
    /// Whether the sink refused the event itself, so that another attempt is in vain.
    ///
    /// Spec: Knative DeliverySpec §retry
    fileprivate var isFinal: Bool {
        guard let status else { return false }
        return status < 500 && ![404, 408, 409, 429].contains(status)
    }
}
