internal import CloudEvents
internal import Journal

/// Decides for one sink which event is sent when, and when more are to be read from the journal.
///
/// Pure: its driver tells it the time, and what the journal and the sink said.
///
/// The queue holds every event of its sink up to `position` that isn't settled: waiting, under
/// way, or waiting to be sent again. All count against the limits, so memory is bounded. While it
/// is *live* it takes announced events as they come. When there is no room, or the journal left
/// events out, it *lags*: announcements are ignored, and pages after `position` are asked for as
/// soon as there is room, until one is the last. It begins that way, at 0, which is how the events
/// of an earlier process come in.
///
/// A journal in memory has nothing to read. The queue is always live then, and what it has no room
/// for is refused.
struct SinkQueue {
    /// An event that is to be sent, or to be sent again.
    struct Attempt {
        /// What to deliver.
        var stored: StoredEvent
        /// How often it was sent, this attempt included.
        var number: Int
        /// The round of the ``SendWindow`` in which it's sent.
        var round = 0
    }

    /// The most that the queue takes, inclusive.
    struct Limits {
        var events: Int
        var bytes: Int
        var concurrency: Int
        /// Whether events that there is no room for can be read later.
        var canRead = true
    }

    /// What a page is asked for at most; larger ones only add to the wait of others.
    static let pageEventsLimit = 64

    /// How many attempts are under way.
    private(set) var underWayCount = 0
    /// How many events it holds.
    private(set) var count = 0

    private let sink: Int
    private let limits: Limits
    private let policies: RetryPolicies
    private var position: SequenceNumber = 0
    private var isLive: Bool
    private var isReading = false
    private var bytes = 0
    private var fresh = Line<Attempt>()
    private var retries = Line<(time: ContinuousClock.Instant, attempt: Attempt)>()
    private var window: SendWindow
    private var pauseEnd: ContinuousClock.Instant?
    /// Attempts of earlier rounds went to where the sink was before.
    private var firstRound = 0

    /// An empty queue, behind the journal.
    init(sink: Int, limits: Limits, policies: RetryPolicies) {
        self.sink = sink
        self.limits = limits
        self.policies = policies
        window = SendWindow(limit: limits.concurrency)
        isLive = !limits.canRead
    }
}

// MARK: - From the journal

extension SinkQueue {
    /// Takes those announced events that are the sink's.
    ///
    /// - Returns: those that are refused for good.
    mutating func take(_ events: [StoredEvent], after: SequenceNumber) -> [StoredEvent] {
        if after > position, limits.canRead { isLive = false }
        guard isLive else { return [] }
        var refused: [StoredEvent] = []
        for stored in events where stored.sequence > position {
            if stored.sinks.contains(SinkSet(sink: sink)), !push(stored) {
                guard !limits.canRead else {
                    isLive = false
                    return []
                }
                refused.append(stored)
            }
            position = stored.sequence
        }
        return refused
    }

    /// Takes a page that was asked for.
    mutating func take(page: [StoredEvent], through: SequenceNumber, isLast: Bool) {
        isReading = false
        for stored in page where stored.sequence > position {
            guard push(stored) else { return }
            position = stored.sequence
        }
        position = max(position, through)
        isLive = isLast
    }

    /// The page to ask for now, if any; ``didAskForPage()`` follows if that was possible.
    var wantedPage: (after: SequenceNumber, limit: Int)? {
        let room = limits.events - count
        let limit = min(Self.pageEventsLimit, (limits.events + 1) / 2)
        guard !isLive, !isReading, room >= limit, bytes <= limits.bytes / 2 else { return nil }
        return (position, limit)
    }

    /// No other page is wanted until this one came.
    mutating func didAskForPage() { isReading = true }

    private mutating func push(_ stored: StoredEvent) -> Bool {
        let size = Self.bytes(of: stored)
        // One event that is larger than the limit must get through all the same.
        guard count < limits.events, count == 0 || bytes + size <= limits.bytes
        else { return false }
        count += 1
        bytes += size
        fresh.append(Attempt(stored: stored, number: 1))
        return true
    }

