internal import CSQLite
internal import CloudEvents

/// A journal to be looked at, beside the process that uses it or on its own.
///
/// Its connection can only read: it writes no page, makes no checkpoint and takes no lock that
/// holds a writer up, so it may be used at any time. (SQLite 3.7.0 to 3.51.2 can damage a log
/// that two connections *write* at one moment; there is never more than one that does.) Only
/// ``verify()`` reads from one state of the file for long, during which the log can't begin anew.
///
/// Ownership: belongs to one thread.
public final class JournalFile {
    private let path: String
    private let database: Database

    /// Opens the journal in a directory, which must be there.
    public init(directory: String) throws(JournalError) {
        path = directory + "/" + Schema.fileName
        do {
            database = try JournalFile.open(directory)
            let application = try database.integer("PRAGMA application_id") ?? 0
            let format = try database.integer("PRAGMA user_version") ?? 0
            guard application == Schema.applicationID
            else { throw JournalError.foreign(path: path) }
            guard format <= Schema.format
            else { throw JournalError.newerFormat(path: path, format: Int(format)) }
            try database.execute("PRAGMA query_only = ON; PRAGMA cell_size_check = ON")
        } catch let error as JournalError {
            throw error
        } catch let error as DatabaseError {
            throw JournalError(error, path: path)
        } catch {
            throw .unusable(path: path, detail: "\(error)")
        }
    }

    /// A directory that can't be written to has no place for the shared memory that readers and
    /// the writer need; but where the journal was closed, the log isn't needed either.
    private static func open(_ directory: String) throws(DatabaseError) -> Database {
        let path = directory + "/" + Schema.fileName
        do throws(DatabaseError) {
            let database = try Database(path: path, access: .readOnly)
            _ = try database.integer("SELECT count(*) FROM sqlite_schema")
            return database
        } catch {
            guard [SQLITE_CANTOPEN, SQLITE_READONLY].contains(error.code),
                JournalDirectory.size(of: directory + "/" + Schema.fileName) ?? 0 > 0,
                JournalDirectory.isClosed(directory)
            else { throw error }
            return try Database(path: path, access: .immutable)
        }
    }

    // MARK: - Looking

