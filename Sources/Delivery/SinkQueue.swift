internal import CloudEvents
internal import Configuration
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
///
/// An event that may have ended the process is sent alone, so that no other is suspected with it.
///
/// A sink that answers 410 is gone: the queue is *disabled*, nothing is sent from it, and its
/// driver gives up what comes in.
struct SinkQueue {
    /// An event that is to be sent, or to be sent again; several, where the sink takes batches.
    struct Attempt {
        /// What to deliver.
        var stored: StoredEvent
        /// What goes with it in the same request.
        var others: [StoredEvent] = []
        /// How often it was sent, this attempt included.
        var number: Int
        /// The round of the ``SendWindow`` in which it's sent.
        var round = 0

        /// All that goes in the request.
        var events: [StoredEvent] { [stored] + others }

        /// The same one by one, without making a list for the one that it nearly always is.
        func forEachEvent(_ body: (StoredEvent) -> Void) {
            body(stored)
            for other in others { body(other) }
        }
    }

    /// The most that the queue takes, inclusive.
    struct Limits {
        var events: Int
        var bytes: Int
        var concurrency: Int
        /// Whether events that there is no room for can be read later.
        var canRead = true
        /// How many retries go beside the first attempts.
        var retryBudget = RetryBudgetSettings()
        /// The attribute whose events keep their order, value by value.
        var ordering: String?
        /// How many events go in one request; one where it's nil.
        var batch: BatchSettings?
    }

    /// What a page is asked for at most; larger ones only add to the wait of others.
    static let pageEventsLimit = 64

    /// How many attempts are under way.
    private(set) var underWayCount = 0
    /// How many events it holds.
    private(set) var count = 0
    /// Nothing is sent any more.
    private(set) var isDisabled = false

    private let sink: Int
    private let limits: Limits
    private let policies: RetryPolicies
    private let inHand: InHand?
    private var position: SequenceNumber = 0
    private var isLive: Bool
    private var isReading = false
    private var bytes = 0
    private var fresh = Line<Attempt>()
    private var retries = Line<(time: ContinuousClock.Instant, attempt: Attempt)>()
    private var window: SendWindow
    private var pauseEnd: ContinuousClock.Instant?
    private var budget: RetryBudget
    /// Set while a retry waits for nothing but the budget.
    private var budgetTime: ContinuousClock.Instant?
    private var lanes: Lanes?
    /// Attempts of earlier rounds went to where the sink was before.
    private var firstRound = 0

    /// An empty queue, behind the journal.
    init(sink: Int, limits: Limits, policies: RetryPolicies, inHand: InHand? = nil) {
        self.sink = sink
        self.inHand = inHand
        self.limits = limits
        self.policies = policies
        window = SendWindow(limit: limits.concurrency)
        budget = RetryBudget(limits.retryBudget)
        lanes = limits.ordering.map { Lanes(attribute: $0) }
        isLive = !limits.canRead
    }

