internal import Synchronization
internal import Webhooks

/// What was accepted from one source, over all loops, as long as its signature is good.
///
/// A lock, because a replay comes on any connection, and so to any loop; it's held for one look
/// into a table, and only by sources whose requests are signed with a time.
///
/// Ownership: any thread.
final class ReplayGuard: Sendable {
    private let cache = Mutex(ReplayCache())

    func contains(_ proof: SignatureVerifier.Proof, now: Int64) -> Bool {
        cache.withLock { $0.contains(proof, now: now) }
    }

    func insert(_ proof: SignatureVerifier.Proof, now: Int64, seconds: Int64) {
        cache.withLock { $0.insert(proof, now: now, seconds: seconds) }
    }
}
