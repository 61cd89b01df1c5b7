/// Knows which of its stream numbers a peer has used.
///
/// The library takes a lower number than the highest for a stream that was closed, since it
/// forgets streams. Whoever opens a stream closes all unused ones below it, so those that were
/// skipped are what has to be remembered; no sane client skips any.
///
/// Spec: RFC 9113 §5.1.1
struct StreamNumbers: Sendable {
    enum Use: Equatable {
        /// A new stream.
        case opened
        /// A new stream, with numbers left out before it.
        case openedAfterGap
        /// Used before.
        case known
        /// Left out before, and so closed before it was opened.
        case skipped
    }

    private(set) var opened = 0
    private var highest: Int32 = -1
    private var skipped: [ClosedRange<Int32>] = []

    /// A HEADERS frame came for this number.
    mutating func use(_ number: Int32) -> Use {
        guard number > highest else {
            return skipped.contains { $0.contains(number) } ? .skipped : .known
        }
        opened += 1
        let expected = highest + 2
        highest = number
        guard number > expected else { return .opened }
        skipped.append(expected...number - 2)
        return .openedAfterGap
    }
}
