/// Counters told apart by one label whose values come from outside, such as an event's type.
///
/// Ownership: belongs to one loop; the counters themselves are shared between loops. Bounded:
/// after `valuesLimit` values, all others are counted as `other`.
public struct LabelledCounters {
    private let make: (String) -> Counter
    private let valuesLimit: Int
    private var counters: [(value: [UInt8], counter: Counter)] = []
    private var slots: [Int]
    /// The place of the counter that was asked for last; many values come in a row.
    private var latest = 0
    private lazy var other = make("other")

    /// - Parameters:
    ///   - valuesLimit: the most values that are told apart, at most 1,000.
    ///   - labels: those that all the counters share.
    public init(
        _ metrics: Metrics, _ name: String, help: String, label: String, valuesLimit: Int = 200,
        labels: Metrics.Label...
    ) {
        precondition(1...1_000 ~= valuesLimit)
        self.valuesLimit = valuesLimit
        slots = Array(repeating: -1, count: 2_048)
        make = { value in
            metrics.counter(name, help: help, labels: labels + [(label, value)])
        }
    }

    /// The counter for a value, made when the value is first seen.
    public mutating func counter(for value: Span<UInt8>) -> Counter {
        if latest < counters.count, isEqual(counters[latest].value, value) {
            return counters[latest].counter
        }
        var slot = Int(truncatingIfNeeded: hash(value)) & (slots.count - 1)
        while slots[slot] >= 0 {
            latest = slots[slot]
            if isEqual(counters[latest].value, value) { return counters[latest].counter }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard counters.count < valuesLimit else { return other }
        var octets: [UInt8] = []
        for index in value.indices { octets.append(value[index]) }
        let counter = make(String(decoding: octets, as: UTF8.self))
        slots[slot] = counters.count
        counters.append((octets, counter))
        return counter
    }

    /// FNV-1a; a sender who makes values collide gains nothing in a table of so few.
    private func hash(_ value: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in value.indices { hash = (hash ^ UInt64(value[index])) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32
    }

    private func isEqual(_ known: [UInt8], _ value: Span<UInt8>) -> Bool {
        let known = known.span
        guard known.count == value.count else { return false }
        // All octets are looked at, so that it's done with sixteen at a time.
        var difference: UInt8 = 0
        for index in value.indices { difference |= known[index] ^ value[index] }
        return difference == 0
    }
}
