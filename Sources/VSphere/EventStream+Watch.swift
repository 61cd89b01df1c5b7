internal import CloudEvents

// How the stream sees to it that its collector shows everything.
extension EventStream {
    /// Compares the last event that vCenter knows of with those that were read.
    mutating func check(
        _ latest: SeenEvents.Identity?, _ now: ContinuousClock.Instant
    ) {
        nextCheck = now + limits.checkInterval
        phase = .watching(version: version)
        guard let seen else { return }
        // Simulators don't tell.
        guard let latest else { return repair(since: beginning(now)) }
        if let suspect, !seen.contains(suspect), seen.isNew(suspect) {
            self.suspect = nil
            suspectDue = nil
            // Where the clock was set back, that was since the last look.
            let time = Timestamp(microseconds: suspect.microseconds).moved(by: .seconds(-120))
            return repair(since: min(beginning(now), time))
        }
        suspect = seen.isNew(latest) ? latest : nil
        suspectDue = suspect.map { _ in now + limits.patience }
        guard suspect == nil else { return }
        // All that vCenter has was read, so the quiet itself needn't be read again.
        complete(now)
    }

    private mutating func complete(_ now: ContinuousClock.Instant) {
        let time = serverTime(now)
        seen?.completed(until: time)
    }

    mutating func repair(since: Timestamp) {
        isRepairing = true
        query(since: since)
    }

    mutating func query(since: Timestamp) {
        phase = .querying(QueryWindow(since: since))
    }

    mutating func queried(
        _ page: [SeenEvents.Identity], _ now: ContinuousClock.Instant
    ) -> [Int] {
        guard case .querying(var window) = phase else { return [] }
        if page.count >= limits.pageEvents {
            // As many as may be asked for: those that were cut off could be any of them.
            if window.narrow(before: serverTime(now)) {
                phase = .querying(window)
                return []
            }
            findings.append(.crowded)
        }
        let accepted = accept(page, now)
        // What happened just now, a sound collector would have shown in a moment.
        let due = serverTime(now).moved(by: .zero - limits.patience).microseconds
        withheldCount += accepted.count { page[$0].microseconds < due }
        advance(window, now)
        return accepted
    }

    mutating func narrow(orPass finding: Finding, _ now: ContinuousClock.Instant) {
        guard case .querying(var window) = phase else { return }
        if window.narrow(before: serverTime(now)) {
            phase = .querying(window)
            return
        }
        findings.append(finding)
        advance(window, now)
    }

    private mutating func advance(_ window: QueryWindow, _ now: ContinuousClock.Instant) {
        var window = window
        if window.advance() { return phase = .querying(window) }
        defer { withheldCount = 0 }
        if pollsUntil != nil {
            nextPoll = now + limits.pollInterval
            return query(since: beginning(now))
        }
        guard isRepairing, withheldCount > 0 else {
            // What isn't found in this way either, isn't for us to see.
            isRepairing = false
            complete(now)
            phase = .watching(version: version)
            return
        }
        isRepairing = false
        findings.append(.stalled)
        stalls = stalls.filter { now - $0 < limits.pollingSpan } + [now]
        if stalls.count >= limits.stalls { poll(now) } else { rebuild() }
    }
}
