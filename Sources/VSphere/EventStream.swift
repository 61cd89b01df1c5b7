internal import CloudEvents

/// Decides what to ask of a vCenter next, so that each event is read once and none is missed.
///
/// History is read up by pages, from a collector that begins where the checkpoint says. Then the
/// latest page of that collector is watched: vCenter sends it as soon as something happens. Now
/// and then the last event that vCenter itself knows of is looked at: if it isn't among those that
/// were read, and isn't soon, events are asked for by time and the collector is made anew; where
/// that doesn't help, they are asked for by time from then on.
///
/// A call in, an answer or a failure back: there is one call under way at a time.
struct EventStream: Sendable {
    enum Step: Equatable, Sendable {
        case call(VCenterCall)
        case wait(until: ContinuousClock.Instant)
    }

    enum Phase: Equatable, Sendable {
        /// The server's time is asked for.
        case starting
        case droppingFilter(String)
        case dropping(collector: String)
        case creating
        case sizing(collector: String)
        case reading(collector: String)
        case filtering(collector: String)
        case watching(version: String)
        case querying(QueryWindow)
    }

    struct Limits: Sendable {
        /// Events of a page that is read up.
        var pageEvents = 1_000
        /// Events of the latest page.
        var latestEvents = 100
        /// How long one wait for an update takes at most.
        var waitSeconds = 20
        var checkInterval = Duration.seconds(30)
        /// How long an event may be withheld.
        var patience = Duration.seconds(5)
        /// How soon a wait may end with nothing new before the next is put off as long.
        var shortWait = Duration.milliseconds(100)
        /// Between two questions by time.
        var pollInterval = Duration.milliseconds(500)
        /// How long questions by time replace a collector that is of no use.
        var pollingSpan = Duration.seconds(600)
        /// Stalls within a span like that, until a collector is of no use.
        var stalls = 3
        /// Pages in a row that may hold nothing new.
        var fruitlessPages = 500
    }

    var phase = Phase.starting
    var seen: SeenEvents?
    var findings: [Finding] = []
    let limits: Limits
    private let replay: Duration

    /// The server's time, and when it was so.
    var clock: (time: Timestamp, at: ContinuousClock.Instant)?
    private var collector: String?
    private var filter: String?
    var version = ""
    private var pageBefore: [SeenEvents.Identity] = []
    private var fruitlessPages = 0
    /// When the wait that is under way was asked for.
    private var waitBegan: ContinuousClock.Instant?
    private var pausesUntil: ContinuousClock.Instant?
    /// Events that must be met again, unless vCenter lost them.
    private var overlap: Set<SeenEvents.Identity> = []
    var nextCheck: ContinuousClock.Instant?
    /// An event that vCenter knows of and that wasn't read yet.
    var suspect: SeenEvents.Identity?
    var suspectDue: ContinuousClock.Instant?
    var stalls: [ContinuousClock.Instant] = []
    var pollsUntil: ContinuousClock.Instant?
    var nextPoll: ContinuousClock.Instant?
    /// The query was made because something is amiss, not by the way.
    var isRepairing = false
    /// Events that only a query showed.
    var withheldCount = 0

    /// Events may come late by so much; what was read already is passed over.
    static let lateness = Duration.seconds(300)

    init(_ checkpoint: Checkpoint?, replay: Duration, limits: Limits = Limits()) {
        seen = checkpoint?.seen
        self.replay = replay
        self.limits = limits
    }

    /// Where to begin after a restart, with all events that were accepted.
    var checkpoint: Checkpoint? { seen.map { Checkpoint($0) } }

    /// Takes the findings since the last time.
    mutating func takeFindings() -> [Finding] {
        defer { findings = [] }
        return findings
    }

