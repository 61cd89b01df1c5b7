/// In which term of which lease a source's checkpoint was written last.
///
///     terms         of those sources that a leader reads
///         source        its name
///         lease         the lease's own name
///         number        of the term
///         checksum      of source, a line end, and lease; seed number
///
/// The table is made for the first of them; versions that don't know it leave it alone.
enum Terms {
    private static let creation = """
        CREATE TABLE IF NOT EXISTS terms (
            source TEXT PRIMARY KEY,
            lease TEXT NOT NULL,
            number INTEGER NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    /// Whether a term may still write, within a transaction: not where a later one of the same
    /// lease has written.
    static func permits(
        _ term: CheckpointTerm, of source: String, in database: Database
    ) throws(DatabaseError) -> Bool {
        try database.execute(creation)
        guard let known = try self.term(of: source, in: database) else { return true }
        return known.lease != term.lease || known.number <= term.number
    }

    /// Writes that a source's checkpoint is of a term, within a transaction.
    ///
    /// - Returns: whether that term may still write.
    static func claim(
        _ term: CheckpointTerm, of source: String, in database: Database
    ) throws(DatabaseError) -> Bool {
        guard try permits(term, of: source, in: database) else { return false }
        if try self.term(of: source, in: database) == term { return true }
        let insert = try database.prepare("INSERT OR REPLACE INTO terms VALUES (?1, ?2, ?3, ?4)")
        insert.bind(source, at: 1)
        insert.bind(term.lease, at: 2)
        insert.bind(term.number, at: 3)
        insert.bind(checksum(source, term.lease, term.number), at: 4)
        try insert.run()
        return true
    }

    /// Reads all that are what was written.
    static func read(from database: Database) throws(DatabaseError) -> [String: CheckpointTerm] {
        guard try database.integer("SELECT 1 FROM sqlite_schema WHERE name = 'terms'") != nil
        else { return [:] }
        let rows = try database.prepare("SELECT source, lease, number, checksum FROM terms")
        var terms: [String: CheckpointTerm] = [:]
        while try rows.step() {
            let (source, lease, number) = (rows.text(0), rows.text(1), rows.integer(2))
            guard checksum(source, lease, number) == rows.integer(3) else { continue }
            terms[source] = CheckpointTerm(lease: lease, number: number)
        }
        return terms
    }

    private static func term(
        of source: String, in database: Database
    ) throws(DatabaseError) -> CheckpointTerm? {
        let row = try database.prepare(
            "SELECT lease, number, checksum FROM terms WHERE source = ?1")
        row.bind(source, at: 1)
        guard try row.step() else { return nil }
        let term = CheckpointTerm(lease: row.text(0), number: row.integer(1))
        return checksum(source, term.lease, term.number) == row.integer(2) ? term : nil
    }

    private static func checksum(_ source: String, _ lease: String, _ number: Int64) -> Int64 {
        let octets = Array("\(source)\n\(lease)".utf8)
        return Int64(
            bitPattern: Checksum.of(octets.span, seed: UInt64(bitPattern: number)))
    }
}

/// In which term a checkpoint was written.
public struct CheckpointTerm: Sendable, Equatable {
    /// The lease's own name.
    public var lease: String
    /// The number of the term.
    public var number: Int64

    /// A term of a lease.
    public init(lease: String, number: Int64) {
        self.lease = lease
        self.number = number
    }
}
