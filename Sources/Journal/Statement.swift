internal import CSQLite

/// A prepared statement of a ``Database``, to be used again and again.
///
/// Ownership: belongs to its database's thread. Parameters are numbered from 1 and columns from
/// 0, as in SQLite; a parameter keeps its value until it's bound again.
@safe final class Statement {
    private let handle: OpaquePointer

    /// Takes over a statement that SQLite prepared.
    init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Binds a number.
    func bind(_ number: Int64, at parameter: CInt) {
        unsafe sqlite3_bind_int64(handle, parameter, number)
    }

    /// Binds NULL.
    func bindNull(at parameter: CInt) { unsafe sqlite3_bind_null(handle, parameter) }

    /// Binds a text that SQLite copies.
    func bind(_ text: String, at parameter: CInt) {
        var text = text
        text.withUTF8 {
            let octets = UnsafeRawBufferPointer($0)
            unsafe sqlite_bind_text_copied(
                handle, parameter, octets.baseAddress?.assumingMemoryBound(to: CChar.self),
                UInt64(octets.count))
        }
    }

    /// Binds a text of UTF-8 octets that must stay in place until the statement was run.
    @unsafe func bind(borrowedText octets: UnsafeRawBufferPointer, at parameter: CInt) {
        unsafe sqlite_bind_text_static(
            handle, parameter, octets.baseAddress?.assumingMemoryBound(to: CChar.self),
            UInt64(octets.count))
    }

    /// Binds octets that must stay in place until the statement was run.
    @unsafe func bind(borrowed octets: UnsafeRawBufferPointer, at parameter: CInt) {
        unsafe sqlite_bind_blob_static(
            handle, parameter, octets.baseAddress, UInt64(octets.count))
    }

    /// Goes on to the next row; after the last one the statement may be run again.
    ///
    /// - Returns: whether there is a row.
    func step() throws(DatabaseError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE {
            reset()
            return false
        }
        let error = unsafe Database.error(
            of: sqlite3_db_handle(handle), String(cString: sqlite3_sql(handle)))
        reset()
        throw error
    }

    /// Runs a statement whose rows, if it has any, don't matter.
    func run() throws(DatabaseError) {
        while try step() {}
    }

    /// Gives up the rows that are left.
    func reset() { unsafe sqlite3_reset(handle) }

    /// A column's number; 0 where it's something else.
    func integer(_ column: CInt) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    /// Whether a column has no value.
    func isNull(_ column: CInt) -> Bool {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    /// How many octets a column's text or blob has.
    func bytes(_ column: CInt) -> Int { Int(unsafe sqlite3_column_bytes(handle, column)) }

    /// A column's text; what isn't UTF-8 in it is replaced.
    func text(_ column: CInt) -> String {
        guard let start = unsafe sqlite3_column_text(handle, column) else { return "" }
        return unsafe String(
            decoding: UnsafeBufferPointer(start: start, count: bytes(column)), as: UTF8.self)
    }

    /// A column's octets.
    func octets(_ column: CInt) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: bytes(column)))
    }
}
