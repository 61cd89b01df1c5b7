internal import CloudEvents

/// Finds kept events in a database, a bounded part of it at a time.
struct KeptScan {
    /// The most rows that one look goes through, be they meant or not.
    static let rowsLimit = 4_096
    /// The most octets of events that one look brings into memory, but for the last event's.
    static let bytesLimit = 4 * 1024 * 1024

    /// An event found.
    struct Item {
        var record: Record
        /// Whether its numbers are what was written.
        var isSealed: Bool
        var entry: JournalEntry
    }

    /// What a look found.
    struct Findings {
        var items: [Item] = []
        /// Where to go on, unless all was looked at.
        var next: SequenceNumber?
    }

    private let database: Database
    private let reader: EntryReader
    private let names: ReaderNames

    init(_ database: Database) throws(DatabaseError) {
        self.database = database
        names = try ReaderNames(database)
        reader = try EntryReader(database, names)
    }

    /// Finds events, in the order of their numbers.
    func find(_ query: KeptQuery, bytesLimit: Int = bytesLimit) throws(DatabaseError) -> Findings {
        guard let end = try end(of: query) else { return Findings() }
        var findings = Findings(next: end < query.through ? end : nil)
        guard let conditions = Conditions(query, origins: names.origins, through: end)
        else { return findings }
        let rows = try database.prepare(conditions.selection)
        conditions.bind(to: rows)
        var bytes = 0
        defer { rows.reset() }
        while try rows.step() {
            let (record, isSealed) = Record.read(from: rows)
            // A dead letter of each sink brings the event once more.
            guard record.sequence != findings.items.last?.record.sequence else { continue }
            let entry = try reader.read(rows)
            guard query.filter.subject?.matches(entry.event?["subject"]) ?? true else { continue }
            findings.items.append(Item(record: record, isSealed: isSealed, entry: entry))
            bytes += rows.bytes(10)
            guard findings.items.count < query.limit, bytes < bytesLimit else {
                findings.next = record.sequence < query.through ? record.sequence : nil
                break
            }
        }
        return findings
    }

    /// The number up to which one look goes; nothing where there is nothing to look at.
    private func end(of query: KeptQuery) throws(DatabaseError) -> SequenceNumber? {
        let table = query.kind == .dead ? "dead_letters" : "events"
        let window = try database.prepare(
            """
            SELECT count(*), max(sequence) FROM (SELECT sequence FROM \(table)
            WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT \(Self.rowsLimit))
            """)
        window.bind(query.after, at: 1)
        window.bind(query.through, at: 2)
        defer { window.reset() }
        guard try window.step(), window.integer(0) > 0 else { return nil }
        return window.integer(0) < Self.rowsLimit ? query.through : window.integer(1)
    }
}

/// A query as SQL has it.
private struct Conditions {
    private enum Value {
        case number(Int64)
        case text(String)
    }

    private let isOfLetters: Bool
    private var clauses: [String] = []
    private var values: [Value] = []

    /// - Returns: nothing where nothing can be found.
    init?(_ query: KeptQuery, origins: Names, through end: SequenceNumber) {
        let filter = query.filter
        isOfLetters = query.kind == .dead
        let number = isOfLetters ? "d.sequence" : "e.sequence"
        add("\(number) > ?", .number(query.after))
        add("\(number) <= ?", .number(end))
        switch query.kind {
        case .dead:
            if let sink = filter.sink { add("d.sink = ?", .text(sink)) }
            if let code = filter.code { add("d.code = ?", .text(code)) }
        // The plus keeps SQLite from the index on this column: the order is that of numbers.
        case .delivered: clauses.append("+e.settled_ms >= 0")
        case .unrouted: clauses.append("+e.settled_ms < 0")
        }
        let time = isOfLetters ? "d.failed_ms" : "e.received_ms"
        if let since = filter.since { add("\(time) >= ?", .number(since)) }
        if let until = filter.until { add("\(time) < ?", .number(until)) }
        if let origin = filter.origin {
            guard let number = origins.number(of: origin) else { return nil }
            add("e.origin = ?", .number(number))
        }
        if let id = filter.id { add("e.id = ?", .text(id)) }
        if let type = filter.type { add("e.type", type) }
        if let source = filter.source { add("e.source", source) }
    }

    var selection: String {
        // A CROSS JOIN keeps its order: there may be few dead letters among very many events.
        let letters = "FROM dead_letters d CROSS JOIN events e ON e.sequence = d.sequence"
        return
            (isOfLetters
            ? "SELECT \(EntryReader.columns) \(letters)" : EntryReader.selection)
            + " WHERE \(clauses.joined(separator: " AND "))"
            + " ORDER BY \(isOfLetters ? "d" : "e").sequence"
    }

    func bind(to statement: Statement) {
        for (place, value) in values.enumerated() {
            switch value {
            case .number(let number): statement.bind(number, at: CInt(place + 1))
            case .text(let text): statement.bind(text, at: CInt(place + 1))
            }
        }
    }

    private mutating func add(_ clause: String, _ value: Value) {
        values.append(value)
        clauses.append(clause + "\(values.count)")
    }

    private mutating func add(_ column: String, _ pattern: TextPattern) {
        switch pattern {
        case .exactly(let text): add("\(column) = ?", .text(text))
        case .prefix(let text):
            // Octets of UTF-8 begin alike where the texts do.
            add("instr(\(column), ?", .text(text))
            clauses[clauses.count - 1] += ") = 1"
        }
    }
}

extension TextPattern {
    /// Whether a text is meant; none is where there is no text.
    func matches(_ text: String?) -> Bool {
        guard let text else { return false }
        switch self {
        case .exactly(let wanted): return text.utf8.elementsEqual(wanted.utf8)
        case .prefix(let wanted): return text.utf8.starts(with: wanted.utf8)
        }
    }
}
