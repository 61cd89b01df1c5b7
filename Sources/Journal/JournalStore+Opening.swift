internal import Logging

/// How the file is opened: nothing in it is changed before it's known to be ours and whole.
extension JournalStore {
    /// What is read once and then kept in memory.
    struct Contents {
        var counters = Counters()
        var sinks: SinkBits
        /// The names whose bits are no configured sink's.
        var removedSinks: [Int: String]
        var origins: Names
        var deadLetters: [String: Int] = [:]
        /// Whether the file is small enough to be read through.
        var isChecked = true
    }

    /// Files up to this size are read through before they're used, at hundreds of megabytes a
    /// second; of larger ones the damage shows when it's met, or when an operator verifies them.
    static let checkedBytesLimit = 1024 * 1024 * 1024

    /// The most that a sequence number can be; beyond it something is wrong with the file.
    static let sequenceLimit: SequenceNumber = 1 << 62

    /// Opens the journal of a directory, and makes one where there is none.
    static func open(
        _ parameters: JournalParameters, logger: Logger
    ) throws(JournalError) -> JournalStore {
        let limit = parameters.bytesLimit
        guard limit >= JournalParameters.bytesLimitMinimum else {
            throw .unusable(
                path: parameters.path,
                detail: "journal.bytesLimit is \(limit), but nothing below "
                    + "\(JournalParameters.bytesLimitMinimum) leaves room to work")
        }
        let directory = try JournalDirectory(path: parameters.path)
        let path = directory.file(Schema.fileName)
        try checkParts(of: directory)
        try directory.create(Schema.fileName)
        let database: Database
        do {
            database = try Database(path: path, access: .readWrite)
            try prepare(database, path: path)
            if directory.size(of: Schema.fileName) ?? 0 <= checkedBytesLimit {
                try check(database, path: path)
            } else {
                logger.notice("the journal is too large to be read through before it's used")
            }
            database.countFramesInLog()
            // A process that met a failed write may have left pages in the log that only seem
            // to be on disk. Copied they are written anew, and the log begins anew.
            try database.checkpoint()
            var contents = try contents(of: database, names: parameters.sinks, path: path)
            contents.isChecked = directory.size(of: Schema.fileName) ?? 0 <= checkedBytesLimit
            let store = try JournalStore(
                directory: directory, database: database, contents: contents,
                parameters: parameters)
            try store.remove(contents.removedSinks, logger: logger)
            store.openInHand(logger: logger)
            store.directory.markOpened()
            return store
        } catch let error as JournalError {
            throw error
        } catch let error as DatabaseError {
            throw JournalError(error, path: path)
        } catch {
            throw .unusable(path: path, detail: "\(error)")
        }
    }

    /// Refuses a journal of which a file is missing: SQLite would begin without a word with
    /// what is left.
    private static func checkParts(of directory: borrowing JournalDirectory) throws(JournalError) {
        let log = Schema.fileName + "-wal"
        let (fileBytes, logBytes) = (directory.size(of: Schema.fileName), directory.size(of: log))
        if fileBytes ?? 0 == 0, logBytes ?? 0 > 0 {
            throw .damaged(
                path: directory.file(Schema.fileName),
                detail: "it's missing or empty, though \(log) isn't")
        }
        if 1..<Schema.pageBytes ~= fileBytes ?? 0 {
            throw .damaged(path: directory.file(Schema.fileName), detail: "it's cut short")
        }
        if fileBytes ?? 0 > 0, logBytes == nil, !directory.wasClosed {
            throw .damaged(
                path: directory.file(log),
                detail: "it's missing, though the journal wasn't closed before")
        }
        guard directory.isWholeLog(log) else {
            throw .damaged(
                path: directory.file(log), detail: "what was committed last can't be read")
        }
    }

    private static func prepare(_ database: Database, path: String) throws {
        let application = try database.integer("PRAGMA application_id") ?? 0
        let format = try database.integer("PRAGMA user_version") ?? 0
        let tables = try database.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        let isNew = application == 0 && format == 0 && tables == 0
        guard isNew || application == Schema.applicationID
        else { throw JournalError.foreign(path: path) }
        guard format <= Schema.format
        else { throw JournalError.newerFormat(path: path, format: Int(format)) }
        if isNew { try database.execute("PRAGMA page_size = \(Schema.pageBytes)") }
        let mode = try database.text("PRAGMA journal_mode = WAL") ?? ""
        guard mode == "wal" else {
            throw JournalError.unusable(
                path: path, detail: "the file system has no shared memory for a log (\(mode))")
        }
        try database.execute(Schema.connection)
        if isNew { try database.execute("BEGIN IMMEDIATE;\(Schema.creation)COMMIT") }
    }

    private static func check(_ database: Database, path: String) throws {
        let result = try database.text("PRAGMA quick_check(1)") ?? "no answer"
        guard result == "ok" else { throw JournalError.damaged(path: path, detail: result) }
    }

