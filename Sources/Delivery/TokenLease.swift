/// Decides when a token is asked for, how long it's used, and what a refusal of it means.
///
/// Pure: its driver tells it the time and what the server answered.
///
/// A token is renewed before its end, and the old one is used until then. One that a sink refuses
/// is replaced at once; but if its successor is refused, too, without ever having been taken,
/// tokens aren't what is wrong.
struct TokenLease {
    /// How long a token is used whose server doesn't say.
    static let lifetimeByDefault = Duration.seconds(300)
    /// Shorter lives than this are taken for as long, so that nobody asks all the time.
    static let lifetimeLeast = Duration.seconds(5)
    /// The longest wait between two attempts to get a token.
    static let backoffMax = Duration.seconds(60)

    private struct Token {
        var text: String
        var renewal: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        /// It replaces a refused one and no sink has taken it yet.
        var isSuspect: Bool
    }

    private var token: Token?
    private var isUnderWay = false
    private var isSuccessorSuspect = false
    private var retryTime: ContinuousClock.Instant?
    /// Attempts since the last success.
    private(set) var failuresInRow = 0

    /// The token, while it's good.
    func token(now: ContinuousClock.Instant) -> String? {
        guard let token, now < token.end else { return nil }
        return token.text
    }

    /// When to ask for a token; nothing while that is under way.
    func nextRequest(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard !isUnderWay else { return nil }
        return max(token?.renewal ?? now, retryTime ?? now)
    }

    /// A token is being asked for.
    mutating func begin() { isUnderWay = true }

    /// The server handed a token out.
    mutating func received(
        _ text: String, lifetime: Duration?, now: ContinuousClock.Instant
    ) {
        let lifetime = max(lifetime ?? Self.lifetimeByDefault, Self.lifetimeLeast)
        token = Token(
            text: text, renewal: now + max(lifetime * 0.8, lifetime - .seconds(60)),
            end: now + lifetime * 0.95, isSuspect: isSuccessorSuspect)
        (isUnderWay, isSuccessorSuspect, retryTime, failuresInRow) = (false, false, nil, 0)
    }

    /// The server didn't.
    mutating func failed(now: ContinuousClock.Instant, random: Double) {
        isUnderWay = false
        failuresInRow += 1
        let doubled = Double(sign: .plus, exponent: min(failuresInRow - 1, 10), significand: 1)
        let seconds = min(doubled * (0.8 + 0.4 * random), Self.backoffMax.seconds)
        retryTime = now + .seconds(seconds)
    }

    /// A sink refused a request with this token; tells whether another token may help.
    mutating func refused(_ text: String) -> Bool {
        guard let token, token.text == text else { return true }
        guard !token.isSuspect else { return false }
        self.token = nil
        isSuccessorSuspect = true
        return true
    }

    /// A sink took this token.
    mutating func taken(_ text: String) {
        guard token?.isSuspect == true, token?.text == text else { return }
        token?.isSuspect = false
    }

    /// What is asked with has changed, so what was got or failed with it doesn't count.
    mutating func reset(now: ContinuousClock.Instant) {
        retryTime = nil
        token?.renewal = now
        token?.isSuspect = false
    }
}
