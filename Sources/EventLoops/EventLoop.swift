internal import CLinux

/// One thread, one epoll descriptor, and everything that the descriptor watches.
///
/// Ownership: the loop isn't `Sendable` and neither is anything that belongs to it. It's made on
/// its own thread and never leaves it, so its methods take no lock, and code that would carry it
/// to another thread doesn't compile. The one way in from outside is a ``Mailbox``.
public final class EventLoop {
    /// What a watched descriptor is ready for.
    public struct Readiness: Sendable {
        let events: UInt32

        /// There are octets to read, or the peer sent its last.
        public var canRead: Bool { events & UInt32(LINUX_READABLE) != 0 }
        /// There is room to write.
        public var canWrite: Bool { events & UInt32(LINUX_WRITABLE) != 0 }
        /// The peer sent its last; a read that gives few octets isn't all there is.
        public var isPeerDone: Bool { events & UInt32(LINUX_PEER_DONE) != 0 }
        /// The connection failed or was closed from both sides; a read says which.
        public var isBroken: Bool { events & UInt32(LINUX_BROKEN) != 0 }
    }

    /// What to watch a descriptor for.
    public struct Interest: OptionSet, Sendable {
        /// The bits that `epoll_ctl` takes.
        public let rawValue: UInt32

        /// Takes epoll's bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Input, and the end of it.
        public static let reading = Interest(rawValue: UInt32(LINUX_READABLE))
        /// Room for output.
        public static let writing = Interest(rawValue: UInt32(LINUX_WRITABLE))
        /// Tell of changes only: the handler reads or writes until the system says "not now".
        public static let changesOnly = Interest(rawValue: UInt32(LINUX_EDGE))
    }

    /// Names one watched descriptor; a number isn't used twice, though a descriptor's is.
    public struct Registration: Hashable, Sendable {
        /// The slot in the lower half, how often the slot was used before in the upper.
        public let number: UInt64

        /// A number that came from ``number``, on its way back from another thread.
        public init(number: UInt64) { self.number = number }

        init(slot: Int, generation: UInt32) {
            number = UInt64(generation) << 32 | UInt64(slot)
        }

        var slot: Int { Int(number & 0xFFFF_FFFF) }
        var generation: UInt32 { UInt32(number >> 32) }
    }

    private struct Slot {
        var generation: UInt32 = 0
        var handler: ((Readiness) -> Void)?
    }

    /// The time at which this turn began; it stands still within a turn.
    public var now: ContinuousClock.Instant {
        startInstant.advanced(by: .nanoseconds(nanoseconds - startNanoseconds))
    }

    /// The same as nanoseconds from some moment on, for those who ask often.
    public private(set) var nanoseconds: Int

    private let startInstant = ContinuousClock.now
    private let startNanoseconds: Int
    private let epoll: Descriptor
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var timers = TimerQueue()
    private var isStopped = false

    /// A loop for the calling thread, to be ``run()`` on it.
    public init() throws(SystemError) {
        epoll = try Descriptor(from: "epoll_create1", linux_epoll_create())
        startNanoseconds = Int(linux_uptime())
        nanoseconds = startNanoseconds
    }

    /// Runs a new loop on a new thread, until its ``stop()``.
    ///
    /// - Parameters:
    ///   - name: what tools show for the thread, at most 15 octets.
    ///   - setUp: called on that thread before the first turn, to make what the loop will own.
    ///     A system call that fails in it or in the loop ends the process.
    public static func start(
        name: String, _ setUp: @escaping @Sendable (EventLoop) throws(SystemError) -> Void
    ) throws(SystemError) -> LoopThread {
        try LoopThread(name: name) {
            do throws(SystemError) {
                let loop = try EventLoop()
                try setUp(loop)
                try loop.run()
            } catch {
                // Whoever waits for this loop would wait for ever; a process that ends is started
                // again, and the journal has what was accepted.
                fatalError("event loop \(name): \(error)")
            }
        }
    }

    /// Watches `descriptor` until ``unwatch(_:_:)``; the handler runs on this loop.
    public func watch(
        _ descriptor: borrowing Descriptor, for interest: Interest,
        _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Registration {
        try watch(number: descriptor.number, for: interest, handler)
    }

    /// Watches a descriptor that someone else closes, such as a C library.
    public func watch(
        number: CInt, for interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Registration {
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot()) }
        let registration = Registration(slot: slot, generation: slots[slot].generation)
        do throws(SystemError) {
            try check(
                "epoll_ctl",
                linux_epoll_add(epoll.number, number, interest.rawValue, registration.number))
        } catch {
            freeSlots.append(slot)
            throw error
        }
        slots[slot].handler = handler
        return registration
    }

    /// Watches for something else from now on.
    public func change(
        _ registration: Registration, number: CInt, to interest: Interest
    ) throws(SystemError) {
        try check(
            "epoll_ctl",
            linux_epoll_modify(epoll.number, number, interest.rawValue, registration.number))
    }

    /// Stops watching; an event that was already reported for it finds no handler.
    ///
    /// To be called before the descriptor is closed.
    public func unwatch(_ registration: Registration, number: CInt) {
        // The loop may have ended, and with it all that was watched.
        guard registration.slot < slots.count,
            slots[registration.slot].generation == registration.generation
        else { return }
        // A descriptor that a C library closed already is gone from epoll, too.
        _ = linux_epoll_remove(epoll.number, number)
        slots[registration.slot].handler = nil
        slots[registration.slot].generation &+= 1
        freeSlots.append(registration.slot)
    }

    /// Calls `body` once, at the first turn after `delay`.
    ///
    /// With no delay that is the end of this turn, or of the next if a timer asks for it.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping () -> Void) -> LoopTimer {
        timers.insert(at: nanoseconds + max(delay.wholeNanoseconds, 0), body)
    }

    /// Takes a timer back; one that has fired or was cancelled before is left alone.
    public func cancel(_ timer: LoopTimer) { timers.remove(timer) }

    /// Ends the loop after this turn.
    public func stop() { isStopped = true }

    /// Turns until ``stop()``; to be called on the thread that made the loop.
    public func run() throws(SystemError) {
        defer {  // They may hold the loop.
            slots = []
            timers = TimerQueue()
        }
        var ready = [linux_ready](repeating: linux_ready(), count: Int(LINUX_READY_LIMIT))
        while !isStopped {
            let timeout = timers.millisecondsLeft(from: Int(linux_uptime()))
            let count = try check(
                "epoll_wait", unsafe linux_epoll_wait(epoll.number, &ready, timeout))
            nanoseconds = Int(linux_uptime())
            for event in ready.prefix(Int(count)) {
                let registration = Registration(number: event.registration)
                let slot = slots[registration.slot]
                guard slot.generation == registration.generation else { continue }
                slot.handler?(Readiness(events: event.events))
            }
            // One that is scheduled meanwhile waits for the next turn, be it due or not.
            let latest = timers.latest
            while !isStopped, let body = timers.next(until: nanoseconds, latest: latest) { body() }
        }
    }
}

extension Duration {
    /// What the loop reckons with; at most 73 years, so that sums with the time don't overflow.
    public var wholeNanoseconds: Int {
        Int(min(max(attoseconds / 1_000_000_000, -1 << 61), 1 << 61))
    }
}
