extension VSphere {
    /// A checkpoint of at most so many octets; what has no room is read again.
    public static func shortened(_ text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        return Checkpoint(text: text)?.text(bytes: limit) ?? ""
    }

    /// Which of two checkpoints of one vCenter leads further; the first where neither does.
    ///
    /// What can't be read leads nowhere.
    public static func further(_ one: String, _ other: String) -> String {
        guard let first = Checkpoint(text: one)?.seen else { return other }
        guard let second = Checkpoint(text: other)?.seen else { return one }
        if first.since != second.since {
            return first.since.microseconds < second.since.microseconds ? other : one
        }
        let (known, more) = (Set(first.recent), Set(second.recent))
        return known.isStrictSubset(of: more) ? other : one
    }
}
