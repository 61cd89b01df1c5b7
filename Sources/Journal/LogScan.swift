/// Tells damage within a write-ahead log from an end that a crash tore.
///
/// SQLite takes a log up to the first frame whose checksum is wrong, which is right for a torn
/// end, for nothing after it was acknowledged. Were the frame damaged later on, though, it would
/// drop without a word what was committed after it. The two differ: a transaction is written
/// only after the one before was synchronized, so a bad frame, a commit and a good frame behind
/// it can't come from a crash. Damage to the last transaction can't be told from a torn end.
///
/// Spec: SQLite fileformat2 §4
struct LogScan {
    /// How long a log's header is.
    static let headerBytes = 32
    private static let frameHeaderBytes = 24

    /// How long each frame is.
    let frameBytes: Int
    private let salts: UInt64
    private var previous: Sum
    private var state = State.good

    /// Each case is named for what was seen last.
    private enum State: Equatable {
        case good, bad, commitAfterBad
    }

    private struct Sum: Equatable {
        var first: UInt32 = 0
        var second: UInt32 = 0

        mutating func add(_ octets: Span<UInt8>, _ range: Range<Int>) {
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                first &+= octets.littleEndian(at: offset) &+ second
                second &+= octets.littleEndian(at: offset + 4) &+ first
            }
        }

        init() {}

        init(_ octets: Span<UInt8>, at offset: Int) {
            first = octets.bigEndian(at: offset)
            second = octets.bigEndian(at: offset + 4)
        }
    }

    /// Begins with a log's header.
    ///
    /// - Returns: nothing if it isn't one that a machine of our octet order wrote.
    init?(header: Span<UInt8>) {
        guard header.count == Self.headerBytes, header.bigEndian(at: 0) == 0x377F_0682
        else { return nil }
        var sum = Sum()
        sum.add(header, 0..<24)
        guard sum == Sum(header, at: 24) else { return nil }
        let pageBytes = Int(header.bigEndian(at: 8))
        guard 512...65_536 ~= pageBytes, pageBytes & (pageBytes - 1) == 0 else { return nil }
        frameBytes = Self.frameHeaderBytes + pageBytes
        salts = UInt64(header.bigEndian(at: 16)) << 32 | UInt64(header.bigEndian(at: 20))
        previous = sum
    }

    /// Looks at the next frame.
    ///
    /// - Returns: whether the log may still be what was written.
    mutating func look(at frame: Span<UInt8>) -> Bool {
        let found = UInt64(frame.bigEndian(at: 8)) << 32 | UInt64(frame.bigEndian(at: 12))
        let isCommit = found == salts && frame.bigEndian(at: 4) != 0
        let isGood = found == salts && holds(frame)
        previous = Sum(frame, at: 16)
        if state == .commitAfterBad, isGood { return false }
        if state == .good, isGood { return true }
        // Only a frame right behind the commit counts: beyond it there may be the rest of a
        // transaction that was rolled back.
        state = isCommit ? .commitAfterBad : .bad
        return true
    }

    private func holds(_ frame: Span<UInt8>) -> Bool {
        var sum = previous
        sum.add(frame, 0..<8)
        sum.add(frame, Self.frameHeaderBytes..<frame.count)
        return sum == Sum(frame, at: 16)
    }
}

extension Span<UInt8> {
    fileprivate func bigEndian(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16
            | UInt32(self[offset + 2]) << 8 | UInt32(self[offset + 3])
    }

    fileprivate func littleEndian(at offset: Int) -> UInt32 { bigEndian(at: offset).byteSwapped }
}
