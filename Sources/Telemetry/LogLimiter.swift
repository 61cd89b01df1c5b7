/// Decides which of many equal log lines is written: one an interval, with the count of the rest.
///
/// Ownership: belongs to one loop. Bounded: it tells at most `keysLimit` keys apart in an
/// interval; what comes after those is only counted.
public struct LogLimiter: Sendable {
    private var suppressed: [String: Int] = [:]
    private var began: ContinuousClock.Instant?
    private let interval: Duration
    private let keysLimit: Int

    /// One line a key and interval.
    public init(interval: Duration = .seconds(10), keysLimit: Int = 64) {
        self.interval = interval
        self.keysLimit = keysLimit
    }

    /// Whether the line is to be written now.
    ///
    /// - Parameter key: what makes lines equal, such as source and reason.
    /// - Returns: nothing if not; otherwise how many were left out since the last one written.
    public mutating func admit(_ key: String, now: ContinuousClock.Instant) -> Int? {
        if let began, now - began < interval {
            if suppressed[key] == nil, suppressed.count < keysLimit {
                suppressed[key] = 0
                return 0
            }
            suppressed[key]? += 1
            return nil
        }
        let leftOut = suppressed[key] ?? 0
        suppressed = [key: 0]
        began = now
        return leftOut
    }
}
