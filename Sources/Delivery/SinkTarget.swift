internal import Configuration
internal import Journal

/// What carries a sink's events away.
///
/// Ownership: belongs to the delivery's loop.
protocol SinkTarget: AnyObject {
    /// Where events go, if that's a URL.
    var address: String? { get }

    /// Why nothing can be sent now, such as an address that isn't known yet; nil when it can.
    ///
    /// Events wait meanwhile, without using up their attempts.
    var obstacle: String? { get }

    /// Called on the delivery's loop when ``obstacle`` goes away; set once, by the ``Sink``.
    var onReady: (() -> Void)? { get set }

    /// Called on the delivery's loop when events go somewhere else from now on, so that nothing
    /// counts any more of what was learnt; set once, by the ``Sink``.
    var onMove: (() -> Void)? { get set }

    /// Sends an event and completes once, at once or later on the same loop, with what became of
    /// it; with nothing if ``cancelAll()`` came first, or if it was for no fault of the event's and
    /// is to be sent again as if it had not been tried.
    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void)

    /// Sends several events as one request, whose result is that of them all; asked of those
    /// targets only whose settings have a `batch`.
    func send(
        batch: [StoredEvent], timeout: Duration,
        _ completion: @escaping (DeliveryResult?) -> Void)

    /// Completes all that is under way, with nothing.
    func cancelAll()

    /// Takes secrets that were read again.
    func replaceSecrets(_ settings: HTTPSinkSettings)

    /// The sink is gone: it's asked nothing of its own accord until ``resume()``.
    func suspend()

    /// Events are sent again.
    func resume()
}

/// A target that can always send.
extension SinkTarget {
    var address: String? { nil }

    var obstacle: String? { nil }

    var onReady: (() -> Void)? {
        get { nil }
        set {}
    }

    var onMove: (() -> Void)? {
        get { nil }
        set {}
    }

    func send(
        batch: [StoredEvent], timeout: Duration,
        _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        precondition(batch.count == 1)
        send(batch[0], timeout: timeout, completion)
    }

    func replaceSecrets(_ settings: HTTPSinkSettings) {}

    func suspend() {}

    func resume() {}
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
