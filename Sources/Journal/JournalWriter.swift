internal import CloudEvents
internal import EventLoops
internal import Glibc
internal import Logging
internal import Telemetry

/// The durable journal's thread: commits whatever waits, again and again.
///
/// While one transaction is under way the next one's submissions and outcomes gather in the
/// mailboxes, so the slower the disk is, the more of them share its cost. What it can't do now
/// because there is no room is decided here; what a row means is ``JournalStore``'s matter.
final class JournalWriter: JournalOwner {
    struct Read {
        var sink: Int
        var after: SequenceNumber
        var limit: Int
    }

    /// The most outcomes that one transaction settles; more would outgrow the log's reserve.
    static let outcomesLimit = 2_048
    static let purgeLimit = 2_048
    static let gatheringLimit = Duration.microseconds(200)
    /// How long outcomes wait for submissions, whose commit they then share.
    ///
    /// Nobody waits for them; those that a crash forgets are delivered again.
    static let outcomesPatience = Duration.milliseconds(1)

    let loop: EventLoop
    var store: JournalStore?
    let parameters: JournalParameters
    let sharedStatus: SharedStatus
    let metrics: JournalMetrics
    let logger: Logger
    var announcer: Announcer
    var admission: Admission
    var status = JournalStatus.writable

    var submissions: [Submission] = []
    var outcomes: [Outcome] = []
    var reads: [Read] = []
    var keptRequests: [KeptRequest] = []
    var limiter = LogLimiter()
    var letterSweep = LetterSweep()
    var isStopping = false
    var hasTurn = false
    var hasPatience = false
    var hasNews = false
    var retriesSending = false
    var oldest: SequenceNumber = 0
    var shownDeadLetters: [String: Int] = [:]
    var pages = PagesUnderWay()

    init(
        _ store: JournalStore, on loop: EventLoop, parameters: JournalParameters,
        status: SharedStatus, metrics: JournalMetrics, logger: Logger
    ) {
        self.store = store
        self.loop = loop
        self.parameters = parameters
        self.metrics = metrics
        self.logger = logger
        sharedStatus = status
        announcer = Announcer(stored: store.counters.lastSequence)
        admission = Admission(store.budget)
        do throws(DatabaseError) {
            try findPages(in: store)
            try store.makeRoom(storing: store.budget.transactionBytes)
        } catch {
            block(error)
        }
        showFigures(of: store)
        tick()
    }

    func store(_ submissions: [Submission]) {
        self.submissions += submissions
        hasNews = true
        takeTurn()
    }

    func handle(_ requests: [JournalRequest]) {
        var isUrgent = false
        for request in requests {
            if case .settle = request {} else { isUrgent = true }
            switch request {
            case .store(let submission): submissions.append(submission)
            case .settle(let outcomes): self.outcomes += outcomes
            case .announce(let receiver): announcer.announce(to: receiver)
            case .read(let sink, let after, let limit):
                reads.append(Read(sink: sink, after: after, limit: limit))
            case .kept(let request): keptRequests.append(request)
            case .pages(let news, let question): pages.received(news, then: question)
            case .stop: isStopping = true
            }
        }
        if isUrgent || outcomes.count >= Self.outcomesLimit {
            takeTurn()
        } else {
            waitForSubmissions()
        }
    }

    /// Has outcomes settled in the next turn, and takes one if none comes soon.
    private func waitForSubmissions() {
        guard !hasPatience else { return }
        hasPatience = true
        loop.schedule(after: Self.outcomesPatience) {
            self.hasPatience = false
            if !self.outcomes.isEmpty { self.takeTurn() }
        }
    }

    /// Has everything that comes in now done at once.
    func takeTurn() {
        guard !hasTurn else { return }
        hasTurn = true
        gather(since: loop.now)
    }

    /// Looks into the mailboxes again as long as each look finds submissions: their senders are
    /// at it just now, and what a transaction costs doesn't depend much on how many share it.
    private func gather(since began: ContinuousClock.Instant) {
        hasNews = false
        // They may need the processor that this thread is on.
        sched_yield()
        loop.schedule(after: .nanoseconds(1)) {
            if self.hasNews, self.loop.now - began < Self.gatheringLimit {
                self.gather(since: began)
            } else {
                self.turn()
            }
        }
    }

