/// Which events were being worked on when the process ended without having been told to.
///
/// Pure. What is worked on together is a range of numbers, which may hold others, too: so company
/// counts as one crash, however often, and no event is given up before it was alone at two.
///
/// Its form is little-endian words: how many entries there are, and for each entry its first
/// number, its last, and its crashes.
struct Suspects: Equatable {
    /// One event, or those that were worked on together.
    struct Entry: Equatable {
        var first: SequenceNumber
        var last: SequenceNumber
        var crashes: Int64 = 1

        /// It's one event.
        var isAlone: Bool { first == last }
    }

    /// The crash at which an event is given up.
    static let crashesLimit = 3
    /// The most entries; the oldest are forgotten.
    static let entriesLimit = 64
    /// How many words there are, be they used or not.
    static let wordsCount = 1 + 3 * entriesLimit

    private(set) var entries: [Entry] = []

    /// Nothing is suspected.
    init() {}

    /// Reads the words; fails if they are no such.
    init?(_ words: some Collection<Int64>) {
        let words = Array(words)
        guard words.count == Self.wordsCount, 0...Int64(Self.entriesLimit) ~= words[0]
        else { return nil }
        for place in 0..<Int(words[0]) {
            let (first, last, crashes) =
                (words[3 * place + 1], words[3 * place + 2], words[3 * place + 3])
            guard first >= 1, first <= last, crashes >= 1 else { return nil }
            entries.append(Entry(first: first, last: last, crashes: crashes))
        }
    }

    /// The words to store.
    var words: [Int64] {
        let words = entries.flatMap { [$0.first, $0.last, $0.crashes] }
        return [Int64(entries.count)] + words
            + Array(repeating: 0, count: Self.wordsCount - 1 - words.count)
    }

    /// The process ended while it worked on these.
    mutating func add(_ range: ClosedRange<SequenceNumber>) {
        var entry = Entry(first: range.lowerBound, last: range.upperBound)
        if let place = entries.firstIndex(where: {
            ($0.first, $0.last) == (entry.first, entry.last)
        }) {
            entry.crashes += entries.remove(at: place).crashes
        }
        entries = entries.suffix(Self.entriesLimit - 1) + [entry]
    }

    /// Forgets an event that was given up.
    mutating func remove(_ sequence: SequenceNumber) {
        entries.removeAll { $0.isAlone && $0.first == sequence }
    }

    /// Whether the event was worked on at such an end.
    func contains(_ sequence: SequenceNumber) -> Bool {
        entries.contains { $0.first...$0.last ~= sequence }
    }

    /// How many crashes count against an event.
    func crashes(of sequence: SequenceNumber) -> Int64 {
        let entries = entries.filter { $0.first...$0.last ~= sequence }
        let alone = entries.first(where: \.isAlone)?.crashes ?? 0
        return alone + (entries.contains { !$0.isAlone } ? 1 : 0)
    }

    /// The events that are to be given up.
    var condemned: [SequenceNumber] {
        entries.filter(\.isAlone).map(\.first).filter { crashes(of: $0) >= Self.crashesLimit }
    }
}
