import Configuration
import Journal
import Testing

@testable import Delivery

@Suite struct SinkQueueTests {
    private let start = ContinuousClock.now

    // MARK: - From the journal

    @Test func `it begins behind the journal and asks for the first page`() throws {
        var queue = queue()
        #expect(try #require(queue.wantedPage) == (0, 64))
        queue.didAskForPage()
        #expect(queue.wantedPage == nil)
        check(queue.take([stored(1)], after: 0).isEmpty)
        #expect(queue.count == 0)
        queue.take(page: [stored(1), stored(2)], through: 64, isLast: false)
        #expect(queue.count == 2)
        #expect(try #require(queue.wantedPage).after == 64)
        queue.take(page: [], through: 70, isLast: true)
        #expect(queue.wantedPage == nil)
        check(queue.take([stored(71)], after: 70).isEmpty)
        check(sequences(&queue) == [1, 2, 71])
    }

    @Test func `a live queue takes its sink's events, each once`() {
        var queue = live(queue(sink: 1))
        _ = queue.take([stored(1, sinks: [0]), stored(2, sinks: [0, 1])], after: 0)
        _ = queue.take([stored(2, sinks: [1]), stored(3, sinks: [1])], after: 1)
        check(sequences(&queue) == [2, 3])
    }

    @Test(arguments: [[], [stored(9)]])
    func `a gap in the announcements is read up`(events: [StoredEvent]) throws {
        var queue = live(queue())
        _ = queue.take([stored(1)], after: 0)
        _ = queue.take(events, after: 8)
        #expect(queue.count == 1)
        #expect(try #require(queue.wantedPage).after == 1)
        queue.take(page: [stored(5), stored(8), stored(9)], through: 9, isLast: true)
        _ = queue.take([stored(10)], after: 9)
        check(sequences(&queue) == [1, 5, 8, 9, 10])
    }

    @Test func `what has no room is read when there is`() throws {
        var queue = live(queue(events: 4))
        _ = queue.take((1...6).map { stored($0) }, after: 0)
        #expect(queue.count == 4)
        #expect(queue.wantedPage == nil)
        _ = queue.take([stored(7)], after: 6)
        for _ in 0..<2 { try deliver(&queue) }
        #expect(try #require(queue.wantedPage) == (4, 2))
        queue.didAskForPage()
        queue.take(page: [stored(5), stored(6)], through: 6, isLast: false)
        #expect(queue.count == 4)
        #expect(queue.wantedPage == nil)
        check(sequences(&queue) == [3, 4, 5, 6])
    }

    @Test func `a page that doesn't fit is taken in part`() throws {
        var queue = queue(events: 100, bytes: 1_000)
        queue.take(page: (1...9).map { stored($0, dataBytes: 200) }, through: 9, isLast: true)
        #expect(queue.count == 2)
        #expect(queue.wantedPage == nil)
        for _ in 0..<2 { try deliver(&queue) }
        #expect(try #require(queue.wantedPage).after == 2)
    }

    @Test func `an event larger than the limit is taken when it's alone`() throws {
        var queue = live(queue(bytes: 1_000))
        _ = queue.take([stored(1, dataBytes: 5_000), stored(2)], after: 0)
        #expect(queue.count == 1)
        try deliver(&queue)
        #expect(try #require(queue.wantedPage).after == 1)
    }

    @Test func `without a journal to read, what has no room is refused`() {
        var queue = queue(events: 2, canRead: false)
        #expect(queue.wantedPage == nil)
        check(queue.take((5...7).map { stored($0) }, after: 4).map(\.sequence) == [7])
        check(queue.take([stored(9)], after: 8).map(\.sequence) == [9])
        #expect(queue.wantedPage == nil)
        check(sequences(&queue) == [5, 6])
    }

    // MARK: - To the sink

    @Test func `no more are under way than the sink takes at one time`() {
        var queue = filled(5, concurrency: 2)
        let first = [queue.next(now: start), queue.next(now: start)].compactMap { $0 }
        #expect(first.map(\.stored.sequence) == [1, 2])
        check(queue.next(now: start) == nil)
        #expect(queue.wakeTime == nil)
        _ = queue.end(first[0], .answered(status: 202), now: start, random: 0.5)
        check(queue.next(now: start)?.stored.sequence == 3)
        #expect(queue.count == 4)
    }