    private static func bytes(of stored: StoredEvent) -> Int { stored.event.octets.count + 64 }
}

// MARK: - To the sink

extension SinkQueue {
    /// The next attempt, if one may begin now.
    ///
    /// Events that were tried before go first, being older. Not so while the sink is down: then
    /// each probe is another event's, so that none uses up its attempts.
    mutating func next(now: ContinuousClock.Instant) -> Attempt? {
        guard underWayCount < window.size else { return nil }
        if let pauseEnd, now < pauseEnd { return nil }
        let isDue = retries.first.map { $0.time <= now } ?? false
        let isFreshNext = !isDue || window.isProbing && !fresh.isEmpty
        guard
            var attempt = isFreshNext ? fresh.popFirst() : retries.popFirst()?.attempt
        else { return nil }
        attempt.round = window.round
        underWayCount += 1
        return attempt
    }

    /// When ``next(now:)`` is to be asked again though nothing else happens.
    var wakeTime: ContinuousClock.Instant? {
        guard underWayCount < window.size else { return nil }
        guard fresh.isEmpty else { return pauseEnd }
        guard let retry = retries.first?.time else { return nil }
        return max(retry, pauseEnd ?? retry)
    }

    /// Ends an attempt; what is neither delivered nor given up waits for the next.
    mutating func end(
        _ attempt: Attempt, _ result: DeliveryResult, now: ContinuousClock.Instant,
        random: @autoclosure () -> Double
    ) -> RetryPolicy.Verdict {
        underWayCount -= 1
        let policy = policies[attempt.stored.origin]
        adapt(to: result, of: attempt, by: policy, now, random())
        let verdict = policy.verdict(on: result, attempts: attempt.number, random: random())
        if case .retry(let wait) = verdict {
            var next = attempt
            next.number += 1
            retries.insert((now + wait, next)) { $0.time < $1.time }
        } else {
            count -= 1
            bytes -= Self.bytes(of: attempt.stored)
        }
        return verdict
    }

    /// The sink is elsewhere from now on: nothing waits for what the one before it did.
    mutating func beginAnew(now: ContinuousClock.Instant) {
        pauseEnd = nil
        window.beginAnew()
        firstRound = window.round
        for retry in retries.removeAll() { retries.append((min(retry.time, now), retry.attempt)) }
    }

    /// Takes back an attempt that was given up before it had a result.
    mutating func takeBack(_ attempt: Attempt) {
        underWayCount -= 1
        fresh.append(attempt)
    }

    /// Empties the queue of all that isn't under way.
    mutating func removeAll() -> [StoredEvent] {
        let events = (fresh.removeAll() + retries.removeAll().map(\.attempt)).map(\.stored)
        count -= events.count
        bytes -= events.reduce(0) { $0 + Self.bytes(of: $1) }
        return events
    }

    private mutating func adapt(
        to result: DeliveryResult, of attempt: Attempt, by policy: RetryPolicy,
        _ now: ContinuousClock.Instant, _ random: @autoclosure () -> Double
    ) {
        guard attempt.round >= firstRound else { return }
        switch result {
        case .answered(429, _, _), .answered(503, _, _):
            window.slowedDown(round: attempt.round)
            // The sink wants nothing of any event so long, whichever was answered.
            pause(until: now + policy.pause(after: result))
        case .taken, .answered:
            window.answered()
        case .unanswered:
            guard window.unanswered(round: attempt.round), window.isProbing else { return }
            let probe = window.silences - SendWindow.silencesLimit + 1
            pause(until: now + policy.backoff(retry: probe, random: random()))
        }
    }

    private mutating func pause(until time: ContinuousClock.Instant) {
        pauseEnd = max(time, pauseEnd ?? time)
    }
}