    /// Sends again, if the sink was gone.
    mutating func enable() { isDisabled = false }
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
        if isFirstOfLane(stored) { fresh.append(Attempt(stored: stored, number: 1)) }
        return true
    }

    private mutating func isFirstOfLane(_ stored: StoredEvent) -> Bool {
        guard lanes != nil else { return true }
        inHand?.take(stored.sequence)
        defer { inHand?.putDown() }
        return lanes?.enter(stored) ?? true
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
        guard !isDisabled, underWayCount < window.size else { return nil }
        if let pauseEnd, now < pauseEnd { return nil }
        guard var attempt = nextRetry(now) ?? nextFresh(now) else { return nil }
        attempt.round = window.round
        underWayCount += 1
        return attempt
    }

    private mutating func nextRetry(_ now: ContinuousClock.Instant) -> Attempt? {
        budgetTime = nil
        guard let retry = retries.first, retry.time <= now,
            !window.isProbing || fresh.isEmpty
        else { return nil }
        if !window.isProbing {
            budgetTime = budget.readyTime(now: now)
            guard budgetTime == nil else { return nil }
            budget.spend(now: now)
        }
        return retries.popFirst()?.attempt
    }

    private mutating func nextFresh(_ now: ContinuousClock.Instant) -> Attempt? {
        guard var attempt = fresh.popFirst() else { return nil }
        guard attempt.number == 1 else { return attempt }
        budget.add(now: now)
        guard let batch = limits.batch, !isSuspect(attempt.stored) else { return attempt }
        // It has others already if it was taken back.
        var bytes = attempt.events.reduce(0) { $0 + Self.bytes(of: $1) }
        while attempt.others.count + 1 < batch.events, let other = fresh.first,
            other.number == 1, other.others.isEmpty,
            other.stored.origin == attempt.stored.origin, !isSuspect(other.stored)
        {
            bytes += Self.bytes(of: other.stored)
            guard bytes <= batch.bytes else { break }
            attempt.others.append(other.stored)
            _ = fresh.popFirst()
        }
        return attempt
    }

    private func isSuspect(_ stored: StoredEvent) -> Bool {
        inHand?.isSuspect(stored.sequence) ?? false
    }

    /// When ``next(now:)`` is to be asked again though nothing else happens.
    var wakeTime: ContinuousClock.Instant? {
        guard !isDisabled, underWayCount < window.size else { return nil }
        guard fresh.isEmpty else { return pauseEnd }
        guard let retry = retries.first?.time else { return nil }
        return [retry, pauseEnd, budgetTime].compactMap { $0 }.max()
    }

    /// Ends an attempt; what is neither delivered nor given up waits for the next.
    ///
    /// - Parameter age: how long ago its event was taken in.
    mutating func end(
        _ attempt: Attempt, _ result: DeliveryResult, age: Duration = .zero,
        now: ContinuousClock.Instant, random: @autoclosure () -> Double
    ) -> RetryPolicy.Verdict {
        underWayCount -= 1
        let policy = policies[attempt.stored.origin]
        adapt(to: result, of: attempt, by: policy, now, random())
        let verdict = policy.verdict(
            on: result, attempts: attempt.number, age: age, random: random())
        switch verdict {
        case .retry(let wait):
            var next = attempt
            next.number += 1
            retries.insert((now + wait, next)) { $0.time < $1.time }
        case .deadLetter where isWorthSplitting(attempt, result):
            for stored in attempt.events {
                putFirst(Attempt(stored: stored, number: attempt.number + 1))
            }
            return .retryOneByOne
        case .delivered, .deadLetter, .retryOneByOne:
            attempt.forEachEvent { didSettle($0) }
        }
        return verdict
    }

    /// The sink is elsewhere from now on: nothing waits for what the one before it did.
    mutating func beginAnew(now: ContinuousClock.Instant) {
        (pauseEnd, isDisabled) = (nil, false)
        window.beginAnew()
        firstRound = window.round
        for retry in retries.removeAll() { retries.append((min(retry.time, now), retry.attempt)) }
    }

    /// Takes back an attempt that was given up before it had a result, or that doesn't count.
    mutating func takeBack(_ attempt: Attempt) {
        underWayCount -= 1
        putFirst(attempt)
    }

    /// Empties the queue of all that isn't under way.
    mutating func removeAll() -> [StoredEvent] {
        let held = lanes?.removeWaiting() ?? []
        for stored in held { forget(stored) }
        let attempts = fresh.removeAll() + retries.removeAll().map(\.attempt)
        let events = attempts.flatMap(\.events)
        for stored in events { didSettle(stored) }
        return (held + events).sorted { $0.sequence < $1.sequence }
    }

    /// A refusal by a status of 4xx may be that of one event only.
    private func isWorthSplitting(_ attempt: Attempt, _ result: DeliveryResult) -> Bool {
        !attempt.others.isEmpty && !isDisabled && (result.status.map { 400...499 ~= $0 } ?? false)
    }

    private mutating func putFirst(_ attempt: Attempt) {
        fresh.insert(attempt) { $0.stored.sequence < $1.stored.sequence }
    }

    private mutating func forget(_ stored: StoredEvent) {
        count -= 1
        bytes -= Self.bytes(of: stored)
    }

    private mutating func didSettle(_ stored: StoredEvent) {
        forget(stored)
        guard lanes != nil else { return }
        inHand?.take(stored.sequence)
        defer { inHand?.putDown() }
        if let next = lanes?.leave(stored) { putFirst(Attempt(stored: next, number: 1)) }
    }

    private mutating func adapt(
        to result: DeliveryResult, of attempt: Attempt, by policy: RetryPolicy,
        _ now: ContinuousClock.Instant, _ random: @autoclosure () -> Double
    ) {
        guard attempt.round >= firstRound else { return }
        var isNews = false
        switch result {
        case .answered(429, _, _), .answered(503, _, _):
            isNews = window.slowedDown(round: attempt.round)
            // The sink wants nothing of any event so long, whichever was answered.
            pause(until: now + policy.pause(after: result))
        case .answered(500..., _, _): isNews = window.failed(round: attempt.round)
        case .taken, .answered: window.answered()
        case .unanswered: isNews = window.unanswered(round: attempt.round)
        }
        if policy.isRetirement(result) { isDisabled = true }
        guard isNews, window.isProbing else { return }
        let probe = window.silences - SendWindow.silencesLimit + 1
        pause(until: now + policy.backoff(retry: probe, random: random()))
    }

    private mutating func pause(until time: ContinuousClock.Instant) {
        pauseEnd = max(time, pauseEnd ?? time)
    }
}
