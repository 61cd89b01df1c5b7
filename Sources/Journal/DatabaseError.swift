internal import CSQLite
internal import Glibc

/// A call to SQLite that failed.
struct DatabaseError: Error, Equatable, CustomStringConvertible {
    /// What the failure means for those who wanted to write.
    enum Kind: Equatable {
        /// The file system has no room; nothing is wrong with what is there.
        case noRoom
        /// Another program holds the file; it may let go of it.
        case locked
        /// The file isn't what was written to it.
        case damaged
        /// The system refused, or SQLite met what it doesn't expect; it may not be tried again.
        case failed
    }

    /// SQLite's extended result code, such as `SQLITE_IOERR_FSYNC`.
    var extendedCode: CInt
    /// The system's `errno` of the call beneath, 0 where there was none.
    var systemError: CInt = 0
    /// SQLite's own words.
    var message: String
    /// The statement or the function that failed.
    var call: String

    /// The primary result code, such as `SQLITE_FULL`.
    var code: CInt { extendedCode & 0xFF }

    /// What the failure means.
    ///
    /// A failed `fsync` is no lack of room even where the system calls it that: what was written
    /// before it may be lost, and asking again would get a false yes.
    var kind: Kind {
        let hasNoRoom = systemError == ENOSPC || systemError == EDQUOT
        switch (code, extendedCode) {
        case (SQLITE_FULL, _): return .noRoom
        case (_, SQLITE_IOERR | 3 << 8) where hasNoRoom: return .noRoom  // …_WRITE
        case (_, SQLITE_IOERR | 19 << 8) where hasNoRoom: return .noRoom  // …_SHMSIZE
        case (SQLITE_BUSY, _), (SQLITE_LOCKED, _): return .locked
        case (SQLITE_CORRUPT, _), (SQLITE_NOTADB, _): return .damaged
        default: return .failed
        }
    }

    /// Such as `COMMIT: disk I/O error (1034): Input/output error`.
    var description: String {
        let reason = systemError == 0 ? "" : unsafe ": " + String(cString: strerror(systemError))
        return "\(call): \(message) (\(extendedCode))\(reason)"
    }
}
