internal import EventLoops

/// Decides when a peer has been slow for too long.
///
/// A pure value: told what the connection does and since when, asked once in a while. Times are
/// nanoseconds, as the loop has them.
struct ConnectionClock: Sendable {
    /// What the connection waits for.
    enum Phase: Sendable, Equatable {
        /// The end of a TLS handshake.
        case handshake
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

    private(set) var phase: Phase
    private var since: Int
    private var bodyBytes = 0

    /// A connection that was just taken in, and waits for that.
    init(_ phase: Phase = .idle, now: Int) {
        self.phase = phase
        since = now
    }

    /// The connection waits for something else now; the time for it begins.
    mutating func enter(_ phase: Phase, now: Int) {
        guard phase != self.phase else { return }
        self.phase = phase
        since = now
        bodyBytes = 0
    }

    /// A request was answered; the time for whatever comes next begins.
    mutating func restart(now: Int) {
        phase = .idle
        since = now
        bodyBytes = 0
    }

    /// The peer sent some of a body.
    mutating func received(_ bytes: Int) { bodyBytes += bytes }

    /// The peer took some of a response, so its time begins anew.
    mutating func sent(now: Int) {
        if phase == .output { since = now }
    }

    func verdict(now: Int, _ limits: Limits) -> Verdict {
        let time = now - since
        switch phase {
        case .answer: return .wait
        case .handshake: return time > limits.handshake ? .close : .wait
        case .idle: return time > limits.idle ? .close : .wait
        case .head: return time > limits.requestHead ? .refuse : .wait
        case .body:
            guard time <= limits.body else { return .refuse }
            guard time > limits.bodyGrace else { return .wait }
            let bytesWanted = Double(limits.bodyBytesPerSecond) * Double(time) / 1e9
            return Double(bodyBytes) < bytesWanted ? .refuse : .wait
        case .output: return time > limits.write ? .close : .wait
        case .end: return time > limits.linger ? .close : .wait
        }
    }

    /// How long each phase may last.
    struct Limits {
        var handshake: Int
        var requestHead: Int
        var body: Int
        var bodyGrace: Int
        var bodyBytesPerSecond: Int
        var write: Int
        var idle: Int
        var linger: Int

        init(_ limits: ServerLimits) {
            handshake = limits.handshakeTimeout.wholeNanoseconds
            requestHead = limits.requestHeadTimeout.wholeNanoseconds
            body = limits.bodyTimeout.wholeNanoseconds
            bodyGrace = limits.bodyGrace.wholeNanoseconds
            bodyBytesPerSecond = limits.bodyBytesPerSecond
            write = limits.writeTimeout.wholeNanoseconds
            idle = limits.idleTimeout.wholeNanoseconds
            linger = limits.lingerTimeout.wholeNanoseconds
        }
    }
}