    private func turn() {
        hasTurn = false
        guard let store else { return }
        if hasFailed { (outcomes, reads) = ([], []) }
        var waiting = submissions[...]
        submissions = []
        repeat {
            let group = admit(&waiting, to: store)
            guard commit(group, in: store) else { break }
            checkpoint(store)
        } while !waiting.isEmpty || !outcomes.isEmpty
        refuse(waiting)
        decidePages(in: store)
        maintain(store)
        answerReads(from: store)
        answerKept(from: store)
        if isStopping { stop(store) }
    }

    // MARK: - Committing

    /// Takes as many submissions as one transaction stores, and refuses those that don't fit.
    private func admit(_ waiting: inout ArraySlice<Submission>, to store: JournalStore)
        -> ArraySlice<Submission>
    {
        guard status.isWritable else {
            refuse(waiting)
            waiting = []
            return []
        }
        var bytes = 0
        var group: ArraySlice<Submission> = []
        while let submission = waiting.first {
            let size = submission.bytes
            guard group.isEmpty || bytes + size <= store.budget.transactionBytes else { break }
            waiting.removeFirst()
            if admission.admits(bytes + size, beside: store.usedBytes) {
                bytes += size
                group.append(submission)
            } else {
                refuse([submission], .full)
            }
        }
        do {
            try store.makeRoom(storing: bytes)
        } catch {
            block(error)
            refuse(group)
            return []
        }
        return group
    }

    /// Stores a group and settles what waits, in one transaction.
    ///
    /// - Returns: whether it's worth going on.
    private func commit(_ group: ArraySlice<Submission>, in store: JournalStore) -> Bool {
        let group = current(group)
        let settled = outcomesForOneTransaction(store)
        guard !group.isEmpty || !settled.isEmpty else { return true }
        if case .refusing(.failed, _) = status { return false }
        let began = ContinuousClock.now
        let storesCopies = makesRoom(for: settled, beside: group, in: store)
        var outcome = GroupOutcome()
        do {
            let corrupt = store.corruptRecords
            let now = WallClock.milliseconds
            try store.transaction { () throws(DatabaseError) in
                outcome.stored = try store.settle(settled, storesCopies: storesCopies, now: now)
                for (place, submission) in zip(group.indices, group) {
                    if let fence = submission.fence {
                        try self.store(
                            submission, fence, at: place, in: store, now: now, into: &outcome)
                    } else {
                        try self.store(submission, in: store, now: now, into: &outcome.stored)
                    }
                }
            }
            report(corrupt: store.corruptRecords - corrupt)
        } catch {
            block(error)
            refuse(group)
            // Outcomes alone need less room.
            return !group.isEmpty && error.kind == .noRoom
        }
        outcomes.removeFirst(settled.count)
        metrics.forwarded(settled, storesCopies)
        tell(group, outcome)
        answer(group, outcome)
        committed(outcome.stored, since: began)
        return true
    }

    /// Counts and announces what a transaction has stored.
    func committed(_ stored: [StoredEvent], since began: ContinuousClock.Instant) {
        metrics.commits.add()
        metrics.commitDuration.observe(ContinuousClock.now - began)
        metrics.storedEvents.add(stored.count)
        announcer.announce(stored)
    }

    /// Those that no leader's term forbids; the others are refused.
    private func current(_ group: ArraySlice<Submission>) -> ArraySlice<Submission> {
        guard group.contains(where: { $0.fence?.holds == false }) else { return group }
        refuse(group.filter { $0.fence?.holds == false }[...], .notLeading)
        return group.filter { $0.fence?.holds != false }[...]
    }

    private func answer(_ group: ArraySlice<Submission>, _ outcome: GroupOutcome) {
        let (outdated, prepared) = (outcome.outdated, outcome.prepared)
        guard !outdated.isEmpty || !prepared.isEmpty else { return group.answer(.accepted) }
        let places = zip(group.indices, group).filter { prepared[$0.0] == nil }
        places.filter { !outdated.contains($0.0) }.map(\.1).answer(.accepted)
        refuse(places.filter { outdated.contains($0.0) }.map(\.1)[...], .notLeading)
    }

