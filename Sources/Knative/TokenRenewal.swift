/// Decides when the cluster is asked for a token: pure.
///
/// A token is renewed when four fifths of its life are over, and used to its end where that
/// doesn't succeed. One for another audience is no use at all.
struct TokenRenewal {
    /// How long a token is asked for.
    static let lifetimeWanted = Duration.seconds(3_600)
    /// Shorter lives are taken for as long, so that nobody asks all the time.
    static let lifetimeLeast = Duration.seconds(5)
    private static let firstWait = Duration.seconds(1)
    private static let waitLimit = Duration.seconds(60)

    /// Whom a token is wanted for; nil where none is.
    private(set) var audience: String?
    private var isUnderWay = false
    private var renewal: ContinuousClock.Instant?
    private var retry: ContinuousClock.Instant?
    /// When the token that there is can't be used any more.
    private(set) var end: ContinuousClock.Instant?
    private var failures = 0

    /// A token is wanted for somebody, or for nobody.
    ///
    /// - Returns: whether that is another than before.
    mutating func want(_ audience: String?) -> Bool {
        guard audience != self.audience else { return false }
        self = TokenRenewal()
        self.audience = audience
        return true
    }

    /// When to ask for a token; nil while that is under way, or where none is wanted.
    func due(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard audience != nil, !isUnderWay else { return nil }
        return max(renewal ?? now, retry ?? now)
    }

    /// A token is asked for.
    mutating func begin() { isUnderWay = true }

    /// A token came, for the audience that is wanted still.
    mutating func received(lifetime: Duration, now: ContinuousClock.Instant) {
        let lifetime = max(lifetime, Self.lifetimeLeast)
        (isUnderWay, retry, failures) = (false, nil, 0)
        renewal = now + lifetime * 0.8
        end = now + lifetime
    }

    /// None came.
    mutating func failed(
        retryAfter: Duration?, now: ContinuousClock.Instant, random: Double
    ) {
        isUnderWay = false
        failures += 1
        let wait = min(Self.firstWait * (1 << min(failures - 1, 10)), Self.waitLimit)
        retry = now + max(wait * (0.5 + random / 2), retryAfter ?? .zero)
    }

    /// The sink doesn't take the token that there is.
    mutating func refused(now: ContinuousClock.Instant) { (renewal, end) = (now, nil) }

    /// The token's time is over.
    mutating func ended() { end = nil }
}
