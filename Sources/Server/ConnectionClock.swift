/// Decides when a peer has been slow for too long.
///
/// A pure value: told what the connection does and since when, asked once in a while.
struct ConnectionClock: Sendable {
    /// What the connection waits for.
    enum Phase: Sendable, Equatable {
        /// The next request's first octet.
        case idle
        /// The rest of a head.
        case head
        /// The rest of a body.
        case body
        /// Our own answer, for which the peer can do nothing.
        case answer
        /// The peer, to take more of a response.
        case output
        /// The peer, to close.
        case end
    }

    /// What to do about a peer.
    enum Verdict: Equatable {
        /// It still has time.
        case wait
        /// It has sent half a request: tell it, then close.
        case refuse
        /// It has sent nothing that waits for an answer: close.
        case close
    }

    private(set) var phase = Phase.idle
    private var since: ContinuousClock.Instant
    private var bodyBytes = 0

    /// A connection that was just taken in.
    init(now: ContinuousClock.Instant) { since = now }

    /// The connection waits for something else now; the time for it begins.
    mutating func enter(_ phase: Phase, now: ContinuousClock.Instant) {
        guard phase != self.phase else { return }
        self.phase = phase
        since = now
        bodyBytes = 0
    }

    /// A request was answered; the time for whatever comes next begins.
    mutating func restart(now: ContinuousClock.Instant) {
        phase = .idle
        since = now
        bodyBytes = 0
    }

    /// The peer sent some of a body.
    mutating func received(_ bytes: Int) { bodyBytes += bytes }

    /// The peer took some of a response, so its time begins anew.
    mutating func sent(now: ContinuousClock.Instant) {
        if phase == .output { since = now }
    }

    func verdict(now: ContinuousClock.Instant, _ limits: ServerLimits) -> Verdict {
        let time = now - since
        switch phase {
        case .answer: return .wait
        case .idle: return time > limits.idleTimeout ? .close : .wait
        case .head: return time > limits.requestHeadTimeout ? .refuse : .wait
        case .body:
            guard time <= limits.bodyTimeout else { return .refuse }
            guard time > limits.bodyGrace else { return .wait }
            let bytesWanted = Double(limits.bodyBytesPerSecond) * (time / .seconds(1))
            return Double(bodyBytes) < bytesWanted ? .refuse : .wait
        case .output: return time > limits.writeTimeout ? .close : .wait
        case .end: return time > limits.lingerTimeout ? .close : .wait
        }
    }
}
