/// How rows end.
extension JournalStore {
    /// The code of a dead letter whose stored event isn't what was accepted.
    static let corruptCode = "corrupt"

    /// Settles deliveries, within a transaction.
    ///
    /// An outcome that was settled before, or of an event that isn't there, changes nothing.
    ///
    /// - Parameter storesCopies: whether there is room for what goes to dead letter sinks.
    /// - Returns: what was stored for dead letter sinks.
    @discardableResult
    func settle(
        _ outcomes: some Collection<Outcome>, storesCopies: Bool = false, now: Int64
    ) throws(DatabaseError) -> [StoredEvent] {
        var copies: [StoredEvent] = []
        var delivered: [(sink: Int, sequence: SequenceNumber)] = []
        delivered.reserveCapacity(outcomes.count)
        for outcome in outcomes where sinks.names.indices ~= outcome.sink {
            switch outcome.result {
            case .delivered: delivered.append((outcome.sink, outcome.sequence))
            case .deadLetter(let reason):
                let record = try settle(
                    outcome.sequence, sink: outcome.sink, reason: reason, now: now)
                if storesCopies, let record, let copy = outcome.copy {
                    copies.append(try store(copy, of: record))
                }
            }
        }
        delivered.sort { ($0.sink, $0.sequence) < ($1.sink, $1.sequence) }
        try settle(delivered: delivered, now: now)
        return copies
    }

    private func store(
        _ copy: Submission.Item, of record: Record
    ) throws(DatabaseError) -> StoredEvent {
        let sequence = try insert(
            copy.event, pending: sinks.pending(copy.sinks), origin: record.origin,
            received: record.receivedMilliseconds)
        return StoredEvent(
            sequence: sequence, event: copy.event, sinks: copy.sinks,
            origin: origins.byNumber[record.origin] ?? "",
            receivedMilliseconds: record.receivedMilliseconds)
    }

    /// Events are delivered nearly in their order, so whole runs of rows can go at once.
    private func settle(
        delivered: [(sink: Int, sequence: SequenceNumber)], now: Int64
    ) throws(DatabaseError) {
        var first = 0
        while first < delivered.count {
            let (sink, sequence) = delivered[first]
            var end = first + 1
            while end < delivered.count, delivered[end].sink == sink,
                delivered[end].sequence == sequence + Int64(end - first)
            { end += 1 }
            let gone = try keepsDelivered ? 0 : delete(sequence, count: end - first, sink: sink)
            if gone < end - first {
                for (sink, sequence) in delivered[first..<end] {
                    try settle(sequence, sink: sink, reason: nil, now: now)
                }
            }
            first = end
        }
    }

    /// Deletes those of a run of events for which nobody else waits; none where one is dead.
    private func delete(
        _ first: SequenceNumber, count: Int, sink: Int
    ) throws(DatabaseError) -> Int {
        statements.deleteRun.bind(first, at: 1)
        statements.deleteRun.bind(first + Int64(count) - 1, at: 2)
        statements.deleteRun.bind(1 << Int64(sinks.bits[sink]), at: 3)
        try statements.deleteRun.run()
        counters.pendingEvents -= Int64(database.changes)
        return database.changes
    }

    /// - Returns: the event's numbers, if that has changed something.
    @discardableResult
    private func settle(
        _ sequence: SequenceNumber, sink: Int, reason: DeadLetterReason?, now: Int64
    ) throws(DatabaseError) -> Record? {
        guard let (record, isSealed) = try statements.record(sequence) else { return nil }
        let bit: UInt64 = 1 << sinks.bits[sink]
        guard isSealed else {
            try quarantine(record, besides: bit, now: now)
            return nil
        }
        try settle(record, bit: bit, name: sinks.names[sink], reason: reason, now: now)
        return record.pending & bit != 0 ? record : nil
    }

    /// Settles an event for one sink.
    ///
    /// - Parameter reason: why it's given up; nothing where it was delivered.
    func settle(
        _ record: Record, bit: UInt64, name: String, reason: DeadLetterReason?, now: Int64
    ) throws(DatabaseError) {
        guard record.pending & bit != 0 else { return }
        if let reason { try insertDeadLetter(record.sequence, name, reason, now) }
        var record = record
        record.pending &= ~bit
        try update(record, now: now)
    }

    /// Gives an event up for all sinks that wait for it, within a transaction.
    ///
    /// - Returns: their names.
    func settleAll(
        _ sequence: SequenceNumber, reason: DeadLetterReason, now: Int64
    ) throws(DatabaseError) -> [String] {
        guard let (record, isSealed) = try statements.record(sequence) else { return [] }
        guard isSealed else {
            try quarantine(record, besides: 0, now: now)
            return []
        }
        var left = record
        var settled: [String] = []
        for (name, bit) in zip(sinks.names, sinks.bits) where record.pending >> bit & 1 == 1 {
            try settle(left, bit: 1 << UInt64(bit), name: name, reason: reason, now: now)
            left.pending &= ~(1 << UInt64(bit))
            settled.append(name)
        }
        return settled
    }

    /// Gives up a row that isn't what was written, for everyone who waits for it.
    ///
    /// Its numbers can't be believed, so the sink that came upon it is told in any case.
    func quarantine(_ record: Record, besides bit: UInt64, now: Int64) throws(DatabaseError) {
        let reason = DeadLetterReason(
            code: JournalStore.corruptCode, status: nil,
            detail: "what is stored isn't what was accepted", attempts: 0)
        for (place, name) in sinks.names.enumerated()
        where (record.pending | bit) >> UInt64(sinks.bits[place]) & 1 == 1 {
            try insertDeadLetter(record.sequence, name, reason, now)
        }
        corruptRecords += 1
        var record = record
        record.pending = 0
        record.settledMilliseconds = nil
        try update(record, now: now)
    }

    private func update(_ record: Record, now: Int64) throws(DatabaseError) {
        guard record.pending == 0 else { return try statements.update(record) }
        counters.pendingEvents -= 1
        var record = record
        if try statements.hasDeadLetters(record.sequence) {
            try statements.update(record)
        } else if keepsDelivered {
            record.settledMilliseconds = now
            try keep(record)
        } else {
            statements.deleteRecord.bind(record.sequence, at: 1)
            try statements.deleteRecord.run()
        }
    }

    private func insertDeadLetter(
        _ sequence: SequenceNumber, _ sink: String, _ reason: DeadLetterReason, _ now: Int64
    ) throws(DatabaseError) {
        statements.insertDeadLetter.bind(sequence, at: 1)
        statements.insertDeadLetter.bind(sink, at: 2)
        statements.insertDeadLetter.bind(now, at: 3)
        statements.insertDeadLetter.bind(reason.code, at: 4)
        if let status = reason.status {
            statements.insertDeadLetter.bind(Int64(status), at: 5)
        } else {
            statements.insertDeadLetter.bindNull(at: 5)
        }
        statements.insertDeadLetter.bind(reason.detail, at: 6)
        statements.insertDeadLetter.bind(Int64(reason.attempts), at: 7)
        try statements.insertDeadLetter.run()
        deadLetters[sink, default: 0] += 1
    }

    /// Keeps an event for which nobody waits, within a transaction.
    func keep(_ record: Record) throws(DatabaseError) {
        let keep = statements.keepRecord
        keep.bind(record.sequence, at: 1)
        keep.bind(record.settledMilliseconds ?? 0, at: 2)
        keep.bind(Int64(bitPattern: record.seal), at: 3)
        while try keep.step() {
            history.events += 1
            history.bytes += Int(keep.integer(0))
        }
    }
}
