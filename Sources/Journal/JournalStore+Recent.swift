/// What is remembered of events is stored with them, in the same transaction, so that neither is
/// there without the other, whatever happens to the process.
///
/// A row for each transaction and source costs a page in the log; a row for each event would cost
/// a page for each. A damaged row only means that something is forgotten.
extension JournalStore {
    /// The numbers of a source's rows begin here.
    private static func base(_ origin: Int64) -> Int64 { origin << 44 }

    /// The part of the journal's limit that this may take, by the most that a fingerprint takes.
    static func limits(_ parameters: JournalParameters) -> [String: DuplicateLimits] {
        let share = parameters.bytesLimit / 64 / (2 * Fingerprint.bytes)
        let count = max(1, share / max(1, parameters.duplicates.count))
        return parameters.duplicates.mapValues {
            DuplicateLimits(window: $0.window, entries: min($0.entries, count))
        }
    }

    /// Makes the table where there is none, and reads it.
    static func recall(
        _ parameters: JournalParameters, from database: Database, origins: Names
    ) throws(DatabaseError) -> Recollection? {
        guard !parameters.duplicates.isEmpty else { return nil }
        let name = "SELECT count(*) FROM sqlite_schema WHERE name = 'recent'"
        if try database.integer(name) == 0 {
            try database.execute("BEGIN IMMEDIATE;\(Schema.recent)COMMIT")
        }
        let rows = try database.prepare("SELECT place, checksum, events FROM recent")
        guard try rows.step() else { return nil }
        let octets = rows.octets(2)
        guard octets.count >= FingerprintKey.bytes else { return nil }
        let limits = limits(parameters)
        var recollection = Recollection(limits, key: FingerprintKey(octets.span))
        var restored: [String: RecentEvents] = [:]
        while try rows.step() {
            let place = rows.integer(0)
            guard let origin = origins.byNumber[place >> 44], let limits = limits[origin]
            else { continue }
            let octets = rows.octets(2)
            guard checksum(octets, at: place) == rows.integer(1) else { continue }
            let start = Int(place - base(place >> 44))
            if restored[origin]?.numbers.upperBound != start {
                restored[origin] = RecentEvents(limits, from: start)
            }
            restored[origin]?.restore(octets.span)
        }
        for (name, events) in restored { recollection.restore(events, of: name) }
        return recollection
    }

    /// Stores what was taken since the last commit, within its transaction.
    func writeRecent(now: Int64) throws(DatabaseError) {
        guard let recollection else { return }
        for (name, events) in recollection.origins
        where events.uncommitted < events.numbers.upperBound {
            var octets: [UInt8] = []
            octets.reserveCapacity(
                8 + (events.numbers.upperBound - events.uncommitted) * Fingerprint.bytes)
            for place in 0..<8 { octets.append(UInt8(truncatingIfNeeded: now >> (8 * place))) }
            for number in events.uncommitted..<events.numbers.upperBound {
                events.fingerprint(number).append(to: &octets)
            }
            let place = Self.base(try self.origin(name)) + Int64(events.uncommitted)
            try statements.insertRecent(octets, Self.checksum(octets, at: place), at: place)
        }
    }

    /// Deletes the rows of which nothing is remembered any more, within a transaction.
    func deleteForgotten() throws(DatabaseError) {
        guard let recollection else { return }
        for (name, events) in recollection.origins {
            guard let number = origins.number(of: name) else { continue }
            try statements.deleteRecent(
                from: Self.base(number),
                before: Self.base(number) + Int64(events.numbers.lowerBound))
        }
    }

    private static func checksum(_ octets: [UInt8], at place: Int64) -> Int64 {
        Int64(bitPattern: Checksum.of(octets.span, seed: UInt64(bitPattern: place)))
    }
}

extension RecentEvents {
    /// Takes what a row holds: a time, and fingerprints.
    fileprivate mutating func restore(_ octets: Span<UInt8>) {
        guard octets.count >= 8 else { return }
        let seen = (0..<8).reduce(Int64(0)) { $0 | Int64(octets[$1]) << (8 * Int64($1)) }
        for offset in stride(
            from: 8, through: octets.count - Fingerprint.bytes, by: Fingerprint.bytes)
        {
            append(Fingerprint(octets, at: offset), now: seen)
        }
        commit()
    }
}
