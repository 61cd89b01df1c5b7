internal import CloudEvents

/// How stored events are found again.
extension JournalStore {
    /// How much one page reads at most, so that it doesn't keep others waiting.
    enum PageLimit {
        static let rows = 4_096
        static let bytes = 4 * 1024 * 1024
    }

    /// What a scan found.
    struct Page {
        var events: [StoredEvent] = []
        /// How far was looked.
        var through: SequenceNumber
        /// Whether nothing is stored after that.
        var isLast = false
        /// Rows that aren't what was written.
        var corrupt: [Record] = []
    }

    /// Finds events that a sink hasn't settled, in the order of their numbers.
    func page(
        sink: Int, after: SequenceNumber, limit: Int
    ) throws(DatabaseError) -> Page {
        var page = Page(through: after)
        let bit: UInt64 = 1 << sinks.bits[sink]
        var (rows, bytes) = (0, 0)
        statements.selectPage.bind(after, at: 1)
        defer { statements.selectPage.reset() }
        while page.events.count < max(limit, 1), rows < PageLimit.rows, bytes < PageLimit.bytes {
            guard try statements.selectPage.step() else {
                page.through = max(after, counters.lastSequence)
                page.isLast = true
                break
            }
            rows += 1
            bytes += statements.selectPage.bytes(7)
            let (record, isSealed) = Record.read(from: statements.selectPage)
            page.through = record.sequence
            guard !isSealed || record.pending & bit != 0 else { continue }
            if isSealed, let event = record.event(from: statements.selectPage.octets(7)) {
                page.events.append(stored(event, record))
            } else {
                page.corrupt.append(record)
            }
        }
        return page
    }

    private func stored(_ event: Event, _ record: Record) -> StoredEvent {
        StoredEvent(
            sequence: record.sequence, event: event, sinks: sinks.sinks(record.pending),
            origin: origins.byNumber[record.origin] ?? "",
            receivedMilliseconds: record.receivedMilliseconds)
    }

    /// Finds the first event at or after `sequence` that some sink hasn't settled.
    ///
    /// - Returns: the event's numbers, or the number to look from the next time.
    func oldestPending(
        from sequence: SequenceNumber
    ) throws(DatabaseError) -> (record: Record?, next: SequenceNumber) {
        statements.selectOldest.bind(sequence, at: 1)
        statements.selectOldest.bind(Int64(PageLimit.rows), at: 2)
        defer { statements.selectOldest.reset() }
        var next = sequence
        while try statements.selectOldest.step() {
            let record = Record.read(from: statements.selectOldest).record
            if record.pending != 0 { return (record, record.sequence) }
            next = record.sequence
        }
        return (nil, next)
    }
}
