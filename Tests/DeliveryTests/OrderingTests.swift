import CloudEvents
import Configuration
import Journal
import Testing

@testable import Delivery

/// Order by key, batches, and the end of a sink: what ``SinkQueue`` decides where it's asked to.
@Suite struct OrderingTests {
    private let start = ContinuousClock.now

    // MARK: - Order

    @Test func `events of one key go one after the other, others beside them`() throws {
        var queue = queue(ordering: "subject", subjects: ["a", "a", "b", nil, "a", "b", nil])
        let first = attempts(&queue, now: start)
        #expect(first.map(\.stored.sequence) == [1, 3, 4, 7])
        _ = queue.end(first[0], .answered(status: 202), now: start, random: 0.5)
        let second = attempts(&queue, now: start)
        #expect(second.map(\.stored.sequence) == [2])
        _ = queue.end(first[1], .answered(status: 202), now: start, random: 0.5)
        _ = queue.end(second[0], .answered(status: 202), now: start, random: 0.5)
        #expect(attempts(&queue, now: start).map(\.stored.sequence) == [5, 6])
    }

    @Test func `an event that fails holds its lane up, and only for its own attempts`() throws {
        var queue = queue(ordering: "subject", subjects: ["a", "a", "b", "b"]) { $0.retry = 1 }
        var sent: [SequenceNumber] = []
        var now = start
        for _ in 0..<4 {
            for attempt in attempts(&queue, now: now) {
                sent.append(attempt.stored.sequence)
                let status = attempt.stored.sequence == 1 ? 500 : 202
                _ = queue.end(attempt, .answered(status: status), now: now, random: 0.5)
            }
            now += .milliseconds(200)
        }
        #expect(sent == [1, 3, 1, 4, 2])
        #expect(queue.count == 0)
    }

