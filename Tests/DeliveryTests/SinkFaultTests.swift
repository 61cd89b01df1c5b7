import Configuration
import Journal
import Testing

@testable import Delivery

/// Faults F26 to F31 of sinks, decided with a clock that is set by hand.
@Suite struct SinkFaultTests {
    private let start = ContinuousClock.now

    /// Ten minutes of 500: the breaker opens, each probe is another event's, none is given up.
    @Test func `F26 a sink that fails for ten minutes gets every event afterwards`() throws {
        var sink = SimulatedSink(count: 1_000, start: start)
        try sink.run(until: start + .seconds(600)) { _ in .answered(status: 500) }
        // 32, 16 and 8 for three windows of failures, then a probe each minute or so.
        #expect(sink.attempts.count < 32 + 16 + 8 + 30, "\(sink.attempts.count)")
        #expect(sink.given.isEmpty)
        try sink.run(until: start + .seconds(1_200)) { _ in .answered(status: 202) }
        #expect(sink.delivered.count == 1_000)
        #expect(sink.given.isEmpty)
    }

    @Test func `F26 one event's retries keep to its schedule, give or take a fifth`() throws {
        var sink = SimulatedSink(count: 1, start: start)
        try sink.run(until: start + .seconds(600)) { _ in .answered(status: 500) }
        let times = sink.attempts.map { ($0.time - start).seconds }
        let waits = zip(times.dropFirst(), times).map { $0 - $1 }
        let schedule = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60]
        #expect(waits.count == schedule.count)
        for (wait, expected) in zip(waits, schedule) {
            #expect(0.8 * expected - 0.001...1.2 * expected + 0.001 ~= wait, "\(wait)")
        }
        #expect(sink.given == [1])
    }

    /// A date, garbage and ten years are read by ``RetryAfter``; here is what follows.
    @Test(arguments: [
        ("30", 30.0), ("Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30.0), ("Sun Nov  6 08:50:07 1994", 30.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0), ("0", 0.0), ("315360000", 3_600.0),
        ("99999999999999999999", 3_600.0), ("Fri, 06 Nov 2004 08:49:37 GMT", 3_600.0),
        ("soon", 0.0), ("-5", 0.0), ("1.5", 0.0), ("", 0.0), ("30 s", 0.0),
    ])
    func `F27 nothing is sent before Retry-After says, for an hour at most`(
        text: String, seconds: Double
    ) throws {
        let now = 784_111_777
        let wait = RetryAfter.wait(text, now: now)
        var sink = SimulatedSink(count: 50, start: start)
        let result = DeliveryResult.answered(status: 503, retryAfter: wait)
        let start = start
        try sink.run(until: start + .seconds(4_000)) { attempt in
            attempt.time == start ? result : .answered(status: 202)
        }
        let later = sink.attempts.map { ($0.time - start).seconds }.filter { $0 > 0 }
        #expect(abs((later.min() ?? 0) - max(seconds, 0.16)) < 0.1, "\(later.min() ?? 0)")
        #expect(sink.delivered.count == 50)
    }

    /// A bucket of 50 that fills by 50 a second, and 429 with a second's wait for what is over.
    @Test func `F28 a sink that takes half is sent what it takes, give or take a fifth`() throws {
        var sink = SimulatedSink(count: 3_000, start: start, seconds: 0.01)
        var (tokens, time) = (50.0, start)
        try sink.run(until: start + .seconds(50)) { attempt in
            tokens = min(50, tokens + 50 * (attempt.time - time).seconds)
            time = attempt.time
            guard tokens >= 1 else { return .answered(status: 429, retryAfter: .seconds(1)) }
            tokens -= 1
            return .answered(status: 202)
        }
        #expect(
            50 * 50 * 4 / 5...50 * 50 * 6 / 5 ~= sink.delivered.count, "\(sink.delivered.count)")
        let refused = sink.attempts.count - sink.delivered.count
        #expect(refused < sink.delivered.count / 5, "\(refused)")
    }

    @Test(arguments: [400, 401, 402, 403, 405, 406, 411, 413, 414, 415, 421, 422, 431, 451])
    func `F29 a refusal for good is the event's end at once`(status: Int) throws {
        var sink = SimulatedSink(count: 1, start: start)
        try sink.run(until: start + .seconds(1)) { _ in .answered(status: status) }
        #expect((sink.attempts.count, sink.given) == (1, [1]))
    }

    @Test(arguments: [404, 408, 409, 429, 500, 502, 503, 504, 599])
    func `F30 what may pass is tried again`(status: Int) throws {
        var sink = SimulatedSink(count: 1, start: start)
        try sink.run(until: start + .seconds(60)) { attempt in
            .answered(status: attempt.number < 3 ? status : 202)
        }
        #expect((sink.attempts.count, sink.delivered) == (3, [1]))
    }

    @Test(arguments: [300, 301, 302, 303, 304, 307, 308])
    func `F31 a redirection is the event's end`(status: Int) throws {
        var sink = SimulatedSink(count: 1, start: start)
        try sink.run(until: start + .seconds(1)) { _ in .answered(status: status) }
        #expect((sink.attempts.count, sink.given) == (1, [1]))
    }

    /// Silence for an hour.
    @Test func `F37 a black hole costs three windows and then a probe a minute`() throws {
        var sink = SimulatedSink(count: 1_000, start: start)
        try sink.run(until: start + .seconds(3_600)) { _ in
            .unanswered(kind: "timeout", detail: "no connection")
        }
        #expect(sink.attempts.count < 32 + 16 + 8 + 75)
        #expect(sink.given.isEmpty)
    }
}

