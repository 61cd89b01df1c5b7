internal import CloudEvents

/// The statements of an open journal, each prepared once.
struct Statements {
    let begin: Statement
    let commit: Statement
    let rollback: Statement
    let pageCount: Statement
    let freePages: Statement
    let writeCounters: Statement
    let insertOrigin: Statement
    let insertEvent: Statement
    let deleteRun: Statement
    let selectRecord: Statement
    let updateRecord: Statement
    let deleteRecord: Statement
    let hasDeadLetters: Statement
    let insertDeadLetter: Statement
    let selectPage: Statement
    let selectOldest: Statement
    let keepRecord: Statement
    let purgeDelivered: Statement
    let purgeUnrouted: Statement
    let deleteDeadLetter: Statement
    let insertRecent: Statement?
    let deleteRecent: Statement?

    init(_ database: Database, remembers: Bool) throws(DatabaseError) {
        insertRecent =
            remembers ? try database.prepare("INSERT INTO recent VALUES (?1, ?2, ?3)") : nil
        deleteRecent =
            remembers
            ? try database.prepare(
                """
                DELETE FROM recent WHERE place >= ?1 AND place <
                    (SELECT max(place) FROM recent WHERE place BETWEEN ?1 AND ?2)
                """) : nil
        begin = try database.prepare("BEGIN IMMEDIATE")
        commit = try database.prepare("COMMIT")
        rollback = try database.prepare("ROLLBACK")
        pageCount = try database.prepare("PRAGMA page_count")
        freePages = try database.prepare("PRAGMA freelist_count")
        writeCounters = try database.prepare(
            "UPDATE counters SET last_sequence = ?1, pending_events = ?2, seal = ?3")
        insertOrigin = try database.prepare("INSERT INTO origins VALUES (?1, ?2, ?3)")
        insertEvent = try database.prepare(
            "INSERT INTO events VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7, ?8, ?9, ?10)")
        deleteRun = try database.prepare(
            """
            DELETE FROM events WHERE sequence BETWEEN ?1 AND ?2 AND pending = ?3 AND NOT EXISTS
                (SELECT 1 FROM dead_letters WHERE sequence BETWEEN ?1 AND ?2)
            """)
        selectRecord = try database.prepare(
            "SELECT \(Record.columns) FROM events WHERE sequence = ?1")
        updateRecord = try database.prepare(
            """
            UPDATE events SET pending = ?2, settled_ms = ?3, seal = ?4 WHERE sequence = ?1
            """)
        deleteRecord = try database.prepare("DELETE FROM events WHERE sequence = ?1")
        hasDeadLetters = try database.prepare("SELECT 1 FROM dead_letters WHERE sequence = ?1")
        insertDeadLetter = try database.prepare(
            "INSERT OR REPLACE INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        selectPage = try database.prepare(
            "SELECT \(Record.columns), event FROM events WHERE sequence > ?1 ORDER BY sequence")
        selectOldest = try database.prepare(
            "SELECT \(Record.columns) FROM events WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2")
        keepRecord = try database.prepare(
            """
            UPDATE events SET pending = 0, settled_ms = ?2, seal = ?3 WHERE sequence = ?1
                RETURNING length(event)
            """)
        purgeDelivered = try database.prepare(
            """
            DELETE FROM events WHERE sequence IN (SELECT sequence FROM events
                WHERE settled_ms >= 0 AND settled_ms < ?1 ORDER BY settled_ms LIMIT ?2)
                RETURNING length(event)
            """)
        purgeUnrouted = try database.prepare(
            """
            DELETE FROM events WHERE sequence IN (SELECT sequence FROM events
                WHERE settled_ms < 0 AND settled_ms > -?1 ORDER BY settled_ms DESC LIMIT ?2)
                RETURNING length(event)
            """)
        deleteDeadLetter = try database.prepare(
            "DELETE FROM dead_letters WHERE sequence = ?1 AND sink = ?2")
    }

