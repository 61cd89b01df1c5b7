internal import CloudEvents

/// What operators do with kept events; each within a transaction.
extension JournalStore {
    /// What is to be done with one event.
    struct KeptPlan {
        var item: KeptScan.Item
        /// The dead letters that go.
        var letters: [JournalEntry.DeadLetter] = []
        /// The places of the sinks that get it again.
        var sinks = SinkSet()
        /// Whether the event's row goes, so that what is stored anew takes no more room.
        var deletesRow = true
    }

    /// Decides what to do with the events found.
    ///
    /// - Parameter places: the sinks that were named; none where those that gave it up are meant.
    func plan(
        _ items: [KeptScan.Item], _ filter: KeptFilter, replays: Bool, to places: SinkSet,
        _ report: inout KeptReport
    ) -> [KeptPlan] {
        items.compactMap { item in
            var plan = KeptPlan(item: item)
            plan.letters = item.entry.deadLetters.filter { filter.matches($0) }
            if replays {
                guard item.isSealed, item.entry.event != nil else {
                    report.obstacles[.damaged, default: 0] += 1
                    return nil
                }
                aim(&plan, at: places, &report)
                guard !plan.sinks.isEmpty else { return nil }
            }
            plan.deletesRow =
                plan.letters.count == item.entry.deadLetters.count
                && item.record.pending == 0 && item.isSealed
            return plan
        }
    }

    private func aim(_ plan: inout KeptPlan, at places: SinkSet, _ report: inout KeptReport) {
        plan.sinks = places
        guard places.isEmpty else { return }
        let known = plan.letters.filter { sinks.names.contains($0.sink) }
        report.obstacles[.sinkRemoved, default: 0] += plan.letters.count - known.count
        if report.obstacles[.sinkRemoved] == 0 { report.obstacles[.sinkRemoved] = nil }
        plan.letters = known
        let named = Set(known.map(\.sink))
        for (place, name) in sinks.names.enumerated() where named.contains(name) {
            plan.sinks.insert(SinkSet(sink: place))
        }
    }

    /// The names of a set of sinks.
    func names(of set: SinkSet) -> [String] {
        sinks.names.indices.filter { set.contains(SinkSet(sink: $0)) }.map { sinks.names[$0] }
    }

    /// Stores the event anew for its sinks, and takes away what it was kept for.
    func replay(_ plan: KeptPlan) throws(DatabaseError) -> StoredEvent? {
        guard let event = plan.item.entry.event else { return nil }
        let record = plan.item.record
        let sequence = try insert(
            event, pending: sinks.pending(plan.sinks), origin: record.origin,
            received: record.receivedMilliseconds)
        try forget(plan, now: WallClock.milliseconds)
        return StoredEvent(
            sequence: sequence, event: event, sinks: plan.sinks, origin: plan.item.entry.origin,
            receivedMilliseconds: record.receivedMilliseconds)
    }

    /// Takes away what an event was kept for, and its row where nothing else needs it.
    func forget(_ plan: KeptPlan, now: Int64) throws(DatabaseError) {
        let record = plan.item.record
        for letter in plan.letters {
            statements.deleteDeadLetter.bind(record.sequence, at: 1)
            statements.deleteDeadLetter.bind(letter.sink, at: 2)
            try statements.deleteDeadLetter.run()
            deadLetters[letter.sink, default: 0] -= database.changes
        }
        guard plan.deletesRow else { return }
        if record.settledMilliseconds != nil {
            history.remove(bytes: plan.item.entry.event?.octets.count ?? 0)
        }
        statements.deleteRecord.bind(record.sequence, at: 1)
        try statements.deleteRecord.run()
    }
}
