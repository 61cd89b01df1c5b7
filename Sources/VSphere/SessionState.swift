/// Decides when to log in, and how long to wait after a failure.
///
/// Nothing need keep a session alive: the stream asks something at least every half minute.
struct SessionState: Equatable, Sendable {
    enum Step: Equatable, Sendable {
        case call(VCenterCall)
        /// The session is open; whoever has something to ask may do so.
        case isOpen
        case wait(until: ContinuousClock.Instant)
    }

    /// What a failure means to those who use the session.
    enum Verdict: Equatable, Sendable {
        /// The session goes on, and the same may be asked again after a while.
        case retry
        /// The session is gone, and all that was made in it.
        case sessionGone
        /// The credentials are wrong.
        case refused
    }

    private enum Phase: Equatable {
        case unknown, loggedOut, open
    }

    private var phase = Phase.unknown
    private var failures = 0
    private var refusals = 0
    private var waitsUntil: ContinuousClock.Instant?

    /// Doubled with each failure.
    static let firstDelay = Duration.seconds(1)
    static let delayLimit = Duration.seconds(60)
    /// Accounts are locked after a few wrong passwords within minutes; this never is one of them.
    static let firstRefusalDelay = Duration.seconds(300)
    static let refusalDelayLimit = Duration.seconds(1800)

    var isOpen: Bool { phase == .open }

    func step(now: ContinuousClock.Instant) -> Step {
        if let waitsUntil, now < waitsUntil { return .wait(until: waitsUntil) }
        switch phase {
        case .unknown: return .call(.retrieveServiceContent)
        case .loggedOut: return .call(.login)
        case .open: return .isOpen
        }
    }

    mutating func succeeded(_ call: VCenterCall) {
        switch call {
        case .retrieveServiceContent: phase = .loggedOut
        case .login:
            phase = .open
            refusals = 0
        case .logout: phase = .loggedOut
        // Only what the stream asks shows that the session is of use.
        default: failures = 0
        }
        waitsUntil = nil
    }

    /// - Parameter jitter: from 0 to 1, so that many clients don't come back at the same time.
    mutating func failed(
        _ call: VCenterCall, _ failure: VCenterFailure, now: ContinuousClock.Instant,
        jitter: Double
    ) -> Verdict {
        if call == .login, failure.isRefusedLogin {
            let delay = min(
                Self.firstRefusalDelay * (1 << min(refusals, 8)), Self.refusalDelayLimit)
            refusals += 1
            waitsUntil = now + delay
            return .refused
        }
        // A session that ran out is opened again at once, unless that was what failed before.
        let isGone = failure.isSessionGone
        if isGone, failures == 0 {
            waitsUntil = nil
        } else {
            let delay = min(Self.firstDelay * (1 << min(failures, 8)), Self.delayLimit)
            waitsUntil = now + delay * (0.5 + 0.5 * jitter)
        }
        failures += 1
        guard phase == .open, isGone else { return isGone ? .sessionGone : .retry }
        // The server may have been replaced by a newer one meanwhile.
        phase = .unknown
        return .sessionGone
    }
}
