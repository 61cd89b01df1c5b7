internal import Journal

/// What carries a sink's events away.
///
/// Ownership: belongs to the delivery's loop.
protocol SinkTarget: AnyObject {
    /// Sends an event and completes once, at once or later on the same loop, with what became of
    /// it; with nothing if ``cancelAll()`` came first.
    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void)

    /// Completes all that is under way, with nothing.
    func cancelAll()
}

/// Acknowledges events and keeps none; for measuring.
final class DiscardTarget: SinkTarget {
    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        completion(.taken)
    }

    func cancelAll() {}
}