    mutating func step(now: ContinuousClock.Instant) -> Step {
        if pollsUntil != nil { leavePolling(now) }
        switch phase {
        case .starting: return .call(.currentTime)
        case .droppingFilter(let filter): return .call(.destroyFilter(filter))
        case .dropping(let collector): return .call(.destroyCollector(collector))
        case .creating: return .call(.createCollector(since: beginning(now)))
        case .sizing(let collector):
            return .call(.setPageSize(collector: collector, limits.latestEvents))
        case .reading(let collector):
            return .call(.readNext(collector: collector, limit: limits.pageEvents))
        case .filtering(let collector): return .call(.createFilter(collector: collector))
        case .watching(let version):
            let check = suspectDue ?? nextCheck ?? now
            guard check > now else { return .call(.latestEvent) }
            if let pausesUntil, now < pausesUntil { return .wait(until: pausesUntil) }
            waitBegan = now
            let seconds = Int((check - now).components.seconds) + 1
            return .call(
                .waitForUpdates(version: version, seconds: min(seconds, limits.waitSeconds)))
        case .querying(let window):
            if let nextPoll, now < nextPoll { return .wait(until: nextPoll) }
            return .call(
                .query(since: window.since, until: window.until, limit: limits.pageEvents))
        }
    }

    /// Takes an answer to the call that ``step(now:)`` gave.
    ///
    /// - Returns: the places of the new events in the answer, in the order they happened.
    mutating func received(
        _ call: VCenterCall, _ answer: VCenterAnswer, now: ContinuousClock.Instant
    ) -> [Int] {
        switch (call, answer) {
        case (.currentTime, .time(let time)): start(time, now)
        case (.destroyFilter, _), (.destroyCollector, _): drop()
        case (.createCollector(let since), .object(let collector)): begin(collector, since)
        case (.readNext, .events(let events)): return read(events.map(\.identity), now)
        case (.setPageSize(let collector, _), _): phase = .filtering(collector: collector)
        case (.createFilter, .object(let filter)):
            self.filter = filter
            watch("", now)
        case (.waitForUpdates, .updates(let version, let events)):
            let isFirst = self.version.isEmpty
            let accepted = update(version, events.map(\.identity), now)
            if accepted.isEmpty, !isFirst { pauseIfShort(now) }
            return accepted
        case (.waitForUpdates, _): pauseIfShort(now)
        case (.latestEvent, .events(let events)): check(events.last?.identity, now)
        case (.query, .events(let events)): return queried(events.map(\.identity), now)
        default: break
        }
        return []
    }

    /// The session ended, and the collector with it.
    mutating func lostSession() {
        (collector, filter, version) = (nil, nil, "")
        (isRepairing, withheldCount) = (false, 0)
        if pollsUntil == nil { phase = .starting }
    }

    /// Takes the failure of a call that ``step(now:)`` gave; the session's matters aren't told.
    mutating func failed(
        _ call: VCenterCall, _ failure: VCenterFailure, now: ContinuousClock.Instant
    ) {
        switch (call, failure) {
        case (.destroyFilter, _), (.destroyCollector, _): drop()
        case (.query, .unreadable): narrow(orPass: .unreadable, now)
        case (.latestEvent, _):
            nextCheck = now + limits.checkInterval
            repair(since: beginning(now))
        case (.readNext, .unreadable), (.waitForUpdates, .unreadable):
            // The cursor has moved past what can't be read; by time it can be asked for in parts.
            poll(now)
        case (_, .fault):
            // Whatever it was, what was made for this stream is of no use any more.
            if phase != .starting, phase != .creating { rebuild() }
        case (.readNext, _):
            // The server may have moved its cursor for a response that never came.
            rebuild()
        default: break
        }
    }
}

// MARK: - Beginning and rebuilding

extension EventStream {
    private mutating func start(_ time: Timestamp, _ now: ContinuousClock.Instant) {
        let isFirst = clock == nil
        clock = (time, now)
        phase = .creating
        guard let last = seen else { return seen = SeenEvents(since: time) }
        let oldest = time.moved(by: .zero - replay)
        guard isFirst, last.since < oldest else { return }
        findings.append(.replayCut)
        seen = SeenEvents(since: oldest, lastKey: last.lastKey, keysSince: last.keysSince)
    }

    private mutating func begin(_ collector: String, _ since: Timestamp) {
        self.collector = collector
        pageBefore = []
        fruitlessPages = 0
        let recent = seen?.recent ?? []
        overlap = Set(recent.filter { $0.microseconds > since.microseconds })
        phase = .reading(collector: collector)
    }

    /// From when on events are asked for: some from before, because events can come late.
    func beginning(_ now: ContinuousClock.Instant) -> Timestamp {
        guard let seen else { return serverTime(now) }
        return min(seen.since, serverTime(now)).moved(by: .zero - Self.lateness)
    }

