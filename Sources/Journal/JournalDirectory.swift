internal import EventLoops
internal import Glibc

/// The journal's directory, and the right to use it alone.
///
/// The file `lock` is locked as long as this value lives; it holds the number of the process
/// while the journal is open, and `closed` after an orderly end.
struct JournalDirectory: ~Copyable, Sendable {
    /// The directory.
    let path: String
    /// Whether the journal was closed before it was last left.
    let wasClosed: Bool
    private let lock: Descriptor
    private static let closed = "closed"

    /// Takes the directory for this process, and makes it where it's missing.
    init(path: String) throws(JournalError) {
        let made = unsafe mkdir(path, 0o700)
        if made == 0 {
            JournalDirectory.synchronize(path + "/..")
        } else if errno != EEXIST {
            throw .unusable(path: path, detail: JournalDirectory.reason("mkdir"))
        }
        let lock = try JournalDirectory.openLock(path + "/lock")
        let content = JournalDirectory.content(of: lock.number)
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else {
                throw .unusable(path: path, detail: JournalDirectory.reason("flock"))
            }
            throw .inUse(path: path, process: Int(content))
        }
        self.path = path
        self.lock = lock
        wasClosed = content.isEmpty || content == JournalDirectory.closed
    }

    private static func openLock(_ file: String) throws(JournalError) -> Descriptor {
        let number = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        do {
            return try Descriptor(from: "open", number < 0 ? -errno : number)
        } catch {
            throw .unusable(path: file, detail: error.description)
        }
    }

    /// A file in the directory.
    func file(_ name: String) -> String { path + "/" + name }

    /// Makes a file for the owner's eyes only, where there is none.
    func create(_ name: String) throws(JournalError) {
        let descriptor = unsafe open(file(name), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0
        else { throw .unusable(path: file(name), detail: JournalDirectory.reason("open")) }
        close(descriptor)
    }

    /// How many bytes a file has; nothing if there is none.
    static func size(of file: String) -> Int? {
        var status = stat()
        return unsafe stat(file, &status) == 0 ? Int(status.st_size) : nil
    }

    /// How many bytes a file in the directory has; nothing if there is none.
    func size(of name: String) -> Int? { JournalDirectory.size(of: file(name)) }

    /// Whether a write-ahead log in the directory is what was written, but for a torn end.
    func isWholeLog(_ name: String) -> Bool {
        let descriptor = unsafe open(file(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let header = JournalDirectory.read(descriptor, count: LogScan.headerBytes, at: 0)
        guard header.count == LogScan.headerBytes, header.contains(where: { $0 != 0 }) else {
            // A log that was only set aside; but where there is a frame, there was a header.
            let frame = JournalDirectory.read(descriptor, count: 24, at: LogScan.headerBytes)
            return !frame.contains { $0 != 0 }
        }
        guard var scan = LogScan(header: header.span) else { return false }
        var offset = LogScan.headerBytes
        while true {
            let frame = JournalDirectory.read(descriptor, count: scan.frameBytes, at: offset)
            guard frame.count == scan.frameBytes else { return true }
            guard scan.look(at: frame.span) else { return false }
            offset += frame.count
        }
    }

    private static func read(_ descriptor: CInt, count: Int, at offset: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            let result = unsafe pread(descriptor, buffer.baseAddress, count, offset)
            initializedCount = max(result, 0)
        }
    }

    /// Writes down that the journal is in use; from now on its log must not be missing.
    func markOpened() {
        JournalDirectory.synchronize(path)
        mark("\(getpid())")
    }

    /// Writes down that the journal was closed.
    func markClosed() { mark(JournalDirectory.closed) }

    /// Whether a journal that nobody has locked was closed, as far as can be seen.
    static func isClosed(_ path: String) -> Bool {
        let descriptor = unsafe open(path + "/lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return content(of: descriptor) == closed
    }

    /// Always as many octets, which so need no room where there were some before.
    private func mark(_ text: String) {
        let padded = text + String(repeating: " ", count: max(0, 15 - text.utf8.count)) + "\n"
        _ = unsafe pwrite(lock.number, padded, padded.utf8.count, 0)
    }

    private static func content(of descriptor: CInt) -> String {
        let digits = read(descriptor, count: 32, at: 0).prefix { $0 > UInt8(ascii: " ") }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Makes new names in a directory durable; where that isn't possible nothing is lost but
    /// the promise that they outlive a power cut at this moment.
    private static func synchronize(_ path: String) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func reason(_ call: String) -> String {
        SystemError(call: call, errno: errno).description
    }
}