    /// Finds events, in the order of their numbers.
    public func events(_ query: JournalQuery) throws(JournalError) -> [JournalEntry] {
        try reading { database throws(DatabaseError) in
            let names = try ReaderNames(database)
            var conditions = ["sequence > ?1"]
            let bit = query.sink.flatMap { names.sinks.number(of: $0) } ?? 63
            let isDead = "EXISTS (SELECT 1 FROM dead_letters d WHERE d.sequence = e.sequence"
            let isDeadThere = "\(isDead) AND d.sink = ?2)"
            let isPendingThere = "pending & \(bit == 63 ? 0 : 1 << bit) <> 0"
            switch (query.state, query.sink) {
            case (nil, nil): break
            case (nil, _?): conditions.append("(\(isPendingThere) OR \(isDeadThere))")
            case (.pending, nil): conditions.append("pending <> 0")
            case (.pending, _?): conditions.append(isPendingThere)
            case (.dead, nil): conditions.append("pending = 0 AND \(isDead))")
            case (.dead, _?): conditions.append("pending = 0 AND \(isDeadThere)")
            case (.delivered, nil): conditions.append("settled_ms >= 0")
            case (.unrouted, nil): conditions.append("settled_ms < 0")
            case (.delivered, _?), (.unrouted, _?): conditions.append("FALSE")
            }
            let select = try database.prepare(
                EntryReader.selection
                    + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY sequence LIMIT ?3")
            select.bind(query.after, at: 1)
            select.bind(query.sink ?? "", at: 2)
            select.bind(Int64(max(query.limit, 0)), at: 3)
            let reader = try EntryReader(database, names)
            var entries: [JournalEntry] = []
            while try select.step() { entries.append(try reader.read(select)) }
            return entries
        }
    }

    /// How far each source has read.
    public func checkpoints() throws(JournalError) -> [SourceCheckpoint] {
        try reading { database throws(DatabaseError) in try Checkpoints.read(from: database) }
    }

    /// Finds one event.
    public func event(_ sequence: SequenceNumber) throws(JournalError) -> JournalEntry? {
        var query = JournalQuery()
        query.after = max(sequence, 1) - 1
        query.limit = 1
        return try events(query).first { $0.sequence == sequence }
    }

    /// Calls `body` with every event, in the order of their numbers, a few in memory at a time.
    ///
    /// Events that come and go meanwhile may be seen or not. Besides ``JournalError``, it throws
    /// what `body` throws.
    public func forEach(_ body: (JournalEntry) throws -> Void) throws {
        var query = JournalQuery()
        query.limit = 64
        while true {
            let entries = try events(query)
            guard let last = entries.last else { return }
            for entry in entries { try body(entry) }
            query.after = last.sequence
        }
    }

    /// Finds events that are kept for people: dead letters, delivered and unrouted ones.
    ///
    /// It looks at a part of the file only; the answer says where to go on.
    public func kept(
        _ query: KeptQuery
    ) throws(JournalError) -> (entries: [JournalEntry], next: SequenceNumber?) {
        let findings = try reading { database throws(DatabaseError) in
            try KeptScan(database).find(query)
        }
        return (findings.items.map(\.entry), findings.next)
    }

    // MARK: - Counting

    /// Counts what there is; reads all of the events' numbers.
    public func statistics() throws(JournalError) -> JournalStatistics {
        let logBytes = JournalDirectory.size(of: path + "-wal") ?? 0
        return try reading { database throws(DatabaseError) in
            let names = try ReaderNames(database)
            let sinks = names.sinks.byNumber.filter { 0..<63 ~= $0.key }.sorted { $0.key < $1.key }
            let sums = sinks.map { ", sum(pending & \(1 << $0.key) <> 0)" }.joined()
            let row = try database.prepare(
                """
                SELECT count(*), sum(pending <> 0), sum(settled_ms >= 0), sum(settled_ms < 0),
                    min(CASE WHEN pending <> 0 THEN received_ms END)\(sums) FROM events
                """)
            _ = try row.step()
            let pageBytes = Int(try database.integer("PRAGMA page_size") ?? 0)
            let pages = Int(try database.integer("PRAGMA page_count") ?? 0)
            let freePages = Int(try database.integer("PRAGMA freelist_count") ?? 0)
            var statistics = JournalStatistics(
                format: Int(try database.integer("PRAGMA user_version") ?? 0),
                fileBytes: pages * pageBytes, freeBytes: freePages * pageBytes,
                logBytes: logBytes,
                lastSequence: try database.integer("SELECT last_sequence FROM counters") ?? 0,
                events: Int(row.integer(0)), pendingEvents: Int(row.integer(1)),
                deliveredEvents: Int(row.integer(2)), unroutedEvents: Int(row.integer(3)),
                preparedEvents: try PreparedPages.read(from: database).contents
                    .reduce(0) { $0 + $1.events.count },
                oldestMilliseconds: row.isNull(4) ? nil : row.integer(4),
                pendingBySink: [:], deadLettersBySink: [:])
            for (place, sink) in sinks.enumerated() {
                statistics.pendingBySink[sink.value] = Int(row.integer(CInt(5 + place)))
            }
            let dead = try database.prepare(
                "SELECT sink, count(*) FROM dead_letters GROUP BY sink")
            while try dead.step() {
                statistics.deadLettersBySink[dead.text(0)] = Int(dead.integer(1))
            }
            return statistics
        }
    }

    // MARK: - Verifying

    /// Reads everything and compares it with its checksums, all from one state of the file.
    public func verify() throws(JournalError) -> JournalVerification {
        try reading { database throws(DatabaseError) in
            var verification = JournalVerification()
            let check = try database.prepare("PRAGMA integrity_check(100)")
            while try check.step() {
                if check.text(0) != "ok" { verification.note(check.text(0)) }
            }
            try self.verifyRows(of: database, &verification)
            return verification
        }
    }

    private func verifyRows(
        of database: Database, _ verification: inout JournalVerification
    ) throws(DatabaseError) {
        for table in ["sinks", "origins"] where try Names.read(table, from: database) == nil {
            verification.note("table \(table): a row isn't what was written")
        }
        for source in try PreparedPages.read(from: database).corruptSources {
            verification.note("events in preparation of source \(source): they are damaged")
        }
        let reader = try EntryReader(database, try ReaderNames(database))
        let rows = try database.prepare(EntryReader.selection + " ORDER BY sequence")
        var pending: Int64 = 0
        while try rows.step() {
            verification.events += 1
            let (record, isSealed) = Record.read(from: rows)
            if record.pending != 0 { pending += 1 }
            let entry = try reader.read(rows)
            if !isSealed { verification.note("event \(record.sequence): its numbers are damaged") }
            guard let event = entry.event else {
                verification.note("event \(record.sequence): its octets are damaged")
                continue
            }
            let copies = (entry.id, entry.source, entry.type)
            if copies != (event.id, event.source, event.type) {
                verification.note("event \(record.sequence): its copied attributes are damaged")
            }
        }
        guard let counters = try JournalStore.counters(of: database)
        else { return verification.note("table counters: it isn't what was written") }
        if counters.pendingEvents != pending {
            verification.note(
                "\(counters.pendingEvents) events should be pending, but \(pending) are")
        }
    }

    /// Calls `body` with one state of the file.
    func reading<Answer>(
        _ body: (Database) throws(DatabaseError) -> Answer
    ) throws(JournalError) -> Answer {
        do throws(DatabaseError) {
            try database.execute("BEGIN")
            let answer = try body(database)
            try database.execute("COMMIT")
            return answer
        } catch {
            try? database.execute("ROLLBACK")
            throw JournalError(error, path: path)
        }
    }
}
