/// Decides what a watch does next: pure, told the time by its driver.
///
/// A watch goes on where it was, by the version that came last; one that the server knows no more
/// (410) begins anew with a list. What fails is tried again after a while that grows.
struct WatchState {
    /// What to do next.
    enum Step: Equatable {
        /// Ask for the kind's name in paths.
        case discover
        /// Ask for what there is.
        case list
        /// Ask for what changes after a version.
        case watch(from: String)
    }

    /// Why a step came to its end.
    enum End: Equatable {
        /// The server ended the watch, as it does after a while.
        case ended
        /// The version is too old.
        case expired
        /// The kind isn't there any more.
        case unknownKind
        /// Anything else; the server may have said how long to wait.
        case failed(retryAfter: Duration?)
    }

    /// The longest wait.
    static let waitLimit = Duration.seconds(30)
    private static let firstWait = Duration.milliseconds(500)
    /// A watch that lasted so long was of use, though it may have said nothing.
    private static let usefulTime = Duration.seconds(10)

    private var isKindKnown: Bool
    private var version: String?
    private var failures = 0
    private var began: ContinuousClock.Instant?
    private var wasUseful = false

    /// - Parameter isKindKnown: whether nothing is to be discovered.
    init(isKindKnown: Bool = false) { self.isKindKnown = isKindKnown }

    /// The step that is due.
    var next: Step {
        guard isKindKnown else { return .discover }
        return version.map { .watch(from: $0) } ?? .list
    }

    /// The kind's name is known.
    mutating func discovered() { isKindKnown = true }

    /// The list came; it is of this version.
    mutating func listed(_ version: String) { self.version = version }

    /// A watch begins.
    mutating func begins(now: ContinuousClock.Instant) {
        began = now
        wasUseful = false
    }

    /// An object or a bookmark of this version came.
    mutating func noticed(_ version: String) {
        self.version = version
        wasUseful = true
        failures = 0
    }

    /// A step ended without what it was for.
    ///
    /// - Returns: how long to wait before the next.
    mutating func ended(
        _ end: End, now: ContinuousClock.Instant, random: Double
    ) -> Duration {
        let hasLasted = began.map { now - $0 >= Self.usefulTime } ?? false
        let isUseful = wasUseful || hasLasted
        (began, wasUseful) = (nil, false)
        switch end {
        case .ended: break
        case .expired: version = nil
        case .unknownKind: (isKindKnown, version) = (false, nil)
        case .failed(let retryAfter):
            return max(wait(random), retryAfter.map { min($0, .seconds(300)) } ?? .zero)
        }
        guard !isUseful || end == .unknownKind else {
            failures = 0
            return .zero
        }
        return wait(random)
    }

    /// Half of it is left to chance, so that not all come back at the same moment.
    private mutating func wait(_ random: Double) -> Duration {
        failures += 1
        let longest = min(Self.firstWait * (1 << min(failures - 1, 10)), Self.waitLimit)
        return longest * (0.5 + random / 2)
    }
}
