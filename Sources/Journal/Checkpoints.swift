/// How far the sources that read events from elsewhere have come.
///
///     checkpoints   how far a source has read
///         source        its name
///         saved_ms      when that was written, in milliseconds since 1970
///         checksum      of source, a line end, and text; seed saved_ms
///         text          what the source makes of it; the journal doesn't look into it
///
/// A checkpoint is written in the transaction that stores the events it covers, so it's never
/// ahead of them; that of a page in preparation waits with it, see ``PreparedPages``. The table is
/// made for the first of them; versions that don't know it leave it alone.
enum Checkpoints {
    static let creation = """
        CREATE TABLE IF NOT EXISTS checkpoints (
            source TEXT PRIMARY KEY,
            saved_ms INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            text TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    /// Writes a source's checkpoint, within a transaction.
    ///
    /// Nothing is kept prepared: where the first transaction fails, the table goes with it.
    static func save(
        _ text: String, of source: String, in database: Database, now: Int64
    ) throws(DatabaseError) {
        try database.execute(creation)
        let insert = try database.prepare(
            "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3, ?4)")
        insert.bind(source, at: 1)
        insert.bind(now, at: 2)
        insert.bind(checksum(source, text, now), at: 3)
        insert.bind(text, at: 4)
        try insert.run()
    }

    /// Reads all that are what was written.
    static func read(from database: Database) throws(DatabaseError) -> [SourceCheckpoint] {
        guard try database.integer("SELECT 1 FROM sqlite_schema WHERE name = 'checkpoints'") != nil
        else { return [] }
        let rows = try database.prepare("SELECT * FROM checkpoints ORDER BY source")
        var checkpoints: [SourceCheckpoint] = []
        while try rows.step() {
            let (source, saved, text) = (rows.text(0), rows.integer(1), rows.text(3))
            guard checksum(source, text, saved) == rows.integer(2) else { continue }
            checkpoints.append(
                SourceCheckpoint(source: source, savedMilliseconds: saved, text: text))
        }
        return checkpoints
    }

    private static func checksum(_ source: String, _ text: String, _ saved: Int64) -> Int64 {
        let octets = Array("\(source)\n\(text)".utf8)
        return Int64(
            bitPattern: Checksum.of(octets.span, seed: UInt64(bitPattern: saved)))
    }
}

/// How far a source has read, in its own words.
public struct SourceCheckpoint: Sendable, Equatable {
    /// The source's name.
    public var source: String
    /// When it was written, in milliseconds since 1970.
    public var savedMilliseconds: Int64
    /// What the source made of it.
    public var text: String
}

extension JournalFile {
    /// Replaces a source's checkpoint in a journal that nobody uses, or takes it away.
    ///
    /// - Parameter text: the checkpoint in the source's words; nil takes it away.
    public static func setCheckpoint(
        _ text: String?, of source: String, directory: String
    ) throws(JournalError) {
        let directory = try JournalDirectory(path: directory)
        let path = directory.file(Schema.fileName)
        do {
            let database = try Database(path: path, access: .readWrite)
            guard try database.integer("PRAGMA application_id") == Int64(Schema.applicationID)
            else { throw JournalError.foreign(path: path) }
            try database.execute(Schema.connection)
            // An operator's word counts, whatever is decided on events in preparation.
            try PreparedPages.forgetCheckpoint(of: source, in: database)
            if let text {
                try Checkpoints.save(
                    text, of: source, in: database, now: WallClock.milliseconds)
            } else {
                try database.execute(Checkpoints.creation)
                let delete = try database.prepare("DELETE FROM checkpoints WHERE source = ?1")
                delete.bind(source, at: 1)
                try delete.run()
            }
            _ = try database.checkpoint()
        } catch let error as DatabaseError {
            throw JournalError(error, path: path)
        } catch let error as JournalError {
            throw error
        } catch {
            throw .unusable(path: path, detail: "\(error)")
        }
    }
}