    @Test func `a retry waits for its time and then goes first`() throws {
        var queue = filled(2, concurrency: 1)
        let attempt = try required(queue.next(now: start))
        let verdict = queue.end(attempt, .answered(status: 500), now: start, random: 0.5)
        #expect(verdict == .retry(after: .milliseconds(200)))
        #expect(queue.count == 2)
        try deliver(&queue)
        check(queue.next(now: start + .milliseconds(199)) == nil)
        #expect(queue.wakeTime == start + .milliseconds(200))
        _ = queue.take([stored(3)], after: 2)
        let again = try required(queue.next(now: start + .milliseconds(200)))
        #expect(again.stored.sequence == 1)
        #expect(again.number == 2)
    }

    @Test func `an attempt too many gives the event up`() throws {
        var queue = filled(1, concurrency: 1) { $0.retry = 2 }
        var now = start
        for number in 1...3 {
            let attempt = try required(queue.next(now: now))
            #expect(attempt.number == number)
            let verdict = queue.end(attempt, .answered(status: 500), now: now, random: 0.5)
            switch verdict {
            case .retry(let wait): now += wait
            case .deadLetter(let reason):
                #expect(reason.attempts == 3)
                #expect(number == 3)
            case .delivered, .retryOneByOne: Issue.record("\(verdict)")
            }
        }
        #expect(queue.count == 0)
    }

    @Test(arguments: [429, 503])
    func `after a Retry-After nothing at all is sent until then`(status: Int) throws {
        var queue = filled(5, concurrency: 4)
        let attempt = try required(queue.next(now: start))
        let result = DeliveryResult.answered(status: status, retryAfter: .seconds(2))
        _ = queue.end(attempt, result, now: start, random: 0.5)
        check(queue.next(now: start + .milliseconds(1_999)) == nil)
        #expect(queue.wakeTime == start + .seconds(2))
        check(queue.next(now: start + .seconds(2)) != nil)
        // The window is half as wide now.
        check(queue.next(now: start + .seconds(2)) != nil)
        check(queue.next(now: start + .seconds(2)) == nil)
    }

    @Test func `a Retry-After is obeyed up to its limit`() throws {
        var queue = filled(2, concurrency: 2) { $0.retryAfterMax = .seconds(5) }
        let attempt = try required(queue.next(now: start))
        let result = DeliveryResult.answered(status: 429, retryAfter: .seconds(1_000_000))
        _ = queue.end(attempt, result, now: start, random: 0.5)
        #expect(queue.wakeTime == start + .seconds(5))
    }

    /// 1,000 events and a sink that refuses connections for an hour: it's tried once a minute or
    /// so, each time with another event, and none uses up its attempts.
    @Test func `a sink that is down gets a probe now and then`() throws {
        var queue = filled(1_000, concurrency: 32)
        var now = start
        var attemptsCount = 0
        let result = DeliveryResult.unanswered(kind: "connect", detail: "refused")
        while now < start + .seconds(3_600) {
            var attempts: [SinkQueue.Attempt] = []
            while let attempt = queue.next(now: now) { attempts.append(attempt) }
            attemptsCount += attempts.count
            for attempt in attempts {
                let verdict = queue.end(attempt, result, now: now, random: 0.5)
                guard case .retry = verdict else {
                    Issue.record("\(verdict)")
                    return
                }
            }
            now = max(now, queue.wakeTime ?? now)
        }
        #expect(attemptsCount < 32 + 16 + 8 + 75)
        #expect(queue.count == 1_000)
        // And then it's back.
        let probe = try required(queue.next(now: now))
        check(queue.next(now: now) == nil)
        _ = queue.end(probe, .answered(status: 202), now: now, random: 0.5)
        check(queue.next(now: now) != nil)
        check(queue.next(now: now) != nil)
    }

