internal import CloudEvents

/// How much is kept for people though nobody waits for it.
struct History: Equatable {
    /// Delivered and unrouted events.
    var events = 0
    /// Their octets; an estimate for what a large file had when it was opened.
    var bytes = 0

    init() {}

    /// Counts what a file has.
    ///
    /// - Parameter isExact: whether to read all of the file for it.
    init(of database: Database, isExact: Bool) throws(DatabaseError) {
        let index = "FROM events WHERE settled_ms IS NOT NULL"
        events = Int(try database.integer("SELECT count(*) \(index)") ?? 0)
        guard events > 0 else { return }
        // The newest tell as much of the others as is needed, without hours of reading.
        let sample = isExact ? events : min(events, 10_000)
        let sampled =
            try database.integer(
                """
                SELECT sum(length(event)) FROM events WHERE sequence IN
                    (SELECT sequence \(index) ORDER BY settled_ms DESC LIMIT \(sample))
                """) ?? 0
        bytes = Int(sampled) / sample * events + (isExact ? Int(sampled) % sample : 0)
    }

    /// Takes note of an event that went.
    mutating func remove(bytes: Int) {
        events -= 1
        self.bytes = events <= 0 ? 0 : max(0, self.bytes - bytes)
    }
}

/// How long what is kept is kept.
extension JournalStore {
    /// Stores an event that no route wants, within a transaction.
    func insertUnrouted(
        _ event: Event, origin: Int64, received: Int64
    ) throws(DatabaseError) {
        let sequence = try insert(event, pending: 0, origin: origin, received: received)
        let record = Record(
            sequence: sequence, receivedMilliseconds: received, origin: origin, pending: 0,
            settledMilliseconds: -max(received, 1),
            checksum: Record.checksum(event, at: sequence))
        try keep(record)
    }

    /// Deletes delivered events that were settled before a time, the oldest first.
    ///
    /// - Returns: how many.
    func purgeDelivered(before time: Int64, limit: Int) throws(DatabaseError) -> Int {
        try purge(statements.purgeDelivered, before: time, limit: limit)
    }

    /// Deletes unrouted events that came before a time, the oldest first.
    ///
    /// - Returns: how many.
    func purgeUnrouted(before time: Int64, limit: Int) throws(DatabaseError) -> Int {
        try purge(statements.purgeUnrouted, before: time, limit: limit)
    }

    private func purge(
        _ statement: Statement, before time: Int64, limit: Int
    ) throws(DatabaseError) -> Int {
        statement.bind(time, at: 1)
        statement.bind(Int64(limit), at: 2)
        var count = 0
        while try statement.step() {
            history.remove(bytes: Int(statement.integer(0)))
            count += 1
        }
        return count
    }

    /// Deletes of a limited number of kept events as many as there are octets too many.
    ///
    /// - Returns: how many.
    func purgeHistory(downTo bytes: Int, limit: Int) throws(DatabaseError) -> Int {
        guard history.bytes > bytes, history.events > 0 else { return 0 }
        let excess = (history.bytes - bytes) / max(1, history.bytes / history.events) + 1
        let count = min(limit, excess)
        let delivered = try purgeDelivered(before: .max, limit: count)
        guard delivered < count else { return delivered }
        return try delivered + purgeUnrouted(before: .max, limit: count - delivered)
    }
}
