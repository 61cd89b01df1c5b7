/// Decides when to look for dead letters that were kept long enough, and where.
///
/// Dead letters have no order of time, so all are looked at, a part a second; then none is due
/// before the oldest of them is.
struct LetterSweep: Equatable {
    private var position: SequenceNumber = 0
    private var oldest = Int64.max
    /// When to begin anew.
    private var due = Int64.min

    /// The number to look after, if it's time to look; times are milliseconds.
    mutating func next(now: Int64, kept: Int64) -> SequenceNumber? {
        now >= due ? position : nil
    }

    /// Takes note of what was found.
    mutating func looked(at findings: KeptScan.Findings, now: Int64, kept: Int64) {
        let failed = findings.items.flatMap { $0.entry.deadLetters.map(\.failedMilliseconds) }
        oldest = failed.filter { $0 >= now - kept }.reduce(oldest, min)
        if let next = findings.next {
            position = next
        } else {
            // What is given up from now on is younger.
            due = min(oldest, now) + kept
            (position, oldest) = (0, .max)
        }
    }
}

extension Duration {
    /// The same in whole milliseconds.
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
