internal import EventLoops

/// Tells the delivery what was stored, as long as it listens.
///
/// Bounded: what doesn't fit into the receiver's mailbox is forgotten here, for it's in the
/// journal. The receiver is told of the gap as soon as it takes messages again.
struct Announcer {
    private var receiver: Mailbox<Announcement>?
    /// The last number that was stored, announced or not.
    private var stored: SequenceNumber
    /// Whether the receiver wasn't told of some events.
    private(set) var hasGap = false

    /// - Parameter stored: the last number given out so far.
    init(stored: SequenceNumber) { self.stored = stored }

    /// Whether anybody listens.
    var hasReceiver: Bool { receiver != nil }

    /// Announces to this mailbox from now on.
    mutating func announce(to receiver: Mailbox<Announcement>) {
        self.receiver = receiver
        hasGap = false
    }

    /// Announces events that were just stored.
    ///
    /// - Returns: whether the receiver took them.
    @discardableResult
    mutating func announce(_ events: [StoredEvent]) -> Bool {
        guard let last = events.last else { return true }
        let message = Announcement.stored(events, after: stored)
        stored = last.sequence
        guard let receiver else { return false }
        // Nothing overtakes the news of a gap.
        let isTaken = !hasGap && receiver.send(message)
        if !isTaken { hasGap = true }
        return isTaken
    }

    /// Tells of a gap again, with no events after it.
    mutating func closeGap() {
        guard hasGap, let receiver else { return }
        hasGap = !receiver.send(.stored([], after: stored))
    }

    /// Sends a page.
    ///
    /// - Returns: whether the receiver took it.
    func send(_ page: Announcement) -> Bool { receiver?.send(page) ?? false }
}
