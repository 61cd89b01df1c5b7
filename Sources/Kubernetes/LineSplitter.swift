/// Cuts a stream of octets into lines, each no longer than a limit.
struct LineSplitter {
    /// The most octets of a line.
    let limit: Int
    private var rest: [UInt8] = []
    /// How much of the rest is known to hold no end of a line.
    private var searched = 0

    init(limit: Int) { self.limit = limit }

    /// Takes a part of the stream.
    ///
    /// - Returns: the lines that are whole now; nothing where one is too long.
    mutating func take(_ part: [UInt8]) -> [[UInt8]]? {
        rest += part
        var lines: [[UInt8]] = []
        var start = 0
        while let end = rest[max(start, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
            guard end - start <= limit else { return nil }
            if end > start { lines.append(Array(rest[start..<end])) }
            start = end + 1
        }
        rest.removeSubrange(..<start)
        searched = rest.count
        return rest.count <= limit ? lines : nil
    }
}
