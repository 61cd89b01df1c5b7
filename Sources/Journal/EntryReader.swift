/// The names that rows speak of by number.
struct ReaderNames {
    let sinks: Names
    let origins: Names

    init(_ database: Database) throws(DatabaseError) {
        sinks = try Names.read("sinks", from: database) ?? Names()
        origins = try Names.read("origins", from: database) ?? Names()
    }
}

/// Makes entries of rows.
struct EntryReader {
    /// The columns that it reads, of `events e`.
    static let columns =
        "e.\(Record.columns.replacing(", ", with: ", e.")), e.id, e.source, e.type, e.event"
    /// The beginning of a statement that gives them.
    static let selection = "SELECT \(columns) FROM events e"

    private let names: ReaderNames
    private let deadLetters: Statement

    init(_ database: Database, _ names: ReaderNames) throws(DatabaseError) {
        self.names = names
        deadLetters = try database.prepare(
            """
            SELECT sink, failed_ms, code, status, detail, attempts FROM dead_letters
            WHERE sequence = ?1 ORDER BY sink
            """)
    }

    func read(_ row: Statement) throws(DatabaseError) -> JournalEntry {
        let (record, isSealed) = Record.read(from: row)
        let pending = (0..<SinkSet.sinksLimit).filter { record.pending >> UInt64($0) & 1 == 1 }
        return JournalEntry(
            sequence: record.sequence, receivedMilliseconds: record.receivedMilliseconds,
            origin: names.origins.byNumber[record.origin] ?? "?",
            id: row.text(7), source: row.text(8), type: row.text(9),
            event: isSealed ? record.event(from: row.octets(10)) : nil,
            pendingSinks: pending.map { names.sinks.byNumber[Int64($0)] ?? "?" },
            deadLetters: try deadLetters(of: record.sequence),
            settledMilliseconds: record.settledMilliseconds.map { abs($0) },
            isUnrouted: record.settledMilliseconds ?? 0 < 0)
    }

    private func deadLetters(
        of sequence: SequenceNumber
    ) throws(DatabaseError) -> [JournalEntry.DeadLetter] {
        var found: [JournalEntry.DeadLetter] = []
        deadLetters.bind(sequence, at: 1)
        while try deadLetters.step() {
            found.append(
                JournalEntry.DeadLetter(
                    sink: deadLetters.text(0), failedMilliseconds: deadLetters.integer(1),
                    reason: DeadLetterReason(
                        code: deadLetters.text(2),
                        status: deadLetters.isNull(3) ? nil : Int(deadLetters.integer(3)),
                        detail: deadLetters.text(4), attempts: Int(deadLetters.integer(5)))))
        }
        return found
    }
}
