internal import Configuration
internal import Journal

/// Decides what follows from an attempt: nothing, another one, or the dead letters.
///
/// Retried are 404, 408, 409, 429, every 5xx, statuses that nobody defined, and no answer at all;
/// every other status but 2xx is final, redirections too. `Retry-After` of a 429 or 503 makes a
/// wait longer, never shorter.
///
/// Spec: Knative DataPlane §event-acknowledgement-and-delivery-retry
struct RetryPolicy: Sendable {
    /// What follows from an attempt.
    enum Verdict: Equatable {
        /// The sink has the event.
        case delivered
        /// Try again, not before this time has passed.
        case retry(after: Duration)
        /// Give the event up.
        case deadLetter(DeadLetterReason)
    }

    var settings: DeliverySettings

    /// Judges an attempt.
    ///
    /// - Parameters:
    ///   - attempts: how often the event was sent, this attempt included.
    ///   - random: from 0 up to 1; asked for where there is a wait only.
    func verdict(
        on result: DeliveryResult, attempts: Int, random: @autoclosure () -> Double
    ) -> Verdict {
        if isDelivered(result) { return .delivered }
        guard isRetryable(result) else {
            return .deadLetter(reason("refused", result, attempts))
        }
        guard attempts <= settings.retry else {
            return .deadLetter(reason("attempts_exhausted", result, attempts))
        }
        return .retry(after: max(backoff(retry: attempts, random: random()), pause(after: result)))
    }

    /// The wait before the n-th retry, n from 1, spread by a fifth to both sides.
    func backoff(retry: Int, random: Double) -> Duration {
        let growth =
            switch settings.backoffPolicy {
            case .exponential: Double(sign: .plus, exponent: min(retry - 1, 1_000), significand: 1)
            case .linear: Double(retry)
            }
        let seconds = settings.backoffDelay.seconds * growth * (0.8 + 0.4 * random)
        return .seconds(min(seconds, settings.backoffDelayMax.seconds))
    }

    /// How long the sink wants nothing at all; zero where it doesn't say.
    func pause(after result: DeliveryResult) -> Duration {
        guard case .answered(let status, let wait?, _) = result, status == 429 || status == 503
        else { return .zero }
        return min(wait, settings.retryAfterMax)
    }

    private func isDelivered(_ result: DeliveryResult) -> Bool {
        switch result {
        case .taken, .answered(200...299, _, _): true
        case .answered, .unanswered: false
        }
    }

    private func isRetryable(_ result: DeliveryResult) -> Bool {
        guard let status = result.status else { return true }
        switch status {
        case 404, 408, 409, 429: return true
        case 100...499: return false
        default: return true
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
