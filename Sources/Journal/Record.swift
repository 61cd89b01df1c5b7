internal import CloudEvents

/// The numbers of one row of `events`, and the seal that guards them.
///
/// See ``Schema`` for what they mean.
struct Record: Equatable {
    var sequence: SequenceNumber
    var receivedMilliseconds: Int64
    var origin: Int64
    /// A bit for each sink that hasn't settled it, by its bit in `sinks`.
    var pending: UInt64
    /// When the last sink settled it, if that's kept.
    var settledMilliseconds: Int64?
    /// The checksum of the event's block.
    var checksum: UInt64

    /// The checksum of all the above.
    var seal: UInt64 {
        let words: InlineArray<5, UInt64> = [
            checksum, UInt64(bitPattern: receivedMilliseconds),
            UInt64(bitPattern: origin), pending,
            UInt64(bitPattern: settledMilliseconds ?? -1),
        ]
        return Checksum.of(words.span, seed: UInt64(bitPattern: sequence))
    }

    /// The checksum of an event's block in this place.
    static func checksum(_ event: Event, at sequence: SequenceNumber) -> UInt64 {
        Checksum.of(event.octets.span, seed: UInt64(bitPattern: sequence))
    }

    /// The event of a stored block, if the block is what was stored.
    func event(from octets: [UInt8]) -> Event? {
        let found = Checksum.of(octets.span, seed: UInt64(bitPattern: sequence))
        return found == checksum ? Event(stored: octets) : nil
    }
}

extension Record {
    /// The columns that ``init(_:from:)`` reads, in its order.
    static let columns =
        "sequence, received_ms, origin, pending, settled_ms, checksum, seal"

    /// Reads a row's ``columns``; `isSealed` is false where the row isn't what was written.
    static func read(from row: Statement) -> (record: Record, isSealed: Bool) {
        let record = Record(
            sequence: row.integer(0), receivedMilliseconds: row.integer(1),
            origin: row.integer(2), pending: UInt64(bitPattern: row.integer(3)),
            settledMilliseconds: row.isNull(4) ? nil : row.integer(4),
            checksum: UInt64(bitPattern: row.integer(5)))
        return (record, UInt64(bitPattern: row.integer(6)) == record.seal)
    }
}

/// What must survive though no event refers to it any more.
struct Counters: Equatable {
    /// The last sequence number that was given out.
    var lastSequence: SequenceNumber = 0
    /// How many events some sink hasn't settled.
    var pendingEvents: Int64 = 0

    /// The checksum of the above.
    var seal: UInt64 {
        let words: InlineArray<2, UInt64> = [
            UInt64(bitPattern: lastSequence),
            UInt64(bitPattern: pendingEvents),
        ]
        return Checksum.of(words.span, seed: 0)
    }
}