    func serverTime(_ now: ContinuousClock.Instant) -> Timestamp {
        guard let clock else { return Timestamp(seconds: 0) }
        return clock.time.moved(by: now - clock.at)
    }

    mutating func rebuild() {
        findings.append(.rebuilt)
        version = ""
        drop()
    }

    /// Lets go of what was made in the session, one after the other, and begins anew.
    private mutating func drop() {
        if let filter {
            phase = .droppingFilter(filter)
            self.filter = nil
        } else if let collector {
            phase = .dropping(collector: collector)
            self.collector = nil
        } else {
            phase = .starting
        }
    }

    /// Events are asked for by time for a while.
    mutating func poll(_ now: ContinuousClock.Instant) {
        pollsUntil = now + limits.pollingSpan
        nextPoll = nil
        query(since: beginning(now))
    }

    private mutating func leavePolling(_ now: ContinuousClock.Instant) {
        guard let pollsUntil, pollsUntil <= now else { return }
        self.pollsUntil = nil
        nextPoll = nil
        stalls = []
        rebuild()
    }
}

// MARK: - Reading

extension EventStream {
    private mutating func read(
        _ page: [SeenEvents.Identity], _ now: ContinuousClock.Instant
    ) -> [Int] {
        guard let collector else { return [] }
        let isRepeated = !page.isEmpty && page == pageBefore
        let accepted = accept(page, now)
        fruitlessPages = accepted.isEmpty ? fruitlessPages + 1 : 0
        guard page.isEmpty || isRepeated || fruitlessPages >= limits.fruitlessPages else {
            pageBefore = page
            return accepted
        }
        if !page.isEmpty { findings.append(.repeatedPage) }
        if !overlap.isEmpty, !pageBefore.isEmpty {
            findings.append(.historyLost)
        }
        overlap = []
        // Whatever the collector showed, what vCenter has is looked at at once.
        nextCheck = now
        phase = version.isEmpty ? .sizing(collector: collector) : .watching(version: version)
        return accepted
    }

    /// A server that doesn't let us wait isn't asked without end.
    private mutating func pauseIfShort(_ now: ContinuousClock.Instant) {
        guard let waitBegan, now - waitBegan < limits.shortWait else { return }
        pausesUntil = now + limits.shortWait
    }

    private mutating func watch(_ version: String, _ now: ContinuousClock.Instant) {
        self.version = version
        phase = .watching(version: version)
    }

    private mutating func update(
        _ version: String, _ page: [SeenEvents.Identity], _ now: ContinuousClock.Instant
    ) -> [Int] {
        guard let seen, let collector else { return [] }
        let isFirst = self.version.isEmpty
        watch(version, now)
        let isWholeNew =
            page.count >= limits.latestEvents && page.allSatisfy { seen.isNew($0) }
        guard isWholeNew, !isFirst || seen.lastKey != nil else { return accept(page, now) }
        // There may be others between these and those that were read.
        findings.append(.overrun)
        suspect = page.max { $0.microseconds < $1.microseconds }
        suspectDue = now
        phase = .reading(collector: collector)
        return []
    }

    /// Takes what is new, in the order of its keys.
    mutating func accept(
        _ page: [SeenEvents.Identity], _ now: ContinuousClock.Instant
    ) -> [Int] {
        guard var seen else { return [] }
        if !overlap.isEmpty, page.contains(where: overlap.contains) { overlap = [] }
        let anchor = seen.lastKey ?? page.first?.key ?? 0
        var accepted: [Int] = []
        let order = page.indices.sorted { page[$0].key &- anchor < page[$1].key &- anchor }
        for place in order where seen.isNew(page[place]) {
            note(page[place], seen)
            seen.insert(page[place])
            accepted.append(place)
        }
        seen.forget(now: serverTime(now))
        self.seen = seen
        return accepted
    }

    private mutating func note(_ event: SeenEvents.Identity, _ seen: SeenEvents) {
        guard let lastKey = seen.lastKey else { return }
        if event.microseconds < seen.since.microseconds { add(.late) }
        if seen.isAfterLastKey(event.key), event.key < lastKey { add(.keysWrapped) }
        if seen.isRestart(event) { add(.keysRestarted) }
    }

    /// What a whole page has is told once.
    private mutating func add(_ finding: Finding) {
        if !findings.contains(finding) { findings.append(finding) }
    }
}
