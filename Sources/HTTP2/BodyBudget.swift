/// Decides which bodies a peer may send, so that what one connection holds is bounded.
///
/// A pure value. Streams that want more than the initial window stand in the order they came, and
/// get it in that order as far as the budget goes. The first always gets what it wants: else
/// bodies that wait for each other would all stop.
struct BodyBudget: Sendable {
    private struct Entry {
        var stream: Int32
        var wanted: Int
        var granted = 0
    }

    private let bytes: Int
    private var granted = 0
    private var entries: [Entry] = []

    /// - Parameter bytes: the budget of all streams together.
    init(bytes: Int) { self.bytes = bytes }

    /// The stream wants so many octets in all.
    mutating func want(_ stream: Int32, bytes: Int) {
        if let index = entries.firstIndex(where: { $0.stream == stream }) {
            entries[index].wanted = max(entries[index].wanted, bytes)
        } else {
            entries.append(Entry(stream: stream, wanted: bytes))
        }
    }

    /// Whether the stream wants more than it has.
    func isWaiting(_ stream: Int32) -> Bool {
        entries.contains { $0.stream == stream && $0.wanted > $0.granted }
    }

    /// The stream's octets were let go of, or won't come.
    mutating func remove(_ stream: Int32) {
        guard let index = entries.firstIndex(where: { $0.stream == stream }) else { return }
        granted -= entries.remove(at: index).granted
    }

    /// The next stream that gets what it wants, and how much that is in all.
    mutating func nextGrant() -> (stream: Int32, bytes: Int)? {
        for index in entries.indices {
            let more = entries[index].wanted - entries[index].granted
            guard more > 0 else { continue }
            // Whoever came later must not overtake, or a large body would wait for ever.
            guard index == 0 || granted + more <= bytes else { return nil }
            entries[index].granted += more
            granted += more
            return (entries[index].stream, entries[index].granted)
        }
        return nil
    }
}
