internal import Logging

/// A leader's pages are committed in two steps, and the Lease stands between: a page is prepared,
/// the Lease tells of it, and then its events become rows like all others.
extension JournalWriter {
    /// What became of the submissions of one transaction, by their places in the group.
    struct GroupOutcome {
        var stored: [StoredEvent] = []
        /// Those that a later term forbids.
        var outdated: Set<Int> = []
        /// Those that wait for the Lease now.
        var prepared: [Int: PreparedPage] = [:]
    }

    /// Finds out what was left in preparation when the journal was closed.
    func findPages(in store: JournalStore) throws(DatabaseError) {
        let findings = try PreparedPages.read(from: store.database)
        report(corrupt: findings.corruptEvents)
        for content in findings.contents {
            pages.prepared[content.page.source] = content.page
            logger.notice(
                "events are in preparation; the lease decides whether they count",
                metadata: details(of: content.page))
        }
    }

    /// Stores a submission of a leader's, or prepares it where it has events, in a transaction.
    func store(
        _ submission: Submission, _ fence: Fence, at place: Int, in store: JournalStore,
        now: Int64, into outcome: inout GroupOutcome
    ) throws(DatabaseError) {
        let (source, term) = (submission.origin, fence.checkpointTerm)
        // A page that isn't decided on keeps its place; the next term begins with a decision.
        guard pages.prepared[source] == nil,
            try Terms.permits(term, of: source, in: store.database)
        else {
            outcome.outdated.insert(place)
            return
        }
        guard let checkpoint = submission.checkpoint, !submission.items.isEmpty else {
            _ = try Terms.claim(term, of: source, in: store.database)
            return try self.store(submission, in: store, now: now, into: &outcome.stored)
        }
        var page = PreparedPage(
            source: source, term: term,
            number: pages.lastNumber(of: source, in: term) + 1,
            eventsCount: submission.items.count)
        page.bytes = submission.bytes
        let events = submission.items.map {
            (pending: store.sinks.pending($0.sinks), event: $0.event)
        }
        try PreparedPages.save(
            PreparedPages.Content(page: page, checkpoint: checkpoint, events: events),
            in: store.database)
        outcome.prepared[place] = page
    }

    /// Has those told what a transaction has reached, when it's on disk.
    func tell(_ group: ArraySlice<Submission>, _ outcome: GroupOutcome) {
        for (place, submission) in zip(group.indices, group) {
            guard let fence = submission.fence, let checkpoint = submission.checkpoint,
                !outcome.outdated.contains(place)
            else { continue }
            if let page = outcome.prepared[place] { pages.prepared(page, for: submission) }
            let term = fence.checkpointTerm
            fence.reached(
                SourceProgress(
                    source: submission.origin, checkpoint: checkpoint, term: term,
                    page: pages.lastNumber(of: submission.origin, in: term)))
        }
    }

    /// Does with pages what was decided on them; tried again each turn until it's done.
    func decidePages(in store: JournalStore) {
        guard !hasFailed else { return }
        for page in pages.prepared.values.sorted(by: { $0.source < $1.source }) {
            let fate = pages.fate(of: page)
            do throws(DatabaseError) {
                switch fate {
                case .undecided: continue
                case .void: try drop(page, in: store)
                case .committed, .unknown: try move(page, fate, in: store)
                }
            } catch {
                block(error)
                break
            }
        }
        refuse(pages.takeOutdated()[...], .notLeading)
        answerQuestions(from: store)
    }

    private func drop(_ page: PreparedPage, in store: JournalStore) throws(DatabaseError) {
        try store.transaction { () throws(DatabaseError) in
            try PreparedPages.delete(of: page.source, in: store.database)
        }
        logger.notice(
            "events in preparation are let go and read again: the lease doesn't tell of them",
            metadata: details(of: page))
        refuse([pages.ended(page)].compactMap(\.self)[...], .notLeading)
    }

    /// Makes rows of a page.
    ///
    /// What it takes was admitted when it was prepared, so that only the disk can keep it from
    /// that. No ids are remembered of what leaders read, so none are asked for.
    private func move(
        _ page: PreparedPage, _ fate: LeaseRecord.Fate, in store: JournalStore
    ) throws(DatabaseError) {
        let began = ContinuousClock.now
        let findings = try PreparedPages.read(of: page.source, from: store.database)
        guard let content = findings.contents.first else {
            report(corrupt: max(1, findings.corruptEvents))
            // Where its source still has it, it's read into the place of what is damaged.
            return refuse([pages.ended(page)].compactMap(\.self)[...], .failed)
        }
        try store.makeRoom(storing: page.bytes)
        var stored: [StoredEvent] = []
        let now = WallClock.milliseconds
        try store.transaction { () throws(DatabaseError) in
            let origin = try store.origin(page.source)
            for (pending, event) in content.events {
                try self.insert(
                    event, pending: pending, origin, page.source, in: store, now: now,
                    into: &stored)
            }
            if let checkpoint = content.checkpoint,
                try Terms.claim(page.term, of: page.source, in: store.database)
            {
                try Checkpoints.save(
                    checkpoint, of: page.source, in: store.database, now: now)
            }
            try PreparedPages.delete(of: page.source, in: store.database)
        }
        committed(stored, since: began)
        let submission = pages.ended(page)
        [submission].compactMap(\.self).answer(.accepted)
        if fate == .unknown {
            logger.warning(
                "events in preparation are stored; another leader may have stored them, too",
                metadata: details(of: page))
        } else if submission == nil {
            logger.notice(
                "events in preparation are stored: the lease tells of them",
                metadata: details(of: page))
        }
    }

    private func answerQuestions(from store: JournalStore) {
        let questions = pages.takeQuestions()
        guard !questions.isEmpty else { return }
        do throws(DatabaseError) {
            let terms = try Terms.read(from: store.database)
            var stored: [String: TermCheckpoint] = [:]
            for checkpoint in try Checkpoints.read(from: store.database) {
                stored[checkpoint.source] = TermCheckpoint(
                    text: checkpoint.text, term: terms[checkpoint.source])
            }
            for question in questions { question(stored) }
        } catch {
            block(error)
        }
    }

    private func details(of page: PreparedPage) -> Logger.Metadata {
        [
            "source": "\(page.source)", "events": "\(page.eventsCount)",
            "term": "\(page.term.number)", "page": "\(page.number)",
        ]
    }
}
