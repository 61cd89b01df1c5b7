internal import Journal

/// What goes in one request is in hand together.
extension InHand {
    /// Work on an attempt begins.
    func take(_ attempt: SinkQueue.Attempt) {
        take(attempt.stored.sequence, through: (attempt.others.last ?? attempt.stored).sequence)
    }

    /// Work on events begins that are in the order of their numbers.
    func take(_ events: [StoredEvent]) {
        guard let first = events.first, let last = events.last else { return }
        take(first.sequence, through: last.sequence)
    }
}