    private static func contents(
        of database: Database, names: [String], path: String
    ) throws -> Contents {
        func damaged(_ detail: String) -> JournalError { .damaged(path: path, detail: detail) }
        let counters = try counters(of: database)
        let last = try database.integer("SELECT max(sequence) FROM events") ?? 0
        guard let counters, last...sequenceLimit ~= counters.lastSequence
        else { throw damaged("its counters aren't what was written") }
        guard let sinkNames = try Names.read("sinks", from: database)
        else { throw damaged("its table of sinks isn't what was written") }
        guard let origins = try Names.read("origins", from: database)
        else { throw damaged("its table of origins isn't what was written") }
        let known = Dictionary(
            uniqueKeysWithValues: sinkNames.byNumber.map { (Int($0.key), $0.value) })
        guard let sinks = SinkBits(names: names, known: known) else {
            throw JournalError.unusable(
                path: path, detail: "sinks that were removed still hold the bits of new ones")
        }
        try add(sinks, known: known, to: database)
        var contents = Contents(
            counters: counters, sinks: sinks,
            removedSinks: known.filter { !names.contains($0.value) }, origins: origins)
        let rows = try database.prepare("SELECT sink, count(*) FROM dead_letters GROUP BY sink")
        while try rows.step() { contents.deadLetters[rows.text(0)] = Int(rows.integer(1)) }
        return contents
    }

    /// The counters, if they are what was written.
    static func counters(of database: Database) throws(DatabaseError) -> Counters? {
        let row = try database.prepare("SELECT last_sequence, pending_events, seal FROM counters")
        guard try row.step() else { return nil }
        let counters = Counters(lastSequence: row.integer(0), pendingEvents: row.integer(1))
        return UInt64(bitPattern: row.integer(2)) == counters.seal ? counters : nil
    }

    private static func add(
        _ sinks: SinkBits, known: [Int: String], to database: Database
    ) throws(DatabaseError) {
        let insert = try database.prepare("INSERT INTO sinks VALUES (?1, ?2, ?3)")
        for (name, bit) in zip(sinks.names, sinks.bits) where known[bit] == nil {
            insert.bind(Int64(bit), at: 1)
            insert.bind(name, at: 2)
            insert.bind(Names.checksum("sinks", name, at: Int64(bit)), at: 3)
            try insert.run()
        }
    }

    /// Gives up what waits for sinks that are no longer configured; then their bits are free.
    ///
    /// Where the disk is too full for it, the bits stay taken until the next start.
    private func remove(_ removed: [Int: String], logger: Logger) throws(DatabaseError) {
        do throws(DatabaseError) {
            // What is in preparation may become events for them; then the next start removes them.
            let held = try PreparedPages.read(from: database).contents.flatMap(\.events)
                .reduce(0) { $0 | $1.pending }
            let removed = removed.filter { held >> UInt64($0.key) & 1 == 0 }
            guard !removed.isEmpty else { return }
            var after: SequenceNumber? = 0
            while let first = after { after = try remove(removed, after: first) }
            for (bit, name) in removed {
                try database.execute("DELETE FROM sinks WHERE bit = \(bit)")
                logger.warning(
                    "a sink is no longer configured; what waited for it is in its dead letters",
                    metadata: [
                        "sink": "\(name)", "dead_letters": "\(deadLetters[name] ?? 0)",
                    ])
            }
        } catch  where error.kind == .noRoom {
            logger.error(
                "no room to give up what waits for removed sinks; the next start tries again",
                metadata: ["error": "\(error)"])
        }
    }

    /// Removes the sinks from some of the events after a number.
    ///
    /// - Returns: where to go on, unless that was the last of them.
    private func remove(
        _ removed: [Int: String], after: SequenceNumber
    ) throws(DatabaseError) -> SequenceNumber? {
        let mask = removed.keys.reduce(0 as UInt64) { $0 | 1 << $1 }
        let select = try database.prepare(
            """
            SELECT \(Record.columns) FROM events
            WHERE sequence > \(after) AND pending & \(Int64(bitPattern: mask)) <> 0
            ORDER BY sequence LIMIT 1000
            """)
        var rows: [(record: Record, isSealed: Bool)] = []
        while try select.step() { rows.append(Record.read(from: select)) }
        guard let last = rows.last else { return nil }
        try makeRoom(storing: rows.count * 1_024)
        let now = WallClock.milliseconds
        try transaction { () throws(DatabaseError) in
            for row in rows {
                guard row.isSealed else {
                    try quarantine(row.record, besides: 0, now: now)
                    continue
                }
                try remove(removed, from: row.record, now: now)
            }
        }
        try checkpointIfDue()
        return last.record.sequence
    }

    private func remove(
        _ removed: [Int: String], from record: Record, now: Int64
    ) throws(DatabaseError) {
        let reason = DeadLetterReason(
            code: "sink_removed", status: nil, detail: "the sink is no longer configured",
            attempts: 0)
        var record = record
        for (bit, name) in removed {
            try settle(record, bit: 1 << UInt64(bit), name: name, reason: reason, now: now)
            record.pending &= ~(1 << UInt64(bit))
        }
    }
}
