internal import EventLoops
internal import Logging
internal import Telemetry

/// What the journal's thread does besides what it's asked: upkeep, and knowing when to say no.
extension JournalWriter {
    func maintain(_ store: JournalStore) {
        checkpoint(store)
        refreshStatus(store)
        showFigures(of: store)
    }

    /// Keeps the log short, when nobody waits for a receipt any more.
    func checkpoint(_ store: JournalStore) {
        guard !hasFailed else { return }
        do throws(DatabaseError) {
            try store.checkpointIfDue()
        } catch {
            block(error)
        }
    }

    func showFigures(of store: JournalStore) {
        metrics.events.set(Int(store.counters.pendingEvents))
        metrics.bytes.set(store.usedBytes)
        guard store.deadLetters != shownDeadLetters else { return }
        shownDeadLetters = store.deadLetters
        metrics.setDeadLetters(store.deadLetters)
    }

    /// Does once a second what no request asks for.
    func tick() {
        guard let store else { return }
        loop.schedule(after: .seconds(1)) { self.tick() }
        guard !hasFailed else { return }
        do {
            let (record, next) = try store.oldestPending(from: oldest)
            oldest = next
            metrics.oldestMilliseconds.set(Int(record?.receivedMilliseconds ?? 0))
            try purge(store)
            if submissions.isEmpty, outcomes.isEmpty { try shrink(store) }
        } catch {
            block(error)
        }
        takeTurn()
    }

    private func shrink(_ store: JournalStore) throws(DatabaseError) {
        do throws(DatabaseError) {
            guard try store.shrinkIfDrained() else { return }
            logger.info("the journal has drained; its file was made small again")
        } catch  where error.kind == .noRoom || error.kind == .locked {
            // It's as good as it was before.
        }
    }

    /// Deletes events that were kept long enough, or that take the room of new ones.
    private func purge(_ store: JournalStore) throws(DatabaseError) {
        let limit = Self.purgeLimit
        let isScarce = store.usedBytes > store.budget.resumeBytes
        let now = WallClock.milliseconds
        let time = { (kept: Duration) in isScarce ? .max : now - kept.milliseconds }
        var deleted = 0
        try purgeDeadLetters(store, now: now)
        try store.transaction { () throws(DatabaseError) in
            deleted = try store.purgeDelivered(
                before: time(parameters.keepDelivered), limit: limit)
            deleted += try store.purgeUnrouted(
                before: time(parameters.keepUnrouted), limit: limit - deleted)
            deleted += try store.purgeHistory(
                downTo: parameters.historyBytesLimit, limit: limit - deleted)
            store.recollection?.forget(before: WallClock.milliseconds)
            try store.deleteForgotten()
        }
        guard deleted == Self.purgeLimit else { return }
        loop.schedule(after: .nanoseconds(1)) {
            guard let store = self.store, !self.hasFailed else { return }
            do throws(DatabaseError) {
                try self.purge(store)
            } catch {
                self.block(error)
            }
            self.takeTurn()
        }
    }

    /// Deletes dead letters that were kept long enough, where that has an end.
    private func purgeDeadLetters(_ store: JournalStore, now: Int64) throws(DatabaseError) {
        guard let kept = parameters.keepDeadLetters?.milliseconds,
            let after = letterSweep.next(now: now, kept: kept)
        else { return }
        var query = KeptQuery(.dead)
        query.after = after
        query.limit = KeptRequest.eventsLimit
        let findings = try KeptScan(store.database).find(query)
        letterSweep.looked(at: findings, now: now, kept: kept)
        query.filter.until = now - kept
        var report = KeptReport()
        let due = findings.items.filter { item in
            item.entry.deadLetters.contains { query.filter.matches($0) }
        }
        let plans = store.plan(due, query.filter, replays: false, to: [], &report)
        guard !plans.isEmpty else { return }
        try store.transaction { () throws(DatabaseError) in
            for plan in plans { try store.forget(plan, now: now) }
        }
        metrics.kept(.dead, "expired", plans.count)
        showFigures(of: store)
    }

    // MARK: - Status

    var hasFailed: Bool {
        if case .refusing(.failed, _) = status { return true }
        return false
    }

    /// Stops taking events, for good where the file or the system can't be trusted any more.
    func block(_ error: DatabaseError) {
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

    func stop(_ store: JournalStore) {
        refuse(submissions[...])
        if !hasFailed, outcomes.isEmpty { close(store) }
        status = .stopped
        sharedStatus.set(.stopped)
        self.store = nil
        loop.stop()
    }

    /// Leaves the database complete without its log.
    ///
    /// The log's file and its room stay, so that the journal can be opened on a full disk.
    private func close(_ store: JournalStore) {
        do {
            if try store.database.checkpoint() { store.directory.markClosed() }
        } catch {
            logger.error("the journal's log isn't copied", metadata: ["error": "\(error)"])
        }
    }
}
