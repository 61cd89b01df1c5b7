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

    /// Announces to this mailbox from now on.
    mutating func announce(to receiver: Mailbox<Announcement>) {
        self.receiver = receiver
        hasGap = false
    }

    /// Announces events that were just stored.
    mutating func announce(_ events: [StoredEvent]) {
        guard let last = events.last else { return }
        let message = Announcement.stored(events, after: stored)
        stored = last.sequence
        guard let receiver else { return }
        // The receiver reads up in any case, so after a gap it needs no more than news of it.
        if hasGap || !receiver.send(message) { hasGap = true }
    }

    /// Tells of a gap again, with no events after it.
    mutating func closeGap() {
        guard hasGap, let receiver else { return }
        hasGap = !receiver.send(.stored([], after: stored))
    }

    /// Sends a page.
    ///
    /// - Returns: whether the receiver took it; a page that nobody waits for is let go.
    func send(_ page: Announcement) -> Bool { receiver?.send(page) ?? true }
}
