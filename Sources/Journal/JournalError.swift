/// Why a journal can't be opened: each names the file and what to do about it.
public enum JournalError: Error, Equatable, CustomStringConvertible {
    /// Another process, or another part of this one, has the journal open.
    case inUse(path: String, process: Int?)
    /// The file was written by a version that knows a later format.
    case newerFormat(path: String, format: Int)
    /// The file is an SQLite database, but no journal.
    case foreign(path: String)
    /// The file isn't what was written to it, or a part of it is missing.
    case damaged(path: String, detail: String)
    /// The system doesn't let the journal be used.
    case unusable(path: String, detail: String)

    /// One or two sentences for the operator.
    public var description: String {
        switch self {
        case .inUse(let path, let process):
            let who = process.map { "process \($0)" } ?? "another process"
            return "\(path): the journal is in use by \(who). "
                + "Stop it, or give this one a directory of its own (journal.path)."
        case .newerFormat(let path, let format):
            return "\(path) has format \(format), but this version knows none after "
                + "\(Schema.format). Nothing was changed; start a version that knows it."
        case .foreign(let path):
            return "\(path) is a database, but no journal. "
                + "Give the journal a directory of its own (journal.path)."
        case .damaged(let path, let detail):
            return "\(path) is damaged: \(detail). Nothing was changed; keep a copy of the "
                + "directory, export from it what can be read, and start with an empty one."
        case .unusable(let path, let detail):
            return "\(path) can't be used: \(detail). "
                + "Check its permissions, its owner and the file system."
        }
    }

    init(_ error: DatabaseError, path: String) {
        switch error.kind {
        case .damaged: self = .damaged(path: path, detail: error.description)
        case .locked, .noRoom, .failed: self = .unusable(path: path, detail: error.description)
        }
    }
}