    /// Inserts a row of events without a copy of the event.
    func insert(_ record: Record, _ event: Event) throws(DatabaseError) {
        insertEvent.bind(record.sequence, at: 1)
        insertEvent.bind(record.receivedMilliseconds, at: 2)
        insertEvent.bind(record.origin, at: 3)
        insertEvent.bind(Int64(bitPattern: record.pending), at: 4)
        insertEvent.bind(Int64(bitPattern: record.seal), at: 5)
        insertEvent.bind(Int64(bitPattern: record.checksum), at: 9)
        let (id, source, type) = event.identity
        try unsafe event.octets.span.withUnsafeBytes { octets throws(DatabaseError) in
            unsafe insertEvent.bind(borrowedText: .init(rebasing: octets[id]), at: 6)
            unsafe insertEvent.bind(borrowedText: .init(rebasing: octets[source]), at: 7)
            unsafe insertEvent.bind(borrowedText: .init(rebasing: octets[type]), at: 8)
            unsafe insertEvent.bind(borrowed: octets, at: 10)
            try insertEvent.run()
        }
    }

    /// Inserts a row of fingerprints.
    func insertRecent(
        _ octets: [UInt8], _ checksum: Int64, at place: Int64
    ) throws(DatabaseError) {
        guard let insertRecent else { return }
        insertRecent.bind(place, at: 1)
        insertRecent.bind(checksum, at: 2)
        try unsafe octets.span.withUnsafeBytes { octets throws(DatabaseError) in
            unsafe insertRecent.bind(borrowed: octets, at: 3)
            try insertRecent.run()
        }
    }

    /// Deletes the rows from a place on that have nothing from another place on.
    func deleteRecent(from start: Int64, before place: Int64) throws(DatabaseError) {
        guard let deleteRecent else { return }
        deleteRecent.bind(start, at: 1)
        deleteRecent.bind(place, at: 2)
        try deleteRecent.run()
    }

    /// Changes what a record says of its delivery.
    func update(_ record: Record) throws(DatabaseError) {
        updateRecord.bind(record.sequence, at: 1)
        updateRecord.bind(Int64(bitPattern: record.pending), at: 2)
        if let settled = record.settledMilliseconds {
            updateRecord.bind(settled, at: 3)
        } else {
            updateRecord.bindNull(at: 3)
        }
        updateRecord.bind(Int64(bitPattern: record.seal), at: 4)
        try updateRecord.run()
    }

    /// Finds the numbers of an event's row.
    func record(
        _ sequence: SequenceNumber
    ) throws(DatabaseError) -> (record: Record, isSealed: Bool)? {
        selectRecord.bind(sequence, at: 1)
        defer { selectRecord.reset() }
        return try selectRecord.step() ? Record.read(from: selectRecord) : nil
    }

    /// Whether a sink gave the event up.
    func hasDeadLetters(_ sequence: SequenceNumber) throws(DatabaseError) -> Bool {
        hasDeadLetters.bind(sequence, at: 1)
        defer { hasDeadLetters.reset() }
        return try hasDeadLetters.step()
    }
}

extension Event {
    private static let names = (
        id: word("id".utf8), source: word("source".utf8), type: word("type".utf8)
    )

    /// Where id, source and type stand; empty where there is none.
    fileprivate var identity: (id: Range<Int>, source: Range<Int>, type: Range<Int>) {
        var (id, source, type) = (0..<0, 0..<0, 0..<0)
        let names = Self.names
        for attribute in attributes {
            switch Self.word(octets[attribute.name]) {
            case names.id: id = attribute.value
            case names.source: source = attribute.value
            case names.type: type = attribute.value
            default: continue
            }
            if !id.isEmpty, !source.isEmpty, !type.isEmpty { break }
        }
        return (id, source, type)
    }

    /// A name as one number, quickly compared; a longer name's number is above those of 7 octets.
    private static func word(_ name: some Sequence<UInt8>) -> UInt64 {
        name.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
