internal import EventLoops
internal import Logging
internal import Telemetry

/// The durable journal's thread: commits whatever waits, again and again.
///
/// While one transaction is under way the next one's submissions and outcomes gather in the
/// mailboxes, so the slower the disk is, the more of them share its cost. What it can't do now
/// because there is no room is decided here; what a row means is ``JournalStore``'s matter.
final class JournalWriter: JournalOwner {
    private struct Read {
        var sink: Int
        var after: SequenceNumber
        var limit: Int
    }

    /// The most outcomes that one transaction settles; more would outgrow the log's reserve.
    private static let outcomesLimit = 2_048
    private static let purgeLimit = 2_048

    private let loop: EventLoop
    private var store: JournalStore?
    private let parameters: JournalParameters
    private let sharedStatus: SharedStatus
    private let metrics: JournalMetrics
    private let logger: Logger
    private var announcer: Announcer
    private var admission: Admission
    private var status = JournalStatus.writable

    private var submissions: [Submission] = []
    private var outcomes: [Outcome] = []
    private var reads: [Read] = []
    private var isStopping = false
    private var hasTurn = false
    private var retriesSending = false
    private var oldest: SequenceNumber = 0
    private var shownDeadLetters: [String: Int] = [:]

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
            try store.makeRoom(storing: store.budget.transactionBytes)
        } catch {
            block(error)
        }
        showFigures(of: store)
        tick()
    }

    func store(_ submissions: [Submission]) {
        self.submissions += submissions
        takeTurn()
    }

    func handle(_ requests: [JournalRequest]) {
        for request in requests {
            switch request {
            case .store(let submission): submissions.append(submission)
            case .settle(let outcomes): self.outcomes += outcomes
            case .announce(let receiver): announcer.announce(to: receiver)
            case .read(let sink, let after, let limit):
                reads.append(Read(sink: sink, after: after, limit: limit))
            case .stop: isStopping = true
            }
        }
        takeTurn()
    }

    /// Has all that this turn of the loop brings done at once, after the last of it.
    private func takeTurn() {
        guard !hasTurn else { return }
        hasTurn = true
        loop.schedule(after: .zero) { self.turn() }
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
        } while !waiting.isEmpty || !outcomes.isEmpty
        refuse(waiting)
        answerReads(from: store)
        maintain(store)
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
        let settled = outcomes.prefix(Self.outcomesLimit)
        guard !group.isEmpty || !settled.isEmpty else { return true }
        if case .refusing(.failed, _) = status { return false }
        let began = ContinuousClock.now
        var stored: [StoredEvent] = []
        do {
            let corrupt = store.corruptRecords
            let now = WallClock.milliseconds
            try store.transaction { () throws(DatabaseError) in
                try store.settle(settled, now: now)
                for submission in group {
                    try self.store(submission, in: store, now: now, into: &stored)
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
        metrics.commits.add()
        metrics.commitDuration.observe(ContinuousClock.now - began)
        metrics.storedEvents.add(stored.count)
        for submission in group { submission.answer(.accepted) }
        announcer.announce(stored)
        return true
    }

    private func store(
        _ submission: Submission, in store: JournalStore, now: Int64,
        into stored: inout [StoredEvent]
    ) throws(DatabaseError) {
        let origin = try store.origin(submission.origin)
        for item in submission.items {
            let pending = store.sinks.pending(item.sinks)
            guard pending != 0 else { continue }
            let sequence = try store.insert(
                item.event, pending: pending, origin: origin, received: now)
            stored.append(
                StoredEvent(
                    sequence: sequence, event: item.event, sinks: item.sinks,
                    origin: submission.origin, receivedMilliseconds: now))
        }
    }

    private func refuse(
        _ submissions: ArraySlice<Submission>, _ refusal: Receipt.Refusal? = nil
    ) {
        guard !submissions.isEmpty else { return }
        var reason = refusal ?? .failed
        if refusal == nil, case .refusing(let current, _) = status { reason = current }
        for submission in submissions { submission.answer(.refused(reason)) }
        metrics.refused(reason.rawValue, submissions.count)
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
            }
        }
        if announcer.hasReceiver, announcer.hasGap || !reads.isEmpty { retrySending() }
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
    }

    private func report(corrupt count: Int) {
        guard count > 0 else { return }
        metrics.corruptEvents.add(count)
        logger.error(
            "stored events are not what was accepted; they are not delivered",
            metadata: [
                "events": "\(count)", "file": "\(parameters.path)/\(Schema.fileName)",
                "code": "\(JournalStore.corruptCode)",
            ])
    }

    // MARK: - Maintenance

    private func maintain(_ store: JournalStore) {
        do {
            try store.checkpointIfDue()
        } catch {
            block(error)
        }
        refreshStatus(store)
        showFigures(of: store)
    }

    private func showFigures(of store: JournalStore) {
        metrics.events.set(Int(store.counters.pendingEvents))
        metrics.bytes.set(store.usedBytes)
        guard store.deadLetters != shownDeadLetters else { return }
        shownDeadLetters = store.deadLetters
        metrics.setDeadLetters(store.deadLetters)
    }

    /// Does once a second what no request asks for.
    private func tick() {
        guard let store else { return }
        loop.schedule(after: .seconds(1)) { self.tick() }
        guard !hasFailed else { return }
        do {
            let (record, next) = try store.oldestPending(from: oldest)
            oldest = next
            metrics.oldestMilliseconds.set(Int(record?.receivedMilliseconds ?? 0))
            if store.keepsDelivered { try purge(store) }
            if submissions.isEmpty, outcomes.isEmpty, try store.shrinkIfDrained() {
                logger.info("the journal has drained; its file was made small again")
            }
        } catch {
            block(error)
        }
        takeTurn()
    }

    /// Deletes delivered events that were kept long enough, or that take the room of new ones.
    private func purge(_ store: JournalStore) throws(DatabaseError) {
        let kept = parameters.keepDelivered.components.seconds * 1_000
        let isScarce = store.usedBytes > store.budget.resumeBytes
        let time = isScarce ? .max : WallClock.milliseconds - kept
        var deleted = 0
        try store.transaction { () throws(DatabaseError) in
            deleted = try store.purge(before: time, limit: Self.purgeLimit)
        }
        guard deleted == Self.purgeLimit else { return }
        loop.schedule(after: .zero) {
            guard let store = self.store, !self.hasFailed else { return }
            do throws(DatabaseError) {
                try self.purge(store)
            } catch {
                self.block(error)
            }
            self.takeTurn()
        }
    }

    // MARK: - Status

    private var hasFailed: Bool {
        if case .refusing(.failed, _) = status { return true }
        return false
    }

    /// Stops taking events, for good where the file or the system can't be trusted any more.
    private func block(_ error: DatabaseError) {
        let file = "\(parameters.path)/\(Schema.fileName)"
        switch error.kind {
        case .noRoom:
            change(to: .refusing(.diskFull, detail: "\(file): the file system has no room"))
        case .locked:
            change(
                to: .refusing(.full, detail: "\(file): another program has it locked; end it"))
        case .damaged, .failed:
            let remedy =
                error.kind == .damaged
                ? "copy the directory, export what can be read, and start with an empty one"
                : "check the disk and start again"
            change(to: .refusing(.failed, detail: "\(file): \(error); \(remedy)"))
        }
    }

    /// Takes events again where there is room again.
    private func refreshStatus(_ store: JournalStore) {
        guard !hasFailed else { return }
        admission.update(store.usedBytes)
        guard !admission.isFull else {
            let limit = "journal.bytesLimit (\(store.budget.bytesLimit)) is reached"
            return change(to: .refusing(.full, detail: limit))
        }
        guard !status.isWritable, outcomes.isEmpty else { return }
        do {
            try store.makeRoom(storing: store.budget.transactionBytes)
            change(to: .writable)
        } catch {
            block(error)
        }
    }

    private func change(to new: JournalStatus) {
        guard new != status, !hasFailed else { return }
        status = new
        sharedStatus.set(new)
        switch new {
        case .writable: logger.notice("the journal takes events again")
        case .refusing(.failed, let detail): logger.critical("\(detail)")
        case .refusing(_, let detail):
            logger.error("the journal takes no events", metadata: ["reason": "\(detail)"])
        case .stopped: break
        }
    }

    private func stop(_ store: JournalStore) {
        refuse(submissions[...])
        if !hasFailed, outcomes.isEmpty { close(store) }
        status = .stopped
        sharedStatus.set(.stopped)
        self.store = nil
        loop.stop()
    }

    private func close(_ store: JournalStore) {
        do {
            guard try store.database.checkpoint(.truncate) else { return }
            store.directory.markClosed()
            store.database.removeLogOnClose()
        } catch {
            logger.error("the journal's log stays", metadata: ["error": "\(error)"])
        }
    }
}
