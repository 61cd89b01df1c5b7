import Glibc
import Testing

@testable import EventLoops

/// A loop on a thread of its own, and what it tells the test when it's done.
@Suite(.timeLimit(.minutes(10))) struct EventLoopTests {
    // MARK: - Timers

    @Test func `timers are called in the order of their times`() throws {
        let calls = try run { loop, calls in
            for delay in [30, 10, 20, 0, 10] {
                loop.schedule(after: .milliseconds(delay)) { calls.append("\(delay)") }
            }
            loop.schedule(after: .milliseconds(40)) { loop.stop() }
        }
        #expect(calls == ["0", "10", "10", "20", "30"])
    }

    @Test func `timers of the same time are called in the order they were made`() throws {
        let calls = try run { loop, calls in
            for number in 0..<100 {
                loop.schedule(after: .milliseconds(1)) { calls.append("\(number)") }
            }
            loop.schedule(after: .milliseconds(1)) { loop.stop() }
        }
        #expect(calls == (0..<100).map { "\($0)" })
    }

    @Test func `a timer that was cancelled isn't called, even if it's due`() throws {
        let calls = try run { loop, calls in
            let first = loop.schedule(after: .zero) { calls.append("first") }
            var third: LoopTimer?
            loop.schedule(after: .zero) {
                calls.append("second")
                if let third { loop.cancel(third) }
            }
            third = loop.schedule(after: .zero) { calls.append("third") }
            loop.cancel(first)
            loop.cancel(first)
            loop.schedule(after: .milliseconds(1)) { loop.stop() }
        }
        #expect(calls == ["second"])
    }

    @Test func `timers that make timers leave the descriptors their turn`() throws {
        let calls = try run { loop, calls throws(SystemError) in
            let pipe = try calls.pipe()
            let count = Box(0)
            func again() {
                count.value += 1
                guard count.value < 1_000 else { return loop.stop() }
                loop.schedule(after: .seconds(-1)) { again() }
            }
            loop.schedule(after: .zero) {
                pipe.write()
                again()
            }
            let registration = Box<EventLoop.Registration?>(nil)
            registration.value = try loop.watch(number: pipe.reading, for: .reading) { _ in
                calls.append("\(count.value)")
                guard let registration = registration.value else { return }
                loop.unwatch(registration, number: pipe.reading)
            }
        }
        #expect(calls == ["1"])
    }

    @Test func `nothing is called after the loop was stopped`() throws {
        let calls = try run { loop, calls in
            loop.schedule(after: .zero) {
                calls.append("last")
                loop.stop()
            }
            loop.schedule(after: .zero) { calls.append("never") }
        }
        #expect(calls == ["last"])
    }

    @Test func `many timers, most of them cancelled, keep their order`() {
        var queue = TimerQueue()
        let start = 1_000_000_000_000
        let called = Box<[Int]>([])
        var random = SystemRandomNumberGenerator()
        var expected: [(Int, Int)] = []
        for number in 0..<5_000 {
            let delay = Int.random(in: 0..<50, using: &random)
            let timer = queue.insert(at: start + delay * 1_000_000) {
                called.value.append(number)
            }
            if number % 7 == 0 { expected.append((delay, number)) } else { queue.remove(timer) }
        }
        #expect(queue.millisecondsLeft(from: start) == 0)
        while let body = queue.next(until: start + 49_000_000, latest: queue.latest) {
            body()
        }
        expected.sort { $0 < $1 }
        #expect(called.value == expected.map(\.1))
        #expect(queue.millisecondsLeft(from: start) == -1)
    }

    @Test func `a wait is rounded up, and ends now and then`() {
        var queue = TimerQueue()
        let start = 1_000_000_000_000
        #expect(queue.millisecondsLeft(from: start) == -1)
        let far = queue.insert(at: start + 1_000_000_000_000_000) {}
        #expect(queue.millisecondsLeft(from: start) == 60_000)
        queue.remove(far)
        #expect(queue.millisecondsLeft(from: start) == -1)
        _ = queue.insert(at: start + 1_500_000) {}
        #expect(queue.millisecondsLeft(from: start) == 2)
        #expect(queue.millisecondsLeft(from: start + 500_000) == 1)
        #expect(queue.millisecondsLeft(from: start + 1_499_000) == 1)
        #expect(queue.millisecondsLeft(from: start + 1_500_000) == 0)
        #expect(queue.next(until: start + 1_499_000, latest: queue.latest) == nil)
        #expect(queue.next(until: start + 1_500_000, latest: queue.latest) != nil)
    }

    @Test func `the time stands still within a turn, and is that of the system's clock`() throws {
        let calls = try run { loop, calls in
            let before = ContinuousClock.now
            loop.schedule(after: .milliseconds(5)) {
                let now = loop.now
                let nanoseconds = loop.nanoseconds
                while ContinuousClock.now <= now + .milliseconds(1) {}
                calls.append("\(loop.now == now && loop.nanoseconds == nanoseconds)")
                calls.append("\(now >= before + .milliseconds(5) && now < ContinuousClock.now)")
                loop.schedule(after: .milliseconds(2)) {
                    let passed = loop.nanoseconds - nanoseconds
                    calls.append("\(loop.now - now == .nanoseconds(passed) && passed >= 2_000_000)")
                    loop.stop()
                }
            }
        }
        #expect(calls == ["true", "true", "true"])
    }

    @Test(arguments: [
        (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(-3), -3_000_000),
        (.seconds(1_000_000), 1_000_000_000_000_000),
        (.seconds(Int64.max), 1 << 61), (.seconds(Int64.min), -1 << 61),
        (Duration(secondsComponent: 0, attosecondsComponent: 1), 0),
    ])
    func `a duration has whole nanoseconds`(duration: Duration, nanoseconds: Int) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    // MARK: - Descriptors

    @Test func `a handler that unwatches another of the same turn keeps it from being called`()
        throws
    {
        let calls = try run { loop, calls throws(SystemError) in
            let pipes = [try calls.pipe(), try calls.pipe()]
            var registrations: [EventLoop.Registration] = []
            for pipe in pipes {
                pipe.write()
                registrations.append(
                    try loop.watch(number: pipe.reading, for: .reading) { _ in
                        calls.append("called")
                        for (registration, pipe) in zip(registrations, pipes) {
                            loop.unwatch(registration, number: pipe.reading)
                        }
                        loop.schedule(after: .milliseconds(1)) { loop.stop() }
                    })
            }
        }
        #expect(calls == ["called"])
    }

    @Test func `an event of an old registration doesn't reach the slot's new one`() throws {
        let calls = try run { loop, calls throws(SystemError) in
            let pipes = [try calls.pipe(), try calls.pipe(), try calls.pipe()]
            var registrations: [EventLoop.Registration] = []
            for index in 0..<2 {
                pipes[index].write()
                let registration = try loop.watch(
                    number: pipes[index].reading, for: .reading
                ) { _ in
                    calls.append("old")
                    for old in 0..<2 {
                        loop.unwatch(registrations[old], number: pipes[old].reading)
                    }
                    // Takes a slot that has an event waiting.
                    for _ in 0..<2 {
                        let new = try? loop.watch(
                            number: dup(pipes[2].reading), for: .reading
                        ) { _ in calls.append("new") }
                        #expect(new.map { !registrations.contains($0) } == true)
                    }
                    loop.schedule(after: .milliseconds(1)) { loop.stop() }
                }
                registrations.append(registration)
            }
        }
        #expect(calls == ["old"])
    }

    @Test func `unwatching twice, or by an old name, does nothing`() throws {
        let calls = try run { loop, calls throws(SystemError) in
            let pipe = try calls.pipe()
            let old = try loop.watch(number: pipe.reading, for: .reading) { _ in
                calls.append("old")
            }
            loop.unwatch(old, number: pipe.reading)
            loop.unwatch(old, number: pipe.reading)
            let new = try loop.watch(number: pipe.reading, for: .reading) { _ in
                calls.append("new")
                loop.stop()
            }
            #expect(new != old)
            loop.unwatch(old, number: pipe.reading)
            pipe.write()
        }
        #expect(calls == ["new"])
    }

    @Test func `what can't be watched says so, and its slot is free again`() throws {
        _ = try run { loop, calls throws(SystemError) in
            #expect(throws: SystemError(call: "epoll_ctl", errno: EBADF)) {
                try loop.watch(number: 9_999, for: .reading) { _ in }
            }
            let pipe = try calls.pipe()
            let registration = try loop.watch(number: pipe.reading, for: .reading) { _ in }
            #expect(registration.slot == 0)
            #expect(throws: SystemError(call: "epoll_ctl", errno: ENOENT)) {
                try loop.change(registration, number: pipe.writing, to: .reading)
            }
            loop.stop()
        }
    }

    @Test func `a descriptor is told of again when it's asked for again`() throws {
        let calls = try run { loop, calls throws(SystemError) in
            let pipe = try calls.pipe()
            pipe.write()
            let registration = Box<EventLoop.Registration?>(nil)
            registration.value = try loop.watch(
                number: pipe.reading, for: [.reading, .changesOnly]
            ) { readiness in
                calls.append("\(readiness.canRead) \(readiness.canWrite)")
                guard calls.count < 3, let registration = registration.value else {
                    return loop.stop()
                }
                try? loop.change(
                    registration, number: pipe.reading, to: [.reading, .changesOnly])
            }
        }
        #expect(calls == Array(repeating: "true false", count: 3))
    }

    @Test func `what is ready is told`() throws {
        let calls = try run { loop, calls throws(SystemError) in
            let pipe = try calls.pipe()
            _ = try loop.watch(number: pipe.writing, for: .writing) { readiness in
                calls.append("\(readiness.canRead) \(readiness.canWrite) \(readiness.isBroken)")
                pipe.closeReading()
                if readiness.isBroken { loop.stop() }
            }
        }
        #expect(calls.first == "false true false")
        #expect(calls.last?.hasSuffix("true") == true)
    }

    // MARK: - Errors

    @Test func `a failed call says which and why`() {
        #expect(throws: SystemError(call: "open", errno: ENOENT)) { try check("open", -ENOENT) }
        #expect(
            SystemError(call: "bind", errno: EADDRINUSE).description
                == "bind: Address already in use")
    }
}