    /// The pause of a sink that is down is never longer than that of a single event's retry.
    @Test func `one event keeps its schedule while the sink is down`() throws {
        var queue = filled(1, concurrency: 32)
        var now = start
        var waits: [Duration] = []
        while let attempt = queue.next(now: now) {
            let result = DeliveryResult.unanswered(kind: "connect", detail: "refused")
            _ = queue.end(attempt, result, now: now, random: 0.5)
            guard let time = queue.wakeTime else { break }
            waits.append(time - now)
            now = time
        }
        let expected = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60]
        #expect(waits.map { ($0.seconds * 10).rounded() / 10 } == expected)
        #expect(queue.count == 0)
    }

    @Test func `a sink that is elsewhere owes nothing to what was before`() throws {
        var queue = filled(3, concurrency: 3)
        let paused = try required(queue.next(now: start))
        let late = try required(queue.next(now: start))
        let refusal = DeliveryResult.answered(status: 503, retryAfter: .seconds(900))
        _ = queue.end(paused, refusal, now: start, random: 0.5)
        check(queue.next(now: start) == nil)
        queue.beginAnew(now: start)
        // What the old one answers now is the event's own affair.
        _ = queue.end(late, refusal, now: start, random: 0.5)
        let next = try required(queue.next(now: start))
        #expect(next.number == 2)
        check(queue.next(now: start) != nil)
    }

    @Test func `what is left when it stops is given back, as is what was cut off`() throws {
        var queue = filled(3, concurrency: 2)
        let failed = try required(queue.next(now: start))
        _ = queue.end(failed, .answered(status: 500), now: start, random: 0.5)
        let cutOff = try required(queue.next(now: start))
        queue.takeBack(cutOff)
        check(Set(queue.removeAll().map(\.sequence)) == [1, 2, 3])
        #expect(queue.count == 0)
        #expect(queue.underWayCount == 0)
    }

    @Test func `each source has the delivery of its first route to the sink`() {
        var settings = sampleSettings([SinkSettings(name: "a", target: .discard)])
        settings.sources.append(
            SourceSettings(name: "other", webhook: WebhookSettings(listeners: [])))
        settings.routes[0].delivery.retry = 1
        var second = RouteSettings(name: "second", sources: [0, 1], sinks: [0])
        second.delivery.retry = 2
        settings.routes.append(second)
        let policies = RetryPolicies(sink: 0, in: settings)
        #expect(policies["hooks"].settings.retry == 1)
        #expect(policies["other"].settings.retry == 2)
        #expect(policies["removed"].settings.retry == 1)
    }

    // MARK: - Helpers

    private func queue(
        sink: Int = 0, events: Int = 1_000, bytes: Int = 1 << 20, concurrency: Int = 32,
        canRead: Bool = true, _ change: (inout DeliverySettings) -> Void = { _ in }
    ) -> SinkQueue {
        let sinks = ["a", "b"].map { SinkSettings(name: $0, target: .discard) }
        let limits = SinkQueue.Limits(
            events: events, bytes: bytes, concurrency: concurrency, canRead: canRead)
        let policies = RetryPolicies(sink: sink, in: sampleSettings(sinks, change))
        return SinkQueue(sink: sink, limits: limits, policies: policies)
    }

    private func live(_ queue: SinkQueue) -> SinkQueue {
        var queue = queue
        queue.didAskForPage()
        queue.take(page: [], through: 0, isLast: true)
        return queue
    }

    private func filled(
        _ count: Int, concurrency: Int, _ change: (inout DeliverySettings) -> Void = { _ in }
    ) -> SinkQueue {
        var queue = live(queue(concurrency: concurrency, change))
        _ = queue.take((1...count).map { stored(SequenceNumber($0)) }, after: 0)
        return queue
    }

    private func deliver(_ queue: inout SinkQueue) throws {
        let attempt = try required(queue.next(now: start))
        let verdict = queue.end(attempt, .answered(status: 202), now: start, random: 0.5)
        #expect(verdict == .delivered)
    }

    /// Delivers all that waits; the numbers in the order of delivery.
    private func sequences(_ queue: inout SinkQueue) -> [SequenceNumber] {
        var sequences: [SequenceNumber] = []
        while let attempt = queue.next(now: start) {
            sequences.append(attempt.stored.sequence)
            _ = queue.end(attempt, .answered(status: 202), now: start, random: 0.5)
        }
        return sequences
    }
}
