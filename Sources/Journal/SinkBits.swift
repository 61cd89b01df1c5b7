/// Which bit of `pending` stands for which sink of the configuration.
///
/// A sink keeps its bit as long as it's configured, wherever it stands in the list; in a new
/// journal the bit is the place.
struct SinkBits: Equatable {
    /// The sinks' names, in the configuration's order.
    let names: [String]
    /// The bits of those sinks.
    let bits: [Int]
    private let isIdentity: Bool

    /// Gives bits to the sinks: those they have, and free ones to the new.
    ///
    /// - Parameter known: names that have bits.
    /// - Returns: nothing if there aren't enough bits.
    init?(names: [String], known: [Int: String]) {
        self.names = names
        var taken = known
        var bits: [Int] = []
        for (place, name) in names.enumerated() {
            let free = [place] + Array(0..<SinkSet.sinksLimit)
            guard
                let bit = taken.first(where: { $0.value == name })?.key
                    ?? free.first(where: { taken[$0] == nil })
            else { return nil }
            taken[bit] = name
            bits.append(bit)
        }
        self.bits = bits
        isIdentity = bits == Array(names.indices)
    }

    /// The bits for a set of places.
    func pending(_ sinks: SinkSet) -> UInt64 {
        if isIdentity { return sinks.rawValue & (1 << names.count - 1) }
        var pending: UInt64 = 0
        for (place, bit) in bits.enumerated() where sinks.rawValue >> place & 1 == 1 {
            pending |= 1 << bit
        }
        return pending
    }

    /// The places for a set of bits; bits that no configured sink has are left out.
    func sinks(_ pending: UInt64) -> SinkSet {
        if isIdentity { return SinkSet(rawValue: pending & (1 << names.count - 1)) }
        var sinks: UInt64 = 0
        for (place, bit) in bits.enumerated() where pending >> bit & 1 == 1 {
            sinks |= 1 << place
        }
        return SinkSet(rawValue: sinks)
    }
}
