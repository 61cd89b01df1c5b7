/// Decides which of many equal log lines is written: one an interval, with the count of the rest.
///
/// Ownership: belongs to one loop. Bounded: it tells at most `keysLimit` keys apart; a line with
/// yet another key is left out until one of those hasn't been written for an interval.
public struct LogLimiter: Sendable {
    private struct Line {
        var written: ContinuousClock.Instant
        var leftOut = 0
    }

    private var lines: [String: Line] = [:]
    private let interval: Duration
    private let keysLimit: Int

    /// One line a key and interval.
    public init(interval: Duration = .seconds(10), keysLimit: Int = 64) {
        precondition(keysLimit > 0)
        self.interval = interval
        self.keysLimit = keysLimit
    }

    /// Whether the line is to be written now.
    ///
    /// - Parameter key: what makes lines equal, such as source and reason.
    /// - Returns: nothing if not; otherwise how many were left out since the last one written.
    public mutating func admit(_ key: String, now: ContinuousClock.Instant) -> Int? {
        if let line = lines[key], now - line.written < interval {
            lines[key]?.leftOut += 1
            return nil
        }
        if lines[key] == nil, lines.count >= keysLimit {
            lines = lines.filter { now - $0.value.written < interval }
            guard lines.count < keysLimit else { return nil }
        }
        let leftOut = lines[key]?.leftOut ?? 0
        lines[key] = Line(written: now)
        return leftOut
    }
}
