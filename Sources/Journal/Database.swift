internal import CSQLite

/// One connection to an SQLite database file.
///
/// Ownership: belongs to one thread at a time, and takes no lock. Its ``Statement``s may live
/// longer; the file is closed after the last of them.
@safe final class Database {
    /// What a connection may do.
    enum Access: Equatable {
        /// Read and write a file that exists.
        case readWrite
        /// Read, beside whoever writes; never writes a page and never checkpoints.
        case readOnly
        /// Read a file that nobody writes to, where not even its companions can be made.
        case immutable
    }

    /// Nobody asks SQLite how much memory it uses, so no lock is taken to count it.
    private static let isConfigured: Bool =
        sqlite_config_flag(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK

    private let handle: OpaquePointer
    private let framesInLog = UnsafeMutablePointer<CInt>.allocate(capacity: 1)

    /// Opens a file that exists.
    init(path: String, access: Access) throws(DatabaseError) {
        _ = Database.isConfigured
        let flags =
            (access == .readWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY)
            | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE
        let uri = Database.uri(path) + (access == .immutable ? "?immutable=1" : "")
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(uri, &opened, flags, nil)
        guard code == SQLITE_OK, let handle = unsafe opened else {
            let error = unsafe Database.error(of: opened, "open", code: code)
            unsafe sqlite3_close_v2(opened)
            unsafe framesInLog.deallocate()
            throw error
        }
        unsafe self.handle = handle
        unsafe framesInLog.initialize(to: 0)
        // Files come from outside: their schemas may not run anything, nor may SQL damage them.
        for (option, value) in [
            (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_ENABLE_VIEW, 0),
            (SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1),
        ] as [(CInt, CInt)] {
            unsafe sqlite_db_config_flag(handle, option, value)
        }
        unsafe sqlite3_busy_timeout(handle, 2_000)
    }

    deinit {
        unsafe sqlite3_wal_hook(handle, nil, nil)
        unsafe sqlite3_close_v2(handle)
        unsafe framesInLog.deallocate()
    }

    /// Runs statements that return nothing of interest.
    func execute(_ sql: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe Database.error(of: handle, sql) }
    }

    /// Prepares one statement, to be kept.
    func prepare(_ sql: String) throws(DatabaseError) -> Statement {
        var statement: OpaquePointer?
        let flags = CUnsignedInt(SQLITE_PREPARE_PERSISTENT)
        let code = unsafe sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement
        else { throw unsafe Database.error(of: handle, sql) }
        return unsafe Statement(owning: statement)
    }

    /// The number in the first column of a statement's first row, if it has one.
    func integer(_ sql: String) throws(DatabaseError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The text in the first column of a statement's first row, if it has one.
    func text(_ sql: String) throws(DatabaseError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    /// Whether a transaction was begun and not ended.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// How many rows the last statement that was run inserted, changed or deleted.
    var changes: Int { Int(unsafe sqlite3_changes(handle)) }

    private static func uri(_ path: String) -> String {
        var uri = "file:"
        for octet in path.utf8 {
            let isPlain = octet < 0x80 && !"%?#".utf8.contains(octet)
            let hex = (octet < 0x10 ? "0" : "") + String(octet, radix: 16)
            uri += isPlain ? String(UnicodeScalar(octet)) : "%" + hex
        }
        return uri
    }

    static func error(
        of handle: OpaquePointer?, _ call: String, code: CInt? = nil
    ) -> DatabaseError {
        let code = unsafe code ?? sqlite3_extended_errcode(handle)
        let message = unsafe String(cString: sqlite3_errmsg(handle))
        // Only these come from a system call; elsewhere the number is a leftover.
        let isSystem = [SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN].contains(code & 0xFF)
        return DatabaseError(
            extendedCode: code,
            systemError: isSystem ? unsafe sqlite3_system_errno(handle) : 0,
            message: message, call: call)
    }
}

// MARK: - The write-ahead log

extension Database {
    /// Leaves checkpoints to the caller, and counts what is in the log.
    func countFramesInLog() {
        let counted = unsafe sqlite3_wal_hook(
            handle,
            { context, _, _, frames in
                unsafe context?.assumingMemoryBound(to: CInt.self).pointee = frames
                return SQLITE_OK
            }, framesInLog)
        _ = unsafe counted
    }

    /// How many pages the log held after the last commit; 0 once all of them were copied, since
    /// the next commit then begins at the log's start.
    var logFrames: Int { Int(unsafe framesInLog.pointee) }

    /// Copies pages from the log into the database's file and has them synchronized, as far as
    /// readers allow; the log's file stays as it is.
    ///
    /// - Returns: whether all were copied.
    @discardableResult
    func checkpoint() throws(DatabaseError) -> Bool {
        var (frames, copied): (CInt, CInt) = (0, 0)
        let code = unsafe sqlite3_wal_checkpoint_v2(
            handle, nil, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied)
        if code & 0xFF == SQLITE_BUSY { return false }
        guard code == SQLITE_OK else { throw unsafe Database.error(of: handle, "checkpoint") }
        guard frames == copied else { return false }
        unsafe framesInLog.pointee = 0
        return true
    }

    /// Makes the log's file empty, if all of it was copied and nobody reads it.
    ///
    /// - Returns: whether it is empty now.
    func truncateLog() throws(DatabaseError) -> Bool {
        let code = unsafe sqlite3_wal_checkpoint_v2(
            handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        if code & 0xFF == SQLITE_BUSY { return false }
        guard code == SQLITE_OK else { throw unsafe Database.error(of: handle, "checkpoint") }
        return true
    }

    /// Sets room aside for the database's file, in chunks of `chunk` bytes.
    func allocate(bytes: Int, chunk: Int) throws(DatabaseError) {
        let code = unsafe sqlite_allocate_database(handle, CInt(chunk), Int64(bytes))
        guard code == SQLITE_OK else { throw noRoom("allocate the database", code) }
    }

    /// Sets room aside for the log's file, in chunks of `chunk` bytes.
    func allocateLog(bytes: Int, chunk: Int) throws(DatabaseError) {
        let code = unsafe sqlite_allocate_log(handle, CInt(chunk), Int64(bytes))
        guard code == SQLITE_OK else { throw noRoom("allocate the log", code) }
    }

    /// Nothing was written when this happens, so whatever the reason, more room is the cure.
    private func noRoom(_ call: String, _ code: CInt) -> DatabaseError {
        DatabaseError(
            extendedCode: SQLITE_FULL, message: "no room could be set aside (\(code))", call: call)
    }
}
