internal import EventLoops

/// What the journal's thread knows of pages in preparation, beside what is on disk.
struct PagesUnderWay {
    /// What decides on them, as far as it's known.
    enum Authority {
        case unknown
        case lease(LeaseRecord)
        case nobody
    }

    /// Those on disk, by their sources.
    var prepared: [String: PreparedPage] = [:]
    var authority = Authority.unknown
    /// The submissions whose receipts wait, without their events.
    private var waiting: [String: Submission] = [:]
    /// The last page of each source, in this process's last term.
    private var last: [String: (term: CheckpointTerm, number: Int64)] = [:]
    /// Who wants to know what is stored, when nothing is left to be decided.
    private var questions: [@Sendable ([String: TermCheckpoint]) -> Void] = []

    /// The number of the last page that a source has prepared in a term; 0 before the first.
    func lastNumber(of source: String, in term: CheckpointTerm) -> Int64 {
        last[source].flatMap { $0.term == term ? $0.number : nil } ?? 0
    }

    /// Takes note of a page that is on disk now, and of who waits for it.
    mutating func prepared(_ page: PreparedPage, for submission: Submission) {
        prepared[page.source] = page
        last[page.source] = (page.term, page.number)
        var submission = submission
        submission.items = []
        waiting[page.source] = submission
    }

    /// Takes note that a page isn't there any more.
    ///
    /// - Returns: who waits for it.
    mutating func ended(_ page: PreparedPage) -> Submission? {
        prepared[page.source] = nil
        return waiting.removeValue(forKey: page.source)
    }

    /// What is to become of a page.
    func fate(of page: PreparedPage) -> LeaseRecord.Fate {
        switch authority {
        case .unknown: .undecided
        case .lease(let record): record.fate(of: page)
        case .nobody: .unknown
        }
    }

    /// Those who wait though their term is over: they're told no more, whatever is decided.
    mutating func takeOutdated() -> [Submission] {
        let outdated = waiting.filter { $0.value.fence?.holds == false }
        for source in outdated.keys { waiting[source] = nil }
        return Array(outdated.values)
    }

    /// Takes news, and a question if there is one.
    mutating func received(
        _ news: PageNews, then question: (@Sendable ([String: TermCheckpoint]) -> Void)?
    ) {
        switch news {
        case .lease(let record): authority = .lease(record)
        case .noElection: authority = .nobody
        case .termEnded: break
        }
        if let question { questions.append(question) }
    }

    /// The questions that can be answered now.
    mutating func takeQuestions() -> [@Sendable ([String: TermCheckpoint]) -> Void] {
        guard prepared.isEmpty else { return [] }
        defer { questions = [] }
        return questions
    }
}