    /// Ten keys, thirty events each, any of which may fail: the order of each key stays.
    @Test(arguments: 0..<10)
    func `whatever fails, each key's events are delivered in their order`(seed: Int) {
        var random = Seeded(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 + 1)
        let subjects = (0..<300).map { _ in "k\(Int.random(in: 0..<10, using: &random))" }
        var queue = queue(ordering: "subject", subjects: subjects) { $0.retry = 1_000 }
        var delivered: [String: [SequenceNumber]] = [:]
        var underWay: [SinkQueue.Attempt] = []
        var now = start
        while queue.count > 0 {
            underWay += attempts(&queue, now: now)
            guard !underWay.isEmpty else {
                now = max(now, queue.wakeTime ?? now)
                continue
            }
            let attempt = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &random))
            let key = attempt.stored.event["subject"] ?? ""
            guard !underWay.contains(where: { $0.stored.event["subject"] == key }) else {
                Issue.record("two of \(key) at one time")
                return
            }
            switch Int.random(in: 0..<10, using: &random) {
            case 0: queue.takeBack(attempt)
            case 1...3: _ = queue.end(attempt, .answered(status: 404), now: now, random: 0.5)
            default:
                _ = queue.end(attempt, .answered(status: 202), now: now, random: 0.5)
                delivered[key, default: []].append(attempt.stored.sequence)
            }
        }
        #expect(delivered.values.map(\.count).reduce(0, +) == 300)
        for sequences in delivered.values { #expect(sequences == sequences.sorted()) }
    }

    @Test func `what is held back counts, and is given back`() {
        var queue = queue(ordering: "subject", subjects: ["a", "a", "a", "b"])
        let first = attempts(&queue, now: start)
        #expect(queue.count == 4)
        check(queue.removeAll().map(\.sequence) == [2, 3])
        #expect(queue.count == 2)
        // The first one's lane is taken still.
        _ = queue.take([stored(5, subject: "a")], after: 4)
        check(queue.next(now: start) == nil)
        _ = queue.end(first[0], .answered(status: 202), now: start, random: 0.5)
        check(queue.next(now: start)?.stored.sequence == 5)
    }

    // MARK: - Batches

    @Test func `a batch takes what waits, up to its limits`() {
        var queue = queue(
            batch: (events: 3, bytes: 1 << 20), subjects: .init(repeating: nil, count: 7))
        let batches = attempts(&queue, now: start).map { $0.events.map(\.sequence) }
        #expect(batches == [[1, 2, 3], [4, 5, 6], [7]])
        #expect(queue.underWayCount == 3)
    }

    @Test func `a batch takes no more octets than its limit, but one event at least`() {
        var queue = queue(batch: (events: 100, bytes: 1), subjects: [nil, nil])
        let batches = attempts(&queue, now: start).map { $0.events.map(\.sequence) }
        #expect(batches == [[1], [2]])
    }

    @Test func `a batch that is taken back grows over no limit`() {
        var single = queue(subjects: [nil])
        let size = attempts(&single, now: start)[0].stored.event.octets.count + 64
        var queue = queue(batch: (events: 100, bytes: 2 * size), subjects: [nil, nil, nil])
        let first = attempts(&queue, now: start)
        #expect(first.map { $0.events.map(\.sequence) } == [[1, 2], [3]])
        for attempt in first { queue.takeBack(attempt) }
        #expect(attempts(&queue, now: start).map { $0.events.map(\.sequence) } == [[1, 2], [3]])
    }

    @Test func `one answer is that of all of a batch`() {
        var queue = queue(batch: (events: 3, bytes: 1 << 20), subjects: [nil, nil, nil]) {
            $0.retry = 1
        }
        let first = attempts(&queue, now: start)[0]
        _ = queue.end(first, .answered(status: 500), now: start, random: 0.5)
        #expect(queue.count == 3)
        let second = attempts(&queue, now: start + .seconds(1))[0]
        #expect(second.events.map(\.sequence) == [1, 2, 3])
        #expect(second.number == 2)
        _ = queue.end(second, .answered(status: 202), now: start, random: 0.5)
        #expect(queue.count == 0)
    }

    @Test(arguments: [400, 413, 415, 422])
    func `a refused batch is sent one by one, so that one bad event condemns no other`(status: Int)
    {
        var queue = queue(batch: (events: 3, bytes: 1 << 20), subjects: [nil, nil, nil])
        let batch = attempts(&queue, now: start)[0]
        let verdict = queue.end(batch, .answered(status: status), now: start, random: 0.5)
        #expect(verdict == .retryOneByOne)
        let singles = attempts(&queue, now: start)
        #expect(singles.map { $0.events.map(\.sequence) } == [[1], [2], [3]])
        #expect(singles.map(\.number) == [2, 2, 2])
        let reason = DeadLetterReason(code: "refused", status: status, detail: "", attempts: 2)
        let bad = queue.end(singles[1], .answered(status: status), now: start, random: 0.5)
        #expect(bad == .deadLetter(reason))
        for single in [singles[0], singles[2]] {
            let good = queue.end(single, .answered(status: 202), now: start, random: 0.5)
            #expect(good == .delivered)
        }
        #expect(queue.count == 0)
    }

    // MARK: - Retirement

    @Test func `after 410 nothing is sent until the sink is enabled`() throws {
        var queue = queue(subjects: [nil, nil, nil])
        let attempt = try required(queue.next(now: start))
        let verdict = queue.end(attempt, .answered(status: 410), now: start, random: 0.5)
        let reason = DeadLetterReason(code: "refused", status: 410, detail: "", attempts: 1)
        #expect(verdict == .deadLetter(reason))
        #expect(queue.isDisabled)
        check(queue.next(now: start) == nil)
        #expect(queue.wakeTime == nil)
        check(queue.removeAll().map(\.sequence) == [2, 3])
        _ = queue.take([stored(4)], after: 3)
        check(queue.next(now: start) == nil)
        queue.enable()
        check(queue.next(now: start)?.stored.sequence == 4)
    }

    // MARK: - Helpers

    private func queue(
        ordering: String? = nil, batch: (events: Int, bytes: Int)? = nil, subjects: [String?],
        _ change: (inout DeliverySettings) -> Void = { _ in }
    ) -> SinkQueue {
        var limits = SinkQueue.Limits(
            events: 2_000, bytes: 1 << 24, concurrency: 32, canRead: false)
        limits.ordering = ordering
        limits.batch = batch.map {
            var settings = BatchSettings()
            (settings.events, settings.bytes) = $0
            return settings
        }
        let settings = sampleSettings([SinkSettings(name: "a", target: .discard)], change)
        var queue = SinkQueue(
            sink: 0, limits: limits, policies: RetryPolicies(sink: 0, in: settings))
        let events = zip(1..., subjects).map { stored($0, subject: $1) }
        _ = queue.take(events, after: 0)
        return queue
    }

    private func attempts(
        _ queue: inout SinkQueue, now: ContinuousClock.Instant
    ) -> [SinkQueue.Attempt] {
        var attempts: [SinkQueue.Attempt] = []
        while let attempt = queue.next(now: now) { attempts.append(attempt) }
        return attempts
    }
}

/// Numbers that are the same each time.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
