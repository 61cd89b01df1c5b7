import CloudEvents
import Testing

@testable import VSphere

@Suite struct EventStreamTests {
    @Test func `what happens after the start is read at once, in order and once`() {
        var run = Run()
        run.happen(50)
        run.now += .seconds(1)
        run.pass(.milliseconds(100))
        #expect(run.read.isEmpty)
        let before = run.vCenter.events.count
        for _ in 0..<20 {
            run.happen(3)
            run.pass(.milliseconds(10))
        }
        #expect(run.read == Array(run.vCenter.events[before...]))
        #expect(run.findings.isEmpty)
    }

    @Test func `a restart goes on where the checkpoint is`() throws {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(2_500)
        run.pass(.milliseconds(100))
        #expect(run.read == run.vCenter.events)
        let text = try #require(run.stream.checkpoint).text
        var vCenter = run.vCenter
        let later = run.now + .seconds(900)
        vCenter.happen(5_000, at: later, hand: run.hand)
        var next = Run(vCenter, checkpoint: Checkpoint(text: text), hand: run.hand, now: later)
        next.pass(.seconds(3))
        #expect(next.read == Array(vCenter.events[2_500...]))
        #expect(next.findings.isEmpty)
    }

    @Test func `a restart in the middle of reading up misses and repeats nothing`() throws {
        var vCenter = FakeVCenter()
        let hand = Hand()
        var run = Run(vCenter, hand: hand)
        run.pass(.milliseconds(10))
        run.happen(3_456)
        var all = run.read
        for _ in 0..<40 {
            // Each run is cut off after a call or two.
            run.pass(.milliseconds(4))
            all += run.read
            vCenter = run.vCenter
            run = Run(
                vCenter, checkpoint: run.stream.checkpoint, hand: hand,
                now: run.now + .seconds(1))
            run.happen(7)
        }
        run.pass(.seconds(60))
        all += run.read
        #expect(all.count == run.vCenter.events.count)
        #expect(Set(all) == Set(run.vCenter.events))
        #expect(!run.findings.contains { $0.isLoss })
    }

    @Test func `more events than the latest page holds are read up in order`() {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(1)
        run.pass(.milliseconds(10))
        run.happen(12_345)
        run.pass(.milliseconds(200))
        #expect(run.read == run.vCenter.events)
        #expect(run.findings == [.overrun])
    }

    @Test func `a collector that stalls is found out and made anew`() {
        var run = Run()
        run.pass(.seconds(1))
        run.happen(1)
        run.pass(.seconds(1))
        run.vCenter.mode = .stalled
        run.happen(10)
        run.pass(.seconds(60))
        #expect(run.read == run.vCenter.events)
        #expect(run.findings.contains(.stalled))
        run.vCenter.mode = .sound
        run.happen(10)
        run.pass(.seconds(60))
        run.happen(10)
        run.pass(.milliseconds(50))
        #expect(run.read == run.vCenter.events)
    }

    @Test func `where collectors are of no use, events are asked for by time`() {
        var run = Run()
        run.vCenter.mode = .blindCollectors
        run.pass(.seconds(1))
        for _ in 0..<400 {
            run.happen(1)
            run.pass(.seconds(1))
        }
        run.pass(.seconds(60))
        #expect(run.read == run.vCenter.events)
        // By then each event is read soon.
        run.happen(1)
        run.pass(.seconds(2))
        #expect(run.read == run.vCenter.events)
        #expect(run.findings.contains(.stalled))
        #expect(!run.findings.contains { $0.isLoss })
    }

    /// Row 234.
    @Test func `a page that comes again and again is left`() {
        var run = Run()
        run.vCenter.mode = .repeating
        run.pass(.milliseconds(10))
        run.happen(5)
        run.pass(.seconds(60))
        #expect(run.read == run.vCenter.events)
        #expect(run.findings.contains(.repeatedPage) || run.findings.contains(.stalled))
    }

    /// Row 234.
    @Test(arguments: [FakeVCenter.Mode.sound, .blindCollectors])
    func `keys begin anew at the least number`(mode: FakeVCenter.Mode) {
        var run = Run()
        run.vCenter.nextKey = .max - 3
        run.vCenter.mode = mode
        run.pass(.milliseconds(10))
        for _ in 0..<10 {
            run.happen(1)
            run.pass(.seconds(20))
        }
        run.pass(.seconds(100))
        #expect(run.read == run.vCenter.events)
        #expect(run.findings.filter { $0 == .keysWrapped }.count == 1)
    }

    @Test func `keys that are given anew are no old events`() {
        var run = Run()
        run.vCenter.nextKey = 500_000
        run.pass(.milliseconds(10))
        run.happen(10)
        run.pass(.seconds(60))
        run.vCenter.nextKey = 1
        run.happen(10)
        run.pass(.seconds(60))
        #expect(run.read == run.vCenter.events)
        #expect(run.findings == [.keysRestarted])
    }

    @Test(arguments: [-3_600, -100_000, 3_600, 1_000_000] as [Int64])
    func `a clock that jumps loses nothing`(seconds: Int64) {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(10)
        run.pass(.seconds(10))
        run.vCenter.offset = seconds * 1_000_000
        // A collector doesn't show what is older than its beginning.
        for _ in 0..<10 {
            run.happen(1)
            run.pass(.seconds(20))
        }
        run.pass(.seconds(100))
        run.vCenter.offset = 0
        for _ in 0..<10 {
            run.happen(1)
            run.pass(.seconds(20))
        }
        run.pass(.seconds(100))
        #expect(Set(run.read) == Set(run.vCenter.events))
        #expect(run.read.count == run.vCenter.events.count)
        #expect(run.findings.contains(.late) == (seconds < 0))
    }