    func store(
        _ submission: Submission, in store: JournalStore, now: Int64,
        into stored: inout [StoredEvent]
    ) throws(DatabaseError) {
        let origin = try store.origin(submission.origin)
        for (place, item) in submission.items.enumerated() {
            let pending = store.sinks.pending(item.sinks)
            guard pending != 0 || store.keepsUnrouted else { continue }
            let finding = store.recollection?.take(submission, at: place, now: now)
            if let finding { metrics.found(finding, origin: submission.origin) }
            guard finding != .known else { continue }
            try insert(
                item.event, pending: pending, origin, submission.origin, in: store, now: now,
                into: &stored)
        }
        if let checkpoint = submission.checkpoint {
            try Checkpoints.save(
                checkpoint, of: submission.origin, in: store.database, now: now)
        }
    }

    /// Stores an event for the sinks of these bits, or for people where there are none.
    func insert(
        _ event: Event, pending: UInt64, _ origin: Int64, _ name: String, in store: JournalStore,
        now: Int64, into stored: inout [StoredEvent]
    ) throws(DatabaseError) {
        guard pending != 0 else {
            if store.keepsUnrouted {
                try store.insertUnrouted(event, origin: origin, received: now)
            }
            return
        }
        let sequence = try store.insert(
            event, pending: pending, origin: origin, received: now)
        stored.append(
            StoredEvent(
                sequence: sequence, event: event, sinks: store.sinks.sinks(pending),
                origin: name, receivedMilliseconds: now))
    }

    func refuse(
        _ submissions: ArraySlice<Submission>, _ refusal: Receipt.Refusal? = nil
    ) {
        guard !submissions.isEmpty else { return }
        var reason = refusal ?? .failed
        if refusal == nil, case .refusing(let current, _) = status { reason = current }
        metrics.refused(reason.rawValue, submissions.count)
        submissions.answer(.refused(reason))
    }

    // MARK: - Reading

    private func answerReads(from store: JournalStore) {
        announcer.closeGap()
        // While outcomes can't be settled the delivery gets no more events, or it would hold
        // ever more outcomes for us.
        guard outcomes.isEmpty else { return }
        while let read = reads.first, !hasFailed {
            guard store.sinks.names.indices ~= read.sink else {
                reads.removeFirst()
                continue
            }
            do {
                let page = try store.page(
                    sink: read.sink, after: read.after, limit: read.limit)
                guard
                    announcer.send(
                        .page(
                            page.events, sink: read.sink, through: page.through,
                            isLast: page.isLast))
                else { break }
                reads.removeFirst()
                quarantine(page.corrupt, sink: read.sink, in: store)
            } catch {
                block(error)
                break
            }
        }
        if announcer.hasGap || !reads.isEmpty { retrySending() }
    }

    /// The receiver's mailbox doesn't tell when it has room again.
    private func retrySending() {
        guard !retriesSending, !hasFailed else { return }
        retriesSending = true
        loop.schedule(after: .milliseconds(10)) {
            self.retriesSending = false
            self.takeTurn()
        }
    }

    private func quarantine(_ records: [Record], sink: Int, in store: JournalStore) {
        guard !records.isEmpty else { return }
        do {
            let now = WallClock.milliseconds
            try store.transaction { () throws(DatabaseError) in
                for record in records {
                    try store.quarantine(
                        record, besides: 1 << UInt64(store.sinks.bits[sink]), now: now)
                }
            }
        } catch {
            block(error)
        }
        report(corrupt: records.count)
        showFigures(of: store)
    }

    func report(corrupt count: Int) {
        guard count > 0 else { return }
        metrics.corruptEvents.add(count)
        logger.error(
            "stored events are not what was accepted; they are not delivered",
            metadata: [
                "events": "\(count)", "file": "\(parameters.path)/\(Schema.fileName)",
                "code": "\(JournalStore.corruptCode)",
            ])
    }
}
