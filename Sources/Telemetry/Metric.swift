internal import Synchronization

/// A number that only grows; any thread may add to it.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    /// A counter that no ``Metrics`` shows, for tests.
    public init() {}

    /// Adds to it.
    public func add(_ number: Int = 1) {
        count.wrappingAdd(number, ordering: .relaxed)
    }

    /// What it has reached.
    public var value: Int { count.load(ordering: .relaxed) }
}

/// A number that rises and falls; any thread may change it.
public final class Gauge: Sendable {
    private let number = Atomic<Int>(0)

    /// A gauge that no ``Metrics`` shows, for tests.
    public init() {}

    /// Changes it by `difference`, which may be negative.
    public func add(_ difference: Int) {
        number.wrappingAdd(difference, ordering: .relaxed)
    }

    /// Changes it to `value`.
    public func set(_ value: Int) { number.store(value, ordering: .relaxed) }

    /// What it is now.
    public var value: Int { number.load(ordering: .relaxed) }
}

/// How long something took, counted in buckets; any thread may add to it.
public final class Histogram: Sendable {
    /// The upper bounds of the buckets, in seconds; one more holds the rest.
    public static let boundsInSeconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    private static let boundsInNanoseconds = boundsInSeconds.map { Int($0 * 1e9) }

    private let counters: [Counter]
    private let nanoseconds = Counter()

    /// A histogram that no ``Metrics`` shows, for tests.
    public init() {
        counters = Self.boundsInSeconds.map { _ in Counter() } + [Counter()]
    }

    /// Counts one that took this long.
    public func observe(_ duration: Duration) {
        observe(nanoseconds: Int(duration.attoseconds / 1_000_000_000))
    }

    /// Counts one that took this long, for those who have it as a number.
    public func observe(nanoseconds time: Int) {
        var bucket = 0
        for bound in Self.boundsInNanoseconds {
            guard time > bound else { break }
            bucket += 1
        }
        counters[bucket].add()
        nanoseconds.add(time)
    }

    /// How many were counted in each bucket, without those of smaller ones.
    public var counts: [Int] { counters.map(\.value) }

    /// The sum of all durations.
    public var sumInSeconds: Double { Double(nanoseconds.value) / 1e9 }
}