    @Test func `a history that was cut behind the checkpoint is told`() throws {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(10)
        run.pass(.seconds(1))
        var vCenter = run.vCenter
        let later = run.now + .seconds(60)
        vCenter.happen(10, at: later, hand: run.hand)
        vCenter.historyStart = 15
        var next = Run(vCenter, checkpoint: run.stream.checkpoint, hand: run.hand, now: later)
        next.pass(.seconds(1))
        #expect(next.read == Array(vCenter.events[15...]))
        #expect(next.findings == [.historyLost])
    }

    @Test func `a checkpoint older than the replay window is told`() throws {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(10)
        run.pass(.seconds(1))
        var vCenter = run.vCenter
        vCenter.happen(10, at: run.now + .seconds(60), hand: run.hand)
        let later = run.now + .seconds(3 * 3600)
        vCenter.happen(10, at: later - .seconds(1800), hand: run.hand)
        var next = Run(vCenter, checkpoint: run.stream.checkpoint, hand: run.hand, now: later)
        next.pass(.seconds(1))
        #expect(next.findings == [.replayCut])
        #expect(next.read.suffix(10) == vCenter.events.suffix(10))
    }

    @Test func `a long quiet is no gap`() throws {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(10)
        run.pass(.seconds(3 * 3600))
        var vCenter = run.vCenter
        vCenter.happen(10, at: run.now, hand: run.hand)
        var next = Run(vCenter, checkpoint: run.stream.checkpoint, hand: run.hand, now: run.now)
        next.pass(.seconds(100))
        #expect(run.read + next.read == vCenter.events)
        #expect(next.findings.isEmpty)
    }

    /// Row 231: the source goes on.
    @Test func `what can't be read is passed over, and nothing else`() {
        var run = Run()
        run.pass(.milliseconds(10))
        for _ in 0..<20 {
            run.happen(1)
            run.pass(.seconds(5))
            if run.vCenter.events.count == 5 { run.vCenter.unreadable = [7] }
        }
        run.pass(.seconds(100))
        #expect(Set(run.read) == Set(run.vCenter.events.filter { $0.key != 7 }))
        #expect(run.findings.contains(.unreadable))
    }

    @Test func `a session that is gone is no reason to miss or repeat anything`() {
        var run = Run()
        run.pass(.milliseconds(10))
        for _ in 0..<20 {
            run.happen(30)
            run.pass(.milliseconds(3))
            run.stream.lostSession()
            run.vCenter.collectors = [:]
        }
        run.pass(.seconds(60))
        #expect(Set(run.read) == Set(run.vCenter.events))
        #expect(run.read.count == run.vCenter.events.count)
    }

    @Test func `a vCenter that doesn't tell its last event is asked by time`() {
        var run = Run()
        run.vCenter.mode = .silent
        run.pass(.milliseconds(10))
        for _ in 0..<200 {
            run.happen(1)
            run.pass(.seconds(1))
        }
        #expect(run.read == run.vCenter.events)
        #expect(run.findings.isEmpty)
    }

    @Test func `a server that doesn't let us wait isn't asked without end`() {
        var run = Run()
        run.vCenter.mode = .hasty
        run.pass(.seconds(10))
        run.happen(1)
        run.pass(.milliseconds(200))
        #expect(run.read == run.vCenter.events)
        #expect(run.vCenter.calls.count < 200)
    }

    @Test func `a late event is read`() {
        var run = Run()
        run.pass(.milliseconds(10))
        run.happen(1)
        run.pass(.seconds(60))
        run.vCenter.events.append(
            .init(key: run.vCenter.nextKey, microseconds: FakeVCenter.epoch + 1_000_000))
        run.vCenter.nextKey += 1
        run.pass(.seconds(1))
        #expect(run.read == run.vCenter.events)
    }
}

@Suite struct CheckpointTests {
    @Test func `a checkpoint is read back`() throws {
        var seen = SeenEvents(since: Timestamp(microseconds: FakeVCenter.epoch))
        #expect(Checkpoint(text: Checkpoint(seen).text) == Checkpoint(seen))
        for key in [Int32.max, .min, -1, 0, 7] {
            seen.insert(.init(key: key, microseconds: FakeVCenter.epoch + Int64(key)))
        }
        #expect(Checkpoint(text: Checkpoint(seen).text) == Checkpoint(seen))
    }

    @Test(arguments: [
        "", "vcenter 1", "vcenter 2\nsince 2024-01-02T03:04:05Z", "vcenter 1\nsince yesterday",
        "vcenter 1\nsince 2024-01-02T03:04:05Z\nseen 1", "vcenter 1\nlast 7",
        "vcenter 1\nsince 2024-01-02T03:04:05Z\nseen x 1", "{}",
    ])
    func `what is no checkpoint isn't taken for one`(text: String) {
        #expect(Checkpoint(text: text) == nil)
    }

    @Test func `what is remembered is bounded`() {
        var seen = SeenEvents(since: Timestamp(microseconds: FakeVCenter.epoch))
        for key in 1...100_000 as ClosedRange<Int32> {
            let event = SeenEvents.Identity(key: key, microseconds: FakeVCenter.epoch + 5)
            #expect(seen.isNew(event))
            seen.insert(event)
            if key % 1_000 == 0 { seen.forget(now: Timestamp(microseconds: FakeVCenter.epoch)) }
        }
        #expect(seen.recent.count <= SeenEvents.recentLimit)
        #expect(!seen.isNew(.init(key: 3, microseconds: FakeVCenter.epoch + 5)))
        #expect(!seen.isNew(.init(key: 99_999, microseconds: FakeVCenter.epoch + 5)))
        #expect(seen.isNew(.init(key: 100_001, microseconds: FakeVCenter.epoch + 5)))
    }
}