/// A queue whose sink answers what a test says, after some time, on a clock of its own.
private struct SimulatedSink {
    struct Sent {
        var time: ContinuousClock.Instant
        var number: Int
    }

    private(set) var attempts: [Sent] = []
    private(set) var delivered: [SequenceNumber] = []
    private(set) var given: [SequenceNumber] = []
    private var queue: SinkQueue
    private var now: ContinuousClock.Instant
    private let seconds: Double
    private var random = Seeded(state: 4711)
    private var underWay: [(end: ContinuousClock.Instant, attempt: SinkQueue.Attempt)] = []

    /// - Parameter seconds: how long each answer takes.
    init(count: Int, start: ContinuousClock.Instant, seconds: Double = 0) {
        let limits = SinkQueue.Limits(
            events: count, bytes: 1 << 30, concurrency: 32, canRead: false)
        let settings = sampleSettings([SinkSettings(name: "a", target: .discard)])
        queue = SinkQueue(
            sink: 0, limits: limits, policies: RetryPolicies(sink: 0, in: settings))
        _ = queue.take((1...count).map { stored(SequenceNumber($0)) }, after: 0)
        now = start
        self.seconds = seconds
    }

    mutating func run(
        until end: ContinuousClock.Instant, answer: (Sent) -> DeliveryResult
    ) throws {
        while now < end, queue.count > 0 {
            while let attempt = queue.next(now: now) {
                underWay.append((now + .seconds(seconds), attempt))
            }
            let answers = underWay.map(\.end).min()
            let wakes = underWay.count < 32 ? queue.wakeTime : nil
            now = max(now, try #require([answers, wakes].compactMap { $0 }.min()))
            let ended = underWay.filter { $0.end <= now }
            underWay.removeAll { $0.end <= now }
            for (_, attempt) in ended { self.end(attempt, answer) }
        }
    }

    private mutating func end(_ attempt: SinkQueue.Attempt, _ answer: (Sent) -> DeliveryResult) {
        let sent = Sent(time: now, number: attempt.number)
        attempts.append(sent)
        let verdict = queue.end(
            attempt, answer(sent), now: now, random: .random(in: 0..<1, using: &random))
        switch verdict {
        case .delivered: delivered.append(attempt.stored.sequence)
        case .deadLetter: given.append(attempt.stored.sequence)
        case .retry, .retryOneByOne: break
        }
    }
}
