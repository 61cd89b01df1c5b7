/// Decides whether a sink that wants to be asked has consented, and how much it takes.
///
/// Pure: its driver tells it the time and what the sink answered.
///
/// Spec: CloudEvents Webhook §4
struct WebhookGrant {
    /// What a sink answered to the question.
    struct Answer: Equatable {
        /// The value of `WebHook-Allowed-Origin`.
        var origin: String?
        /// The value of `WebHook-Allowed-Rate`.
        var rate: String?
    }

    /// The longest wait between two questions that were answered badly.
    static let backoffMax = Duration.seconds(300)

    private struct Permission {
        var renewal: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        /// It replaces one that a delivery was refused with, and nothing was taken since.
        var isSuspect: Bool
    }

    private let origin: String
    /// Requests a minute that are asked for; 0 for none.
    private let rate: Int
    private let validity: Duration
    private var permission: Permission?
    private var pace: Pace?
    private var isUnderWay = false
    private var isSuccessorSuspect = false
    private var retryTime: ContinuousClock.Instant?
    private var failuresInRow = 0

    init(origin: String, rate: Int, validity: Duration) {
        self.origin = origin
        self.rate = rate
        self.validity = validity
    }

    /// Whether the sink has consented.
    func isGranted(now: ContinuousClock.Instant) -> Bool {
        permission.map { now < $0.end } ?? false
    }

    /// Requests a minute that it takes; nothing where it takes any number.
    var allowedRate: Int? { pace?.perMinute }

    /// When the next request may go, as far as the rate is concerned; nothing: now.
    func nextSlot(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        pace?.nextSlot(now: now)
    }

    /// A request goes.
    mutating func spend(now: ContinuousClock.Instant) { pace?.spend(now: now) }

    /// When to ask; nothing while that is under way.
    func nextQuestion(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard !isUnderWay else { return nil }
        return max(permission?.renewal ?? now, retryTime ?? now)
    }

    /// The sink is being asked.
    mutating func begin() { isUnderWay = true }

    /// The sink answered, and consents or not; a status says nothing.
    ///
    /// - Returns: whether it consents.
    mutating func answered(
        _ answer: Answer, now: ContinuousClock.Instant, random: Double
    ) -> Bool {
        guard let name = answer.origin, name == "*" || name.lowercased() == origin,
            let allowed = Self.rate(answer.rate, asked: rate)
        else {
            failed(now: now, random: random)
            return false
        }
        permission = Permission(
            renewal: now + validity * 0.9, end: now + validity, isSuspect: isSuccessorSuspect)
        if case .perMinute(let rate) = allowed {
            if pace?.perMinute != rate { pace = Pace(perMinute: rate) }
        } else {
            pace = nil
        }
        (isUnderWay, isSuccessorSuspect, retryTime, failuresInRow) = (false, false, nil, 0)
        return true
    }

    /// No consent, or no answer.
    mutating func failed(now: ContinuousClock.Instant, random: Double) {
        isUnderWay = false
        failuresInRow += 1
        let doubled = Double(sign: .plus, exponent: min(failuresInRow - 1, 10), significand: 1)
        let seconds = min(doubled * (0.8 + 0.4 * random), Self.backoffMax.seconds)
        retryTime = now + .seconds(seconds)
    }

    /// A delivery was answered with 401 or 403; tells whether asking anew may help.
    mutating func refused() -> Bool {
        // Another delivery's refusal was heard before this one's.
        guard let permission else { return true }
        guard !permission.isSuspect else { return false }
        forget()
        isSuccessorSuspect = true
        return true
    }

    /// A delivery was taken.
    mutating func taken() { permission?.isSuspect = false }

    /// Nothing is allowed any more until it's asked again.
    mutating func forget() { permission = nil }

    private enum Allowance {
        case any
        case perMinute(Int)
    }

    /// What was granted; nothing for a rate that is none.
    private static func rate(_ text: String?, asked: Int) -> Allowance? {
        guard let text, text != "" else { return asked > 0 ? .perMinute(asked) : .any }
        guard text != "*" else { return .any }
        guard text.utf8.count <= 9, let rate = Int(text), rate > 0 else { return nil }
        return .perMinute(rate)
    }
}

/// Spreads requests so that no minute, whenever it begins, has more than so many.
struct Pace {
    let perMinute: Int
    private let interval: Duration
    private let slack: Duration
    private var end: ContinuousClock.Instant?

    init(perMinute: Int) {
        precondition(perMinute > 0)
        self.perMinute = perMinute
        // So many may go at once; what is left of the minute is spread over it.
        let burst = max(1, perMinute / 10)
        interval = .seconds(60) / (perMinute - burst + 1)
        slack = interval * (burst - 1)
    }

    /// When the next may go; nothing: now.
    func nextSlot(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let end, end - slack > now else { return nil }
        return end - slack
    }

    /// One goes.
    mutating func spend(now: ContinuousClock.Instant) {
        end = max(end ?? now, now) + interval
    }
}
