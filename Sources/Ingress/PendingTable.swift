internal import Server
internal import Webhooks

/// A request whose events are on their way into the journal.
struct PendingRequest {
    /// What to give the answer to.
    var exchange: Exchange
    /// Who knows how to answer.
    var source: WebhookSource
    /// What its signature says, to be remembered once it's accepted.
    var proof: SignatureVerifier.Proof?
}

/// The requests of one loop that wait for their receipts, each under a number that isn't used
/// twice.
///
/// Bounded by the connections: each has at most one request that waits.
struct PendingTable {
    private var slots: [(generation: UInt32, request: PendingRequest?)] = []
    private var freeSlots: [Int] = []

    /// How many wait.
    var count: Int { slots.count - freeSlots.count }

    /// Takes a request in.
    ///
    /// - Returns: its ticket.
    mutating func insert(_ request: PendingRequest) -> UInt64 {
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append((0, nil)) }
        slots[slot].request = request
        return UInt64(slots[slot].generation) << 32 | UInt64(slot)
    }

    /// Takes a request out, if the ticket is of one that waits.
    mutating func remove(_ ticket: UInt64) -> PendingRequest? {
        let slot = Int(ticket & 0xFFFF_FFFF)
        guard slot < slots.count, slots[slot].generation == UInt32(ticket >> 32),
            let request = slots[slot].request
        else { return nil }
        slots[slot] = (slots[slot].generation &+ 1, nil)
        freeSlots.append(slot)
        return request
    }
}
