internal import Configuration
internal import Journal

/// Decides what follows from an attempt: nothing, another one, or the dead letters.
///
/// Retried are 404, 408, 409, 429, every 5xx, statuses that nobody defined, and no answer at all;
/// every other status but 2xx is final, redirections too. `Retry-After` of a 429 or 503 makes a
/// wait longer, never shorter. What the settings say of a status comes before all that.
///
/// Spec: Knative DataPlane §event-acknowledgement-and-delivery-retry
struct RetryPolicy: Sendable {
    /// What follows from an attempt.
    enum Verdict: Equatable {
        /// The sink has the event.
        case delivered
        /// Try again, not before this time has passed.
        case retry(after: Duration)
        /// Send each of the request's events alone, because one of them may be what was refused.
        case retryOneByOne
        /// Give the event up.
        case deadLetter(DeadLetterReason)
    }

    var settings: DeliverySettings

    /// Judges an attempt.
    ///
    /// - Parameters:
    ///   - attempts: how often the event was sent, this attempt included.
    ///   - age: how long ago it was taken in, by the clock on the wall.
    ///   - random: from 0 up to 1; asked for where there is a wait only.
    func verdict(
        on result: DeliveryResult, attempts: Int, age: Duration = .zero,
        random: @autoclosure () -> Double
    ) -> Verdict {
        switch action(on: result) {
        case .deliver: return .delivered
        case .deadLetter: return .deadLetter(reason("refused", result, attempts))
        case .retry: break
        }
        // Neither a clock that was set nor a hasty policy alone gives an event up.
        let hasMaxAge = settings.maxAge > .zero
        guard attempts <= settings.retry || hasMaxAge && age < settings.maxAge else {
            let code = hasMaxAge ? "expired" : "attempts_exhausted"
            return .deadLetter(reason(code, result, attempts))
        }
        return .retry(after: max(backoff(retry: attempts, random: random()), pause(after: result)))
    }

    /// The wait before the n-th retry, n from 1, spread as the settings say.
    func backoff(retry: Int, random: Double) -> Duration {
        let growth =
            switch settings.backoffPolicy {
            case .exponential: Double(sign: .plus, exponent: min(retry - 1, 1_000), significand: 1)
            case .linear: Double(retry)
            }
        let (seconds, limit) =
            (settings.backoffDelay.seconds * growth, settings.backoffDelayMax.seconds)
        let spread =
            switch settings.jitter {
            case .none: min(seconds, limit)
            case .fifth: min(seconds * (0.8 + 0.4 * random), limit)
            case .full: min(seconds, limit) * random
            }
        return .seconds(spread)
    }

    /// How long the sink wants nothing at all; zero where it doesn't say.
    func pause(after result: DeliveryResult) -> Duration {
        guard case .answered(let status, let wait?, _) = result, status == 429 || status == 503
        else { return .zero }
        return min(wait, settings.retryAfterMax)
    }

    /// Whether a sink says by this that it's gone for good.
    ///
    /// Spec: CloudEvents Webhook §2.2
    func isRetirement(_ result: DeliveryResult) -> Bool {
        result.status == 410 && settings.statuses[410] == nil
    }

    private func action(on result: DeliveryResult) -> DeliverySettings.StatusAction {
        guard let status = result.status else { return result == .taken ? .deliver : .retry }
        if let action = settings.statuses[status] { return action }
        switch status {
        case 200...299: return .deliver
        case 404, 408, 409, 429: return .retry
        case 100...499: return .deadLetter
        default: return .retry
        }
    }

    private func reason(
        _ code: String, _ result: DeliveryResult, _ attempts: Int
    ) -> DeadLetterReason {
        DeadLetterReason(
            code: code, status: result.status, detail: printable(result.detail), attempts: attempts)
    }
}

/// The text without control characters, cut to what a ``DeadLetterReason`` takes.
func printable(_ text: String, bytesLimit: Int = 1_024) -> String {
    var left = bytesLimit
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        left -= UTF8.width(scalar)
        guard left >= 0 else { break }
        result.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return String(result)
}

extension Duration {
    /// The same in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
