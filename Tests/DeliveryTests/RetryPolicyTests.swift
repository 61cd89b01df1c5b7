import Configuration
import Journal
import Testing

@testable import Delivery

@Suite struct RetryPolicyTests {
    private static let retried: Set<Int> = [404, 408, 409, 429]

    /// Every status there is, and some that there isn't.
    @Test(arguments: [99, 600, 799, 999] + Array(100...599))
    func `each status has its verdict`(status: Int) {
        let result = DeliveryResult.answered(status: status, detail: "so it goes")
        let verdict = policy().verdict(on: result, attempts: 1, random: 0.5)
        switch status {
        case 200...299: #expect(verdict == .delivered)
        case 100...499 where !Self.retried.contains(status):
            let reason = DeadLetterReason(
                code: "refused", status: status, detail: "so it goes", attempts: 1)
            #expect(verdict == .deadLetter(reason))
        default: #expect(verdict == .retry(after: .milliseconds(200)))
        }
    }

    @Test func `what a sink without statuses takes is delivered`() {
        #expect(policy().verdict(on: .taken, attempts: 1, random: 0.5) == .delivered)
    }

    @Test func `no answer is retried until the attempts are used up`() {
        let result = DeliveryResult.unanswered(kind: "reset", detail: "gone")
        let policy = policy { $0.retry = 2 }
        for attempts in 1...2 {
            let verdict = policy.verdict(on: result, attempts: attempts, random: 0.5)
            guard case .retry = verdict else {
                Issue.record("\(attempts): \(verdict)")
                return
            }
        }
        let reason = DeadLetterReason(
            code: "attempts_exhausted", status: nil, detail: "gone", attempts: 3)
        #expect(policy.verdict(on: result, attempts: 3, random: 0.5) == .deadLetter(reason))
    }

    @Test(arguments: [0, 100_000, -1])
    func `without retries the first failure is the last, at any age`(age: Int) {
        let verdict = policy { $0.retry = 0 }.verdict(
            on: .answered(status: 500), attempts: 1, age: .seconds(age), random: 0.5)
        let reason = DeadLetterReason(
            code: "attempts_exhausted", status: 500, detail: "", attempts: 1)
        #expect(verdict == .deadLetter(reason))
    }

