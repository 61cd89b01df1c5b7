/// The format of the journal's file.
///
/// `journal.db` is an SQLite 3 database in WAL mode, so `journal.db-wal` is a part of it while
/// it's in use and after a crash; the file of ``InHand`` is beside it. Its `application_id` is
/// "Veer" and its `user_version` is ``format``. All numbers are integers, all times milliseconds
/// since 1970.
///
///     counters      one row
///       last_sequence    the last number given out; none is given out twice
///       pending_events   how many rows of events have pending other than 0
///       seal             checksum of both, seed 0
///     sinks         the sinks that a bit of pending can stand for
///       bit              0…62
///       name             its name in the configuration
///       checksum         of the octets of "sinks" and the name, seed bit
///     origins       the sources that took events in
///       number           from 1
///       name             its name in the configuration
///       checksum         of the octets of "origins" and the name, seed number
///     events        an event each: not settled everywhere, dead somewhere, or kept a while
///       sequence         its number, in the order events were accepted
///       received_ms      when it was accepted
///       origin           a number of origins
///       pending          1 << bit for each sink that hasn't settled it
///       settled_ms       when the last sink settled it, where delivered events are kept; minus
///                        the time it was accepted, where unrouted events are kept
///       seal             checksum of the numbers beside it, seed sequence
///       id, source, type for people: copies of the event's attributes
///       checksum         of event, seed sequence
///       event            the event's block, see `CloudEvents.Event`
///     dead_letters  an event that a sink didn't take, and why
///       sequence         a number of events
///       sink             the sink's name
///       failed_ms        when it was given up
///       code             such as refused, attempts_exhausted, sink_removed, corrupt, poison
///       status           of the sink's last answer, where it gave one
///       detail           of the last answer's body or the last error, at most 1,024 octets
///       attempts         how often it was sent
///     recent        what tells events that were accepted of late from new ones
///       place            a number of origins << 44, plus how many events it had before
///       checksum         of events, seed place
///       events           when they were accepted, then 24 octets for each, see `Fingerprint`;
///                        in place 0 the key of all of them
///
/// A checksum is XXH64, kept as the signed number of the same bits. The seal of events is that of
/// five little-endian words: checksum, received_ms, origin, pending, and settled_ms or -1; the
/// seal of counters is that of its two. What SQLite itself guards badly, a page's content, is so
/// guarded row by row: a row that isn't what was written is never delivered.
///
/// A row of events is deleted when its pending becomes 0, no dead letter refers to it, and
/// delivered events aren't kept; those that are kept are deleted by settled_ms. An event that is
/// replayed is a new row with its own number and the old row's received_ms and origin. Deleted
/// rows leave free pages, which new rows fill.
enum Schema {
    /// The newest format that this version reads, and the one it writes.
    static let format = 1

    /// "Veer".
    static let applicationID = 0x5665_6572

    /// The name of the database in the journal's directory.
    static let fileName = "journal.db"

    /// Twice SQLite's own: half the calls to write as many events, and few events need more.
    static let pageBytes = 8192

    /// What one page takes in the write-ahead log.
    static let frameBytes = pageBytes + 24

    /// What makes an empty database a journal.
    static let creation = """
        CREATE TABLE counters (
            last_sequence INTEGER NOT NULL,
            pending_events INTEGER NOT NULL,
            seal INTEGER NOT NULL
        ) STRICT;
        INSERT INTO counters VALUES (0, 0, \(Int64(bitPattern: Counters().seal)));
        CREATE TABLE sinks (
            bit INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE origins (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY,
            received_ms INTEGER NOT NULL,
            origin INTEGER NOT NULL,
            pending INTEGER NOT NULL,
            settled_ms INTEGER,
            seal INTEGER NOT NULL,
            id TEXT NOT NULL,
            source TEXT NOT NULL,
            type TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            event BLOB NOT NULL
        ) STRICT;
        CREATE INDEX events_settled ON events (settled_ms) WHERE settled_ms IS NOT NULL;
        CREATE TABLE dead_letters (
            sequence INTEGER NOT NULL,
            sink TEXT NOT NULL,
            failed_ms INTEGER NOT NULL,
            code TEXT NOT NULL,
            status INTEGER,
            detail TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            PRIMARY KEY (sequence, sink)
        ) STRICT, WITHOUT ROWID;
        \(recent)
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(format);
        """

    /// What makes the table that journals of earlier versions don't have.
    static let recent = """
        CREATE TABLE recent (
            place INTEGER PRIMARY KEY,
            checksum INTEGER NOT NULL,
            events BLOB NOT NULL
        ) STRICT;
        INSERT INTO recent VALUES (0, 0, randomblob(\(FingerprintKey.bytes)));
        """

    /// The settings of a connection that writes.
    ///
    /// `synchronous=FULL` has each commit synchronized before it returns. Reading through a
    /// mapping would turn a disk error into a signal. What was deleted isn't overwritten at
    /// once, for that would double what is written. One writer needs no file for temporary data.
    static let connection = """
        PRAGMA synchronous = FULL;
        PRAGMA mmap_size = 0;
        PRAGMA secure_delete = OFF;
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -8192;
        PRAGMA cell_size_check = ON;
        """
}
