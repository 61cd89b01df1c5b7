/// Remembers what was accepted within the time that its signature is good for.
///
/// Bounded: when it's full, the oldest is forgotten, so a replay may get through that would have
/// been recognised; nothing that is new is ever refused.
public struct ReplayCache: Sendable {
    private let capacity: Int
    private var expiry: [SignatureVerifier.Proof: Int64] = [:]
    /// In the order they came in, with those before `first` done with.
    private var queue: [SignatureVerifier.Proof] = []
    private var first = 0

    /// A cache of at most so many.
    public init(capacity: Int = 10_000) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// How many it remembers.
    public var count: Int { expiry.count }

    /// Whether this was accepted before and could still be replayed.
    public func contains(_ proof: SignatureVerifier.Proof, now: Int64) -> Bool {
        expiry[proof].map { $0 >= now } ?? false
    }

    /// Remembers what was accepted.
    ///
    /// - Parameter seconds: how long its signature may be good for from now on.
    public mutating func insert(
        _ proof: SignatureVerifier.Proof, now: Int64, seconds: Int64
    ) {
        if expiry.updateValue(now + seconds, forKey: proof) == nil { queue.append(proof) }
        while first < queue.count, expiry.count > capacity || isExpired(queue[first], now) {
            expiry[queue[first]] = nil
            first += 1
        }
        guard first > capacity else { return }
        queue.removeFirst(first)
        first = 0
    }

    private func isExpired(_ proof: SignatureVerifier.Proof, _ now: Int64) -> Bool {
        expiry[proof].map { $0 < now } ?? true
    }
}
