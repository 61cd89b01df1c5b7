/// The events of one source that were taken of late, for a while and up to a number.
///
/// A ring of entries in the order they came, each with a number, and a hash table of their places
/// in it, at most half full. Fingerprints are hashes with a secret key, so nobody can make a chain
/// of the table long.
struct RecentEvents {
    /// What is known of an event.
    enum Finding: Equatable {
        case new
        /// The very same was taken before.
        case known
        /// Another was taken with its `source` and `id`.
        case changed
    }

    private struct Entry {
        var fingerprint = Fingerprint(identity: (0, 0), content: 0)
        /// Milliseconds since 1970.
        var seen: Int64 = 0
    }

    private let window: Int64
    private let limit: Int
    private var ring = [Entry(), Entry()]
    /// Places in the ring, from 1; 0 for none.
    private var slots: [UInt32] = [0, 0, 0, 0]
    /// The numbers of the entries that are kept.
    private(set) var numbers: Range<Int>
    /// The first number that isn't committed.
    private(set) var uncommitted: Int

    /// - Parameters:
    ///   - limits: for how long, and how many; positive.
    ///   - start: the first entry's number.
    init(_ limits: DuplicateLimits, from start: Int = 0) {
        precondition(limits.window > .zero && limits.entries > 0)
        window = Int64(limits.window / .milliseconds(1))
        limit = min(limits.entries, 1 << 30)
        numbers = start..<start
        uncommitted = start
    }

    /// What is known of an event at this time.
    func finding(_ fingerprint: Fingerprint, now: Int64) -> Finding {
        guard let entry = entry(at: slot(of: fingerprint)), now - entry.seen < window else {
            return .new
        }
        return entry.fingerprint.content == fingerprint.content ? .known : .changed
    }

    /// What is known of an event, which is remembered from now on.
    mutating func take(_ fingerprint: Fingerprint, now: Int64) -> Finding {
        let finding = finding(fingerprint, now: now)
        if finding != .known { append(fingerprint, now: now) }
        return finding
    }

    /// Remembers an event from now on.
    mutating func append(_ fingerprint: Fingerprint, now: Int64) {
        // Twice as many as come, so that those of a busy time are soon gone after it.
        forget(before: now, atMost: 2)
        if numbers.count == limit { removeFirst() }
        if numbers.count == ring.count { resize(to: 2 * ring.count) }
        let place = numbers.upperBound & (ring.count - 1)
        ring[place] = Entry(fingerprint: fingerprint, seen: now)
        slots[slot(of: fingerprint)] = UInt32(place + 1)
        numbers = numbers.lowerBound..<numbers.upperBound + 1
    }

    /// Keeps what was taken since the last time.
    mutating func commit() { uncommitted = numbers.upperBound }

    /// Forgets what was taken since the last time.
    mutating func rollBack() {
        while numbers.upperBound > max(uncommitted, numbers.lowerBound) {
            remove(numbers.upperBound - 1)
            numbers = numbers.lowerBound..<numbers.upperBound - 1
        }
        uncommitted = numbers.upperBound
    }

    /// The fingerprint of a number that is kept.
    func fingerprint(_ number: Int) -> Fingerprint { ring[number & (ring.count - 1)].fingerprint }

    /// Forgets some of those whose time is over, the oldest first.
    mutating func forget(before now: Int64, atMost count: Int) {
        for _ in 0..<count {
            guard !numbers.isEmpty,
                now - ring[numbers.lowerBound & (ring.count - 1)].seen >= window
            else { break }
            removeFirst()
        }
        if ring.count > 1_024, numbers.count < ring.count / 8 { resize(to: ring.count / 4) }
    }

    // MARK: - The table

    private func entry(at slot: Int) -> Entry? {
        slots[slot] == 0 ? nil : ring[Int(slots[slot]) - 1]
    }

    private func home(of fingerprint: Fingerprint) -> Int {
        Int(truncatingIfNeeded: fingerprint.identity.0) & (slots.count - 1)
    }

    /// Where an identity is, or would be.
    private func slot(of fingerprint: Fingerprint) -> Int {
        var slot = home(of: fingerprint)
        while let entry = entry(at: slot), entry.fingerprint.identity != fingerprint.identity {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private mutating func removeFirst() {
        remove(numbers.lowerBound)
        numbers = numbers.lowerBound + 1..<numbers.upperBound
        uncommitted = max(uncommitted, numbers.lowerBound)
    }

    private mutating func remove(_ number: Int) {
        let place = number & (ring.count - 1)
        let slot = slot(of: ring[place].fingerprint)
        // A later one with the same identity may have taken its slot.
        if Int(slots[slot]) == place + 1 { empty(slot) }
    }

    /// Empties a slot, and moves those behind it that it kept from their home.
    private mutating func empty(_ slot: Int) {
        let mask = slots.count - 1
        var hole = slot
        var next = (slot + 1) & mask
        while let entry = entry(at: next) {
            if (next - home(of: entry.fingerprint)) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }

    private mutating func resize(to count: Int) {
        var entries = [Entry](repeating: Entry(), count: count)
        for number in numbers { entries[number & (count - 1)] = ring[number & (ring.count - 1)] }
        ring = entries
        slots = [UInt32](repeating: 0, count: 2 * count)
        for number in numbers {
            let place = number & (count - 1)
            slots[slot(of: ring[place].fingerprint)] = UInt32(place + 1)
        }
    }
}