    @Test(arguments: [
        (DeliverySettings.BackoffPolicy.exponential, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]),
        (.linear, [200, 400, 600, 800, 1_000, 1_200, 1_400]),
    ])
    func `waits grow as the policy says, up to the cap`(
        kind: DeliverySettings.BackoffPolicy, milliseconds: [Int]
    ) {
        let policy = policy {
            $0.backoffPolicy = kind
            $0.backoffDelayMax = .seconds(5)
        }
        let waits = (1...7).map { policy.backoff(retry: $0, random: 0.5) }
        #expect(waits.map { ($0.seconds * 1_000).rounded() } == milliseconds.map(Double.init))
    }

    @Test(arguments: [(0.0, 0.8), (0.5, 1.0), (0.999, 1.1996)])
    func `waits are spread by a fifth`(random: Double, factor: Double) {
        let wait = policy().backoff(retry: 2, random: random).seconds
        #expect(abs(wait - 0.4 * factor) < 1e-6)
    }

    @Test(arguments: [
        (DeliverySettings.Jitter.none, 0.9, 0.4), (.fifth, 0.0, 0.32), (.full, 0.0, 0.0),
        (.full, 0.5, 0.2),
    ])
    func `waits are spread as far as the settings say`(
        jitter: DeliverySettings.Jitter, random: Double, seconds: Double
    ) {
        let wait = policy { $0.jitter = jitter }.backoff(retry: 2, random: random).seconds
        #expect(abs(wait - seconds) < 1e-6)
    }

    /// Spec 4.3: neither a jump of the clock nor many attempts alone give an event up.
    @Test(arguments: [
        (3, 59, nil as String?), (3, 60, "expired"), (2, 60, nil), (1, 100_000, nil),
        (900, 59, nil), (900, -100_000, nil), (900, 61, "expired"),
    ])
    func `F25 an event with a limit to its age is given up by age and attempts`(
        attempts: Int, age: Int, code: String?
    ) {
        let policy = policy {
            $0.retry = 2
            $0.maxAge = .seconds(60)
        }
        let verdict = policy.verdict(
            on: .answered(status: 500), attempts: attempts, age: .seconds(age), random: 0.5)
        switch verdict {
        case .deadLetter(let reason): #expect(reason.code == code)
        default: #expect(code == nil, "\(verdict)")
        }
    }

    @Test func `what the settings say of a status comes first`() {
        let policy = policy {
            $0.statuses = [409: .deliver, 503: .deadLetter, 422: .retry, 410: .deadLetter]
        }
        func verdict(_ status: Int) -> RetryPolicy.Verdict {
            policy.verdict(on: .answered(status: status), attempts: 1, random: 0.5)
        }
        #expect(verdict(409) == .delivered)
        #expect(verdict(422) == .retry(after: .milliseconds(200)))
        for status in [503, 410] {
            let reason = DeadLetterReason(code: "refused", status: status, detail: "", attempts: 1)
            #expect(verdict(status) == .deadLetter(reason))
        }
        #expect(!policy.isRetirement(.answered(status: 410)))
        #expect(verdict(404) == .retry(after: .milliseconds(200)))
    }

    @Test func `410 and nothing else retires a sink`() {
        for status in 100...599 {
            #expect(policy().isRetirement(.answered(status: status)) == (status == 410))
        }
        #expect(!policy().isRetirement(.taken))
        #expect(!policy().isRetirement(.unanswered(kind: "reset", detail: "")))
    }

    @Test(arguments: [DeliverySettings.BackoffPolicy.exponential, .linear])
    func `no wait is longer than the cap, whatever the retry`(
        kind: DeliverySettings.BackoffPolicy
    ) {
        let policy = policy { $0.backoffPolicy = kind }
        for retry in [9, 10, 64, 1_000, 1_000_000] {
            #expect(policy.backoff(retry: retry, random: 0.999) <= .seconds(60))
        }
        #expect(policy.backoff(retry: .max, random: 0) == .seconds(60))
    }

    @Test(arguments: [
        (429, 7, 7.0),
        (503, 7, 7.0),
        (503, 0, 0.2),
        (429, 100_000, 3_600.0),
        (500, 7, 0.2),
        (404, 7, 0.2),
    ])
    func `Retry-After makes the wait of a 429 or 503 longer`(
        status: Int, seconds: Int, expected: Double
    ) {
        let result = DeliveryResult.answered(status: status, retryAfter: .seconds(seconds))
        let verdict = policy().verdict(on: result, attempts: 1, random: 0.5)
        #expect(verdict == .retry(after: .seconds(expected)))
    }

    @Test func `the jitter never makes a wait shorter than Retry-After`() {
        let result = DeliveryResult.answered(status: 503, retryAfter: .milliseconds(190))
        let verdict = policy().verdict(on: result, attempts: 1, random: 0)
        #expect(verdict == .retry(after: .milliseconds(190)))
    }

    @Test func `a retryAfterMax of zero ignores Retry-After`() {
        let result = DeliveryResult.answered(status: 503, retryAfter: .seconds(9))
        let policy = policy { $0.retryAfterMax = .zero }
        #expect(
            policy.verdict(on: result, attempts: 1, random: 0.5)
                == .retry(after: .milliseconds(200)))
        #expect(policy.pause(after: result) == .zero)
    }

    @Test func `the details are printable and at most 1,024 octets`() {
        let detail = "a\r\n\u{1B}[31mb" + String(repeating: "é", count: 600)
        let result = DeliveryResult.answered(status: 400, detail: AnswerBody(detail))
        guard
            case .deadLetter(let reason) = policy().verdict(on: result, attempts: 1, random: 0)
        else {
            Issue.record("not given up")
            return
        }
        #expect(reason.detail.hasPrefix("a   [31mbé"))
        #expect(reason.detail.utf8.count == 1_023)
    }
}

// MARK: - Helpers

private func policy(_ change: (inout DeliverySettings) -> Void = { _ in }) -> RetryPolicy {
    var settings = DeliverySettings()
    change(&settings)
    return RetryPolicy(settings: settings)
}
