/// The octets of a connection that were read and not used up yet.
///
/// What is used up is let go of from the front; the rest moves there only when room is needed,
/// so a request's octets stay where they are while it is looked at.
public struct ReadBuffer: Sendable {
    /// All room: only ``unread`` of it means anything.
    public private(set) var octets: [UInt8]
    /// What was read and isn't used up.
    public private(set) var unread = 0..<0

    /// A buffer with room for so many octets.
    public init(bytes: Int) { octets = [UInt8](repeating: 0, count: bytes) }

    /// Where the next read may put its octets.
    public var room: Range<Int> { unread.upperBound..<octets.count }

    /// Whether everything was used up.
    public var isEmpty: Bool { unread.isEmpty }

    /// Lets a reader write into the ``room``, and takes in as many octets as it says.
    ///
    /// - Parameter read: gets all octets and where there is room; answers how many octets it
    ///   wrote there, or a negative number.
    /// - Returns: what `read` answered.
    public mutating func fill(_ read: (inout MutableSpan<UInt8>, Range<Int>) -> Int) -> Int {
        let room = room
        var span = octets.mutableSpan
        let count = read(&span, room)
        if count > 0 { unread = unread.lowerBound..<unread.upperBound + count }
        return count
    }

    /// Takes octets in, for tests and for what was read elsewhere.
    public mutating func append(_ more: [UInt8]) {
        makeRoom(for: more.count, limit: .max)
        octets.replaceSubrange(unread.upperBound..<unread.upperBound + more.count, with: more)
        unread = unread.lowerBound..<unread.upperBound + more.count
    }

    /// Uses up octets from the front.
    public mutating func use(_ count: Int) {
        unread.removeFirst(count)
        if unread.isEmpty { unread = 0..<0 }
    }

    /// Sees to it that there is room: by moving the octets to the front, and where that doesn't
    /// make enough, by growing to twice the size or what is asked for.
    ///
    /// - Parameter limit: the most bytes to grow to.
    public mutating func makeRoom(for count: Int, limit: Int) {
        guard room.count < count else { return }
        if unread.lowerBound > 0 {
            let bytes = unread.count
            move(unread, to: 0)
            unread = 0..<bytes
        }
        guard room.count < count else { return }
        let size = min(max(2 * octets.count, unread.count + count), limit)
        if size > octets.count {
            octets.append(contentsOf: repeatElement(0, count: size - octets.count))
        }
    }

    /// Moves octets towards the front, over what stands there.
    mutating func move(_ range: Range<Int>, to place: Int) {
        precondition(place <= range.lowerBound)
        guard place < range.lowerBound else { return }
        var span = octets.mutableSpan
        for offset in 0..<range.count { span[place + offset] = span[range.lowerBound + offset] }
    }

    /// Takes octets out of the middle, from `place` to the beginning of `rest`.
    mutating func closeGap(from place: Int, to rest: Int) {
        move(rest..<unread.upperBound, to: place)
        unread = unread.lowerBound..<unread.upperBound - (rest - place)
    }
}
