internal import CloudEvents

/// Pages that wait for the Lease: one of each source that a leader reads.
///
///     prepared      of each source the page that it read last, until the Lease has decided on it
///         source        the source's name
///         lease         the lease's own name
///         term          the number of the term in which it was read
///         number        the page's number in that term, from 1
///         count         how many events it has
///         checksum      of events; seed: the checksum of all the above and of checkpoint, see code
///         checkpoint    how far the source has read with it; NULL where an operator set another
///         events        for each: pending as in events, the length of its block, the block
///
/// Both numbers before a block are little-endian, of eight octets and of four. Nobody is told of
/// these events, and no number is given out for them, before they become rows of events. The
/// table is made for the first of them; versions that don't know it leave it alone.
enum PreparedPages {
    /// A page with all that is in it.
    struct Content {
        var page: PreparedPage
        var checkpoint: String?
        var events: [(pending: UInt64, event: Event)]
    }

    /// What there is: pages as they were written, and how many events the others had.
    struct Findings {
        var contents: [Content] = []
        var corruptSources: [String] = []
        var corruptEvents = 0
    }

    private static let creation = """
        CREATE TABLE IF NOT EXISTS prepared (
            source TEXT PRIMARY KEY,
            lease TEXT NOT NULL,
            term INTEGER NOT NULL,
            number INTEGER NOT NULL,
            count INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            checkpoint TEXT,
            events BLOB NOT NULL
        ) STRICT
        """

    /// Writes a page, within a transaction; it takes the place of one that was damaged.
    static func save(
        _ content: Content, in database: Database
    ) throws(DatabaseError) {
        try database.execute(creation)
        let octets = octets(of: content.events)
        let insert = try database.prepare(
            "INSERT OR REPLACE INTO prepared VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        insert.bind(content.page.source, at: 1)
        insert.bind(content.page.term.lease, at: 2)
        insert.bind(content.page.term.number, at: 3)
        insert.bind(content.page.number, at: 4)
        insert.bind(Int64(content.page.eventsCount), at: 5)
        insert.bind(checksum(content.page, content.checkpoint, octets), at: 6)
        if let checkpoint = content.checkpoint {
            insert.bind(checkpoint, at: 7)
        } else {
            insert.bindNull(at: 7)
        }
        try unsafe octets.span.withUnsafeBytes { octets throws(DatabaseError) in
            unsafe insert.bind(borrowed: octets, at: 8)
            try insert.run()
        }
    }

    /// Reads all pages, or that of a source.
    static func read(
        of source: String? = nil, from database: Database
    ) throws(DatabaseError) -> Findings {
        var findings = Findings()
        guard try database.integer("SELECT 1 FROM sqlite_schema WHERE name = 'prepared'") != nil
        else { return findings }
        let rows = try database.prepare(
            "SELECT * FROM prepared WHERE ?1 IS NULL OR source = ?1 ORDER BY source")
        if let source { rows.bind(source, at: 1) } else { rows.bindNull(at: 1) }
        while try rows.step() {
            if let content = content(of: rows) {
                findings.contents.append(content)
            } else {
                findings.corruptSources.append(rows.text(0))
                findings.corruptEvents += max(1, Int(clamping: rows.integer(4)))
            }
        }
        return findings
    }

    /// Deletes a source's page, within a transaction.
    static func delete(of source: String, in database: Database) throws(DatabaseError) {
        let delete = try database.prepare("DELETE FROM prepared WHERE source = ?1")
        delete.bind(source, at: 1)
        try delete.run()
    }

    /// Has a source's page leave the checkpoint as it is, when it's stored.
    static func forgetCheckpoint(
        of source: String, in database: Database
    ) throws(DatabaseError) {
        for var content in try read(of: source, from: database).contents {
            content.checkpoint = nil
            try save(content, in: database)
        }
    }

    // MARK: - Octets

    private static func content(of row: Statement) -> Content? {
        let octets = row.octets(7)
        var page = PreparedPage(
            source: row.text(0),
            term: CheckpointTerm(lease: row.text(1), number: row.integer(2)),
            number: row.integer(3), eventsCount: Int(clamping: row.integer(4)))
        let checkpoint = row.isNull(6) ? nil : row.text(6)
        guard checksum(page, checkpoint, octets) == row.integer(5),
            let events = events(in: octets), events.count == page.eventsCount
        else { return nil }
        page.bytes = octets.count + 64 * events.count
        return Content(page: page, checkpoint: checkpoint, events: events)
    }

    private static func checksum(
        _ page: PreparedPage, _ checkpoint: String?, _ octets: [UInt8]
    ) -> Int64 {
        let words = [
            page.source, page.term.lease, "\(page.term.number)", "\(page.number)",
            "\(page.eventsCount)", checkpoint ?? "",
        ]
        let head = Array(words.joined(separator: "\n").utf8)
        return Int64(
            bitPattern: Checksum.of(octets.span, seed: Checksum.of(head.span, seed: 0)))
    }

    private static func octets(of events: [(pending: UInt64, event: Event)]) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(events.reduce(0) { $0 + 12 + $1.event.octets.count })
        for (pending, event) in events {
            for place in 0..<8 { octets.append(UInt8(truncatingIfNeeded: pending >> (8 * place))) }
            for place in 0..<4 {
                octets.append(UInt8(truncatingIfNeeded: event.octets.count >> (8 * place)))
            }
            octets += event.octets
        }
        return octets
    }

    private static func events(in octets: [UInt8]) -> [(pending: UInt64, event: Event)]? {
        var events: [(pending: UInt64, event: Event)] = []
        var rest = octets[...]
        while rest.count >= 12 {
            let pending = number(rest.prefix(8))
            let count = Int(number(rest.dropFirst(8).prefix(4)))
            rest = rest.dropFirst(12)
            guard rest.count >= count, let event = Event(stored: Array(rest.prefix(count)))
            else { return nil }
            events.append((pending, event))
            rest = rest.dropFirst(count)
        }
        return rest.isEmpty ? events : nil
    }

    private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
        octets.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension JournalFile {
    /// The pages that wait for the Lease, as far as they're what was written.
    public func preparedPages() throws(JournalError) -> [PreparedPage] {
        try reading { database throws(DatabaseError) in
            try PreparedPages.read(from: database).contents.map(\.page)
        }
    }
}
