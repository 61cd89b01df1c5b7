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

    /// Called on the delivery's loop when ``obstacle`` goes away, or events go elsewhere from now
    /// on; set once, by the ``Sink``.
    var onReady: (() -> Void)? { get set }

    /// Sends an event and completes once, at once or later on the same loop, with what became of
    /// it; with nothing if ``cancelAll()`` came first.
    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void)

    /// Completes all that is under way, with nothing.
    func cancelAll()
}

/// A target that can always send.
extension SinkTarget {
    var address: String? { nil }

    var obstacle: String? { nil }

    var onReady: (() -> Void)? {
        get { nil }
        set {}
    }
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
