internal import CloudEvents

/// The span of time that a question for events is about; halved while there are too many in it.
struct QueryWindow: Equatable, Sendable {
    private(set) var since: Timestamp
    /// Nothing for as long as there are events.
    private(set) var until: Timestamp?

    static let narrowest: Int64 = 1_000_000

    init(since: Timestamp) { self.since = since }

    /// Takes the first half.
    ///
    /// - Parameter now: the end of a window that has none.
    /// - Returns: whether it could be made narrower.
    mutating func narrow(before now: Timestamp) -> Bool {
        let end = until ?? max(now, since.moved(by: .seconds(2)))
        let width = end.microseconds - since.microseconds
        guard width > Self.narrowest else { return false }
        until = Timestamp(microseconds: since.microseconds + max(width / 2, Self.narrowest))
        return true
    }

    /// Goes on behind its end.
    ///
    /// - Returns: whether there is anything behind it.
    mutating func advance() -> Bool {
        guard let end = until else { return false }
        since = end
        until = nil
        return true
    }
}
