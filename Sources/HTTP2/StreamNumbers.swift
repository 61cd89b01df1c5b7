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

    /// Enough for what a peer may have sent before it learns of a reset.
    private static let resetsRemembered = 256

    private(set) var opened = 0
    private var highest: Int32 = -1
    private var skipped: [ClosedRange<Int32>] = []
    private var reset: [Int32] = []

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

    /// We reset this stream; frames for it may be under way.
    mutating func wasReset(_ number: Int32) {
        guard !reset.contains(number) else { return }
        if reset.count == Self.resetsRemembered { reset.removeFirst() }
        reset.append(number)
    }

    /// Whether the peer can know that this stream is closed, if it isn't open.
    func isKnownAsClosed(_ number: Int32) -> Bool {
        number & 1 == 1 && number <= highest && !reset.contains(number)
    }
}
