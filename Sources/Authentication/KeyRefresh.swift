/// Decides when an issuer's keys are fetched.
///
/// A pure value; all times are seconds from some moment on. Keys that are there are fetched again
/// now and then, and sooner where a token names one that isn't among them, but never so often that
/// whoever makes tokens up could have us bother the issuer.
///
/// Spec: RFC 8725 §3.10
public struct KeyRefresh: Sendable {
    /// Between two fetches that go well.
    public static let interval = 900
    /// Between any two, once there are keys; the longest wait until there are some.
    public static let leastInterval = 30

    private var isUnderWay = false
    private var began: Int?
    private var failures = 0
    private var hasKeys = false
    private var isWanted = false

    /// No keys yet, so they're fetched at once.
    public init() {}

    /// How long to wait for the next fetch; nothing while one is under way.
    public func wait(now: Int) -> Int? {
        guard !isUnderWay else { return nil }
        guard let began else { return 0 }
        return max(began + (waitsLong ? Self.interval : pause) - now, 0)
    }

    private var waitsLong: Bool { hasKeys && !isWanted && failures == 0 }
    private var pause: Int {
        hasKeys ? Self.leastInterval : min(1 << min(failures, 8), Self.leastInterval)
    }

    /// A token names a key that isn't known.
    public mutating func want() { isWanted = true }

    /// A fetch begins.
    public mutating func begin(now: Int) {
        isUnderWay = true
        isWanted = false
        began = now
    }

    /// A fetch is over.
    public mutating func end(succeeded: Bool) {
        isUnderWay = false
        hasKeys = hasKeys || succeeded
        failures = succeeded ? 0 : failures + 1
    }
}
