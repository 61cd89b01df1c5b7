internal import CLinux
internal import EventLoops
internal import Glibc
internal import Logging

/// What the delivery is working on at this instant, where it outlives a crash of the process.
///
/// It's the file `in-hand` in the journal's directory, mapped into memory: taking an event in hand
/// and putting it down are three stores, and no system call. What stands there at an end that
/// nobody asked for is suspect of having caused it, and counted at the next start.
///
/// The file has one page of little-endian words: "VeerHand" and the version; a checksum of the
/// ``Suspects`` after it; and in the page's second half the first and the last number of what is
/// in hand, 0 where nothing is. A file that is anything else is begun anew.
///
/// Ownership: the delivery's thread alone takes and puts down.
public final class InHand: Sendable {
    static let fileName = "in-hand"
    static let version: Int64 = 1
    private static let mark = Int64(littleEndian: 0x646E_6148_7265_6556)
    private static let bytes = 4096
    private static let handPlace = 256

    private let suspects: Suspects
    /// The mapping; an address, because a pointer can't be shared among threads.
    private let start: UInt
    private let first: UInt
    private let last: UInt

    /// Writes down what is suspected, with nothing in hand, and maps the file.
    ///
    /// All of it is written before it's mapped, so that no store meets a full disk.
    init(_ suspects: Suspects, file: String) throws(SystemError) {
        let descriptor = try Descriptor(
            from: "open", unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600).orErrno)
        let page = Self.page(suspects)
        let written = unsafe page.withUnsafeBytes {
            unsafe pwrite(descriptor.number, $0.baseAddress, $0.count, 0)
        }
        guard written == Self.bytes else {
            throw SystemError(call: "pwrite", errno: written < 0 ? errno : ENOSPC)
        }
        // What is counted is to outlive a loss of power, too.
        if suspects != Suspects() { try check("fdatasync", fdatasync(descriptor.number).orErrno) }
        guard
            let mapping = unsafe mmap(
                nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0),
            unsafe mapping != MAP_FAILED
        else { throw SystemError(call: "mmap", errno: errno) }
        self.suspects = suspects
        start = UInt(bitPattern: mapping)
        first = start + UInt(8 * Self.handPlace)
        last = first + 8
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(bitPattern: start), Self.bytes) }

    // MARK: - Working

    /// Work on an event begins, before any of its octets is looked at.
    public func take(_ sequence: SequenceNumber) { take(sequence, through: sequence) }

    /// Work on several events begins, whose numbers lie between these.
    public func take(_ first: SequenceNumber, through last: SequenceNumber) {
        // In this order there's never a first without its last.
        linux_store(self.last, last)
        linux_store(self.first, first)
    }

    /// That work is done, be it that what came of it is still to come.
    public func putDown() { linux_store(first, 0) }

    /// Whether the process has ended in the midst of work on this event, so that it must be worked
    /// on without company.
    public func isSuspect(_ sequence: SequenceNumber) -> Bool { suspects.contains(sequence) }

    // MARK: - The file

    /// What a file says.
    enum Content: Equatable {
        /// There is none yet, or nothing in it.
        case none
        /// It isn't what was written, or another version wrote it.
        case unknown
        /// What was suspected before, and what was in hand at the end.
        case known(Suspects, hand: ClosedRange<SequenceNumber>?)
    }

    /// Reads a file.
    ///
    /// - Parameter lastSequence: the highest number that there is.
    static func read(_ file: String, lastSequence: SequenceNumber) throws(SystemError) -> Content {
        let number = unsafe open(file, O_RDONLY | O_CLOEXEC).orErrno
        if number == -ENOENT { return .none }
        let descriptor = try Descriptor(from: "open", number)
        var page = [Int64](repeating: 0, count: bytes / 8)
        let count = unsafe page.withUnsafeMutableBytes {
            unsafe pread(descriptor.number, $0.baseAddress, $0.count, 0)
        }
        guard count >= 0 else { throw SystemError(call: "pread", errno: errno) }
        guard count > 0 else { return .none }
        let words = page[3..<(3 + Suspects.wordsCount)]
        guard count == bytes, page[0] == mark, page[1] == version, page[2] == checksum(words),
            let suspects = Suspects(words)
        else { return .unknown }
        let (first, last) = (page[handPlace], page[handPlace + 1])
        guard first != 0 else { return .known(suspects, hand: nil) }
        guard first >= 1, first <= last, last <= lastSequence else { return .unknown }
        return .known(suspects, hand: first...last)
    }

    private static func page(_ suspects: Suspects) -> [Int64] {
        let words = suspects.words
        let page = [mark, version, checksum(words[...])] + words
        return page + Array(repeating: 0, count: bytes / 8 - page.count)
    }

    private static func checksum(_ words: ArraySlice<Int64>) -> Int64 {
        let words = words.map { UInt64(bitPattern: $0) }
        return Int64(bitPattern: Checksum.of(words.span, seed: UInt64(version)))
    }
}

extension CInt {
    /// A call's result, or what it left in `errno`, negative.
    fileprivate var orErrno: CInt { self < 0 ? -errno : self }
}
