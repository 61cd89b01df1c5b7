internal import Journal

/// What goes in one request is in hand together.
extension InHand {
    /// Work on an attempt begins.
    func take(_ attempt: SinkQueue.Attempt) {
        take(attempt.stored.sequence, through: (attempt.others.last ?? attempt.stored).sequence)
    }
}
