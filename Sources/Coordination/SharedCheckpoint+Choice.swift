public import Journal

extension SharedCheckpoint {
    /// From where a new leader reads a source on.
    ///
    /// What was reached in the later term counts, because its leader had gone on from the other.
    /// Of one term, and where the terms can't be compared, what leads further counts: what this
    /// process stored and hadn't told yet, or what another told.
    ///
    /// - Parameters:
    ///   - own: what this process has stored, and in which term if in any.
    ///   - shared: what the leaders before have told.
    ///   - lease: the name of the lease in which the shared term counts.
    ///   - further: which of two checkpoints leads further; the first where neither does.
    public static func choice(
        own: TermCheckpoint?, shared: SharedCheckpoint?, lease: String,
        further: (String, String) -> String
    ) -> String? {
        guard let own else { return shared?.text }
        guard let shared else { return own.text }
        guard let term = own.term, term.lease == lease, term.number != shared.term
        else { return further(own.text, shared.text) }
        return term.number > shared.term ? own.text : shared.text
    }
}
