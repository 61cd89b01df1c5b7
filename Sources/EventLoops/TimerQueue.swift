/// Names one scheduled call; the number isn't used twice.
public struct LoopTimer: Hashable, Sendable {
    let number: UInt64
}

/// What a loop has to do later, soonest first.
///
/// A binary heap, from which a cancelled timer isn't taken out but passed over when its time
/// comes: nearly all timers of a server are cancelled, and finding them would cost more.
struct TimerQueue {
    private struct Entry {
        /// Nanoseconds, as the loop has them.
        var instant: Int
        var number: UInt64

        /// What is due at the same time is called in the order it was scheduled.
        func isBefore(_ other: Entry) -> Bool {
            instant == other.instant ? number < other.number : instant < other.instant
        }
    }

    private var heap: [Entry] = []
    private var bodies: [UInt64: () -> Void] = [:]
    private var numbers: UInt64 = 0

    mutating func insert(
        at instant: Int, _ body: @escaping () -> Void
    ) -> LoopTimer {
        numbers += 1
        bodies[numbers] = body
        heap.append(Entry(instant: instant, number: numbers))
        siftUp(from: heap.count - 1)
        return LoopTimer(number: numbers)
    }

    mutating func remove(_ timer: LoopTimer) {
        bodies[timer.number] = nil
        // Bounds the heap where timers are made and cancelled faster than they run out.
        guard heap.count > 64, heap.count > 4 * bodies.count else { return }
        heap = heap.filter { bodies[$0.number] != nil }.sorted { $0.isBefore($1) }
    }

    /// The timer that was scheduled last.
    var latest: LoopTimer { LoopTimer(number: numbers) }

    /// Takes out the first body that is due, and was scheduled no later than `latest`.
    mutating func next(
        until now: Int, latest: LoopTimer
    ) -> (() -> Void)? {
        while let first = heap.first, first.instant <= now, first.number <= latest.number {
            removeFirst()
            if let body = bodies.removeValue(forKey: first.number) { return body }
        }
        return nil
    }

    /// How long `epoll_wait` may sleep: rounded up, so that it doesn't wake just too early; -1
    /// where nothing is scheduled.
    mutating func millisecondsLeft(from now: Int) -> CInt {
        while let first = heap.first, bodies[first.number] == nil { removeFirst() }
        guard let first = heap.first else { return -1 }
        guard first.instant > now else { return 0 }
        return CInt(min((first.instant - now + 999_999) / 1_000_000, 60_000))
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private mutating func siftUp(from index: Int) {
        var child = index
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }
}
