internal import EventLoops

/// A response that is handed on as it comes, so that it can be given up.
///
/// Ownership: belongs to the loop of its client.
public final class HTTPStream {
    let idleTimeout: Duration
    /// Set while the request is under way.
    weak var transfer: HTTPTransfer?
    var idleTimer: LoopTimer?
    /// When octets came last.
    private(set) var lastPart: ContinuousClock.Instant

    private unowned let client: HTTPClient
    private let part: ([UInt8]) -> Void
    private var octets: [UInt8] = []

    init(client: HTTPClient, idleTimeout: Duration, part: @escaping ([UInt8]) -> Void) {
        self.client = client
        self.idleTimeout = idleTimeout
        self.part = part
        lastPart = client.now
    }

    /// Ends it, unless it has ended: its completion gets an error of the kind `cancelled`.
    public func cancel() {
        client.end(self, CurlError(kind: .cancelled, text: "the request was given up"))
    }

    /// Takes a part from curl, which may be called by nobody at this moment.
    func take(_ part: UnsafeRawBufferPointer, now: ContinuousClock.Instant) {
        lastPart = now
        if octets.isEmpty { client.didReceive(self) }
        unsafe octets.append(contentsOf: part)
    }

    /// Hands on what came, unless it was given up meanwhile.
    func handOn() {
        let octets = octets
        self.octets.removeAll(keepingCapacity: octets.count <= 64 * 1024)
        if transfer != nil { part(octets) }
    }

    /// Hears nothing more; gives the timer to cancel.
    func end() -> LoopTimer? {
        transfer = nil
        return idleTimer.take()
    }
}
