/// What goes to dead letter sinks is stored with the outcomes that say so, as far as there is room.
///
/// Where there is none, outcomes go on without: the dead letter itself is kept in any case, and
/// nothing may keep deliveries from making room.
extension JournalWriter {
    /// The outcomes that are settled together: few enough, also by what their copies take.
    func outcomesForOneTransaction(_ store: JournalStore) -> ArraySlice<Outcome> {
        var bytes = 0
        let end = outcomes.prefix(Self.outcomesLimit).firstIndex { outcome in
            bytes += outcome.copyBytes
            return bytes > store.budget.transactionBytes
        }
        // One that alone has more is taken alone.
        return end.map { outcomes.prefix(max($0, 1)) } ?? outcomes.prefix(Self.outcomesLimit)
    }

    /// Sets room aside for copies.
    ///
    /// - Returns: whether there is enough.
    func makesRoom(
        for settled: ArraySlice<Outcome>, beside group: ArraySlice<Submission>,
        in store: JournalStore
    ) -> Bool {
        let copies = settled.reduce(0) { $0 + $1.copyBytes }
        guard copies > 0 else { return true }
        let bytes = copies + group.reduce(0) { $0 + $1.bytes }
        guard status.isWritable, admission.admits(bytes, beside: store.usedBytes)
        else { return false }
        do throws(DatabaseError) {
            try store.makeRoom(storing: bytes)
            return true
        } catch {
            return false
        }
    }
}
