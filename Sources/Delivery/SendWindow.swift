/// How many requests a sink may have at one time: fewer when it doesn't cope, more when it does.
///
/// Each cut halves the window, and each whole window of answers widens it by one, as in TCP's
/// congestion avoidance. A request that was sent before the last cut can't cause another: it says
/// nothing new. After three cuts in a row for want of an answer the sink counts as down, and gets
/// one request at a time, a probe. A whole window of answers in a row that the sink failed, but
/// three of them at least, is as good as no answer: a few can be the fault of their events.
struct SendWindow {
    /// Cuts for want of an answer after which the sink counts as down.
    static let silencesLimit = 3

    /// How many requests may be under way.
    private(set) var size: Int
    /// Names the time since the last cut; a request keeps the round it was sent in.
    private(set) var round: Int
    /// Cuts for want of an answer since the last answer.
    private(set) var silences = 0
    private let limit: Int
    private var answersInRow = 0
    private var failuresInRow = 0

    init(limit: Int, round: Int = 0) {
        precondition(limit > 0)
        self.limit = limit
        self.round = round
        size = limit
    }

    /// Only probes are sent.
    var isProbing: Bool { silences >= Self.silencesLimit }

    /// Forgets what was learnt of the sink: it's another from now on.
    mutating func beginAnew() {
        self = SendWindow(limit: limit, round: round + 1)
    }

    /// The sink answered, and neither failed nor asked for less.
    mutating func answered() {
        silences = 0
        failuresInRow = 0
        answersInRow += 1
        guard size < limit, answersInRow >= size else { return }
        size += 1
        answersInRow = 0
    }

    /// The sink asked for less, in answer to a request of this round.
    ///
    /// - Returns: whether it's news that it does nothing else.
    @discardableResult
    mutating func slowedDown(round: Int) -> Bool {
        let isNews = failed(round: round)
        if !isNews { cut(round) }
        return isNews
    }

    /// The sink answered a request of this round that it failed.
    ///
    /// - Returns: whether it's news that it does nothing else.
    @discardableResult
    mutating func failed(round: Int) -> Bool {
        guard round == self.round else { return false }
        failuresInRow += 1
        guard isProbing || failuresInRow >= max(size, Self.silencesLimit) else { return false }
        failuresInRow = 0
        return unanswered(round: round)
    }

    /// A request of this round got no answer.
    ///
    /// - Returns: whether that was news.
    @discardableResult
    mutating func unanswered(round: Int) -> Bool {
        guard round == self.round else { return false }
        silences += 1
        cut(round)
        if isProbing { size = 1 }
        return true
    }

    private mutating func cut(_ round: Int) {
        guard round == self.round else { return }
        self.round += 1
        size = max(1, size / 2)
        answersInRow = 0
    }
}
