internal import CloudEvents
internal import EventLoops
internal import Logging
internal import Telemetry

/// What operators ask about kept events: one request a turn, so that others don't wait for long.
extension JournalWriter {
    /// Answers the request that has waited longest.
    func answerKept(from store: JournalStore) {
        guard !keptRequests.isEmpty else { return }
        let request = keptRequests.removeFirst()
        request.answer(report(on: request, in: store))
        if !keptRequests.isEmpty { takeTurn() }
    }

    private func report(on request: KeptRequest, in store: JournalStore) -> KeptReport {
        if case .refusing(.failed, let detail) = status {
            return KeptReport(refusal: .journal(.failed, detail: detail))
        }
        do throws(DatabaseError) {
            return try perform(request, in: store)
        } catch {
            // What a disk without room can't take now, it may take later; the file is unchanged.
            if error.kind != .noRoom { block(error) }
            let reason: Receipt.Refusal = error.kind == .noRoom ? .diskFull : .failed
            return KeptReport(refusal: .journal(reason, detail: "\(error)"))
        }
    }

    private func perform(
        _ request: KeptRequest, in store: JournalStore
    ) throws(DatabaseError) -> KeptReport {
        var query = request.query
        query.limit = min(max(query.limit, 1), KeptRequest.eventsLimit)
        var report = KeptReport()
        report.last = store.counters.lastSequence
        query.through = min(query.through, report.last)
        let bytesLimit =
            request.action == .list ? KeptScan.bytesLimit : store.budget.transactionBytes
        let findings = try KeptScan(store.database).find(query, bytesLimit: bytesLimit)
        report.next = findings.next
        switch request.action {
        case .list: report.entries = findings.items.map(\.entry)
        case .replay(let names):
            var sinks = SinkSet()
            for name in names {
                guard let place = store.sinks.names.firstIndex(of: name)
                else { return KeptReport(refusal: .unknownSink(name)) }
                sinks.insert(SinkSet(sink: place))
            }
            let plans = store.plan(
                findings.items, query.filter, replays: true, to: sinks, &report)
            try replay(plans, request, in: store, &report)
        case .purge:
            let plans = store.plan(
                findings.items, query.filter, replays: false, to: [], &report)
            try purge(plans, request, in: store, &report)
        }
        return report
    }

    private func replay(
        _ plans: [JournalStore.KeptPlan], _ request: KeptRequest, in store: JournalStore,
        _ report: inout KeptReport
    ) throws(DatabaseError) {
        guard !plans.isEmpty, !request.isDryRun else {
            report.replays = plans.map {
                .init(
                    sequence: $0.item.record.sequence, stored: nil,
                    sinks: store.names(of: $0.sinks))
            }
            return
        }
        let bytes = { (plans: [JournalStore.KeptPlan]) in
            plans.reduce(0) { $0 + ($1.item.entry.event?.octets.count ?? 0) + 64 }
        }
        let growth = bytes(plans.filter { !$0.deletesRow })
        guard growth == 0 || store.usedBytes + growth <= store.budget.bytesLimit else {
            report.next = nil
            report.refusal = .journal(.full, detail: "journal.bytesLimit is reached")
            return
        }
        try store.makeRoom(storing: bytes(plans))
        var stored: [StoredEvent] = []
        var replays: [KeptReport.Replay] = []
        try store.transaction { () throws(DatabaseError) in
            for plan in plans {
                guard let event = try store.replay(plan) else { continue }
                stored.append(event)
                replays.append(
                    .init(
                        sequence: plan.item.record.sequence, stored: event.sequence,
                        sinks: store.names(of: event.sinks)))
            }
        }
        report.replays = replays
        finish(stored.count, "replayed", request, in: store)
        announcer.announce(stored)
    }

    private func purge(
        _ plans: [JournalStore.KeptPlan], _ request: KeptRequest, in store: JournalStore,
        _ report: inout KeptReport
    ) throws(DatabaseError) {
        guard !plans.isEmpty, !request.isDryRun else {
            report.purged = plans.map(\.item.record.sequence)
            return
        }
        var plans = plans[...]
        while true {
            do throws(DatabaseError) {
                try store.transaction { () throws(DatabaseError) in
                    for plan in plans { try store.forget(plan, now: WallClock.milliseconds) }
                }
                break
            } catch {
                // A full disk has little room in the log, but fewer pages fit into less.
                guard error.kind == .noRoom, plans.count > 1 else { throw error }
                try store.checkpointNow()
                plans = plans.prefix(plans.count / 4 + 1)
                if plans.count == 2 { plans = plans.prefix(1) }
                report.next = plans.last?.item.record.sequence
            }
        }
        report.purged = plans.map(\.item.record.sequence)
        finish(plans.count, "purged", request, in: store)
    }

    private func finish(
        _ count: Int, _ what: String, _ request: KeptRequest, in store: JournalStore
    ) {
        metrics.kept(request.query.kind, what, count)
        checkpoint(store)
        showFigures(of: store)
        guard let leftOut = limiter.admit("\(what)/\(request.query.kind)", now: loop.now)
        else { return }
        logger.notice(
            "kept events were \(what)",
            metadata: [
                "kind": "\(request.query.kind.rawValue)", "events": "\(count)",
                "linesLeftOut": "\(leftOut)",
            ])
    }
}
