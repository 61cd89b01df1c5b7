import CloudEvents
import SOAP

@testable import VSphere

/// A vCenter that misbehaves as it's told, asked by a stream on a clock set by hand.
struct FakeVCenter {
    enum Mode {
        case sound
        /// `ReadNextEvents` and the latest page show nothing new any more.
        case stalled
        /// `ReadNextEvents` shows its first page again and again.
        case repeating
        /// Nothing but questions by time brings events.
        case blindCollectors
        /// The last event isn't told.
        case silent
        /// A wait for updates ends at once.
        case hasty
    }

    struct Collector {
        var since: Int64
        var position = 0
        /// How many events there were when it was made.
        var madeAt = 0
    }

    static let epoch: Int64 = 1_700_000_000_000_000

    var events: [SeenEvents.Identity] = []
    var mode = Mode.sound
    var nextKey: Int32 = 1
    /// What the server's clock is off by.
    var offset: Int64 = 0
    /// From which event on there is history.
    var historyStart = 0
    /// Keys in which responses can't be read.
    var unreadable: Set<Int32> = []
    var collectors: [String: Collector] = [:]
    private var collectorsCount = 0
    private var filtered: String?
    private var version = 0
    private(set) var calls: [VCenterCall] = []

    /// Creates events, by the given clock.
    mutating func happen(_ count: Int = 1, at now: ContinuousClock.Instant, hand: Hand) {
        for index in 0..<count {
            events.append(.init(key: nextKey, microseconds: time(now, hand) + Int64(index)))
            nextKey = nextKey &+ 1
        }
    }

    func time(_ now: ContinuousClock.Instant, _ hand: Hand) -> Int64 {
        Self.epoch + offset + Int64((now - hand.start) / .microseconds(1))
    }

    mutating func answer(
        _ call: VCenterCall, now: ContinuousClock.Instant, hand: Hand
    ) throws(VCenterFailure) -> VCenterAnswer {
        calls.append(call)
        switch call {
        case .currentTime: return .time(Timestamp(microseconds: time(now, hand)))
        case .createCollector(let since):
            collectorsCount += 1
            let name = "collector-\(collectorsCount)"
            collectors[name] = Collector(
                since: since.microseconds, position: historyStart, madeAt: events.count)
            return .object(name)
        case .destroyFilter:
            filtered = nil
            return .done
        case .destroyCollector(let name):
            collectors[name] = nil
            return .done
        case .setPageSize: return .done
        case .createFilter(let name):
            filtered = name
            version = -1
            return .object("filter")
        case .readNext(let name, let limit): return .events(try readNext(name, limit))
        case .waitForUpdates:
            guard let name = filtered, let collector = collectors[name] else {
                throw .fault(SOAPFault(type: "InvalidCollectorVersion"))
            }
            guard version != events.count else { return .noUpdate }
            version = events.count
            let visible = visible(to: collector)
            return .updates(
                version: "\(version)", try readable(Array(visible.suffix(100).reversed())))
        case .latestEvent:
            guard mode != .silent else { return .events([]) }
            return .events(events.suffix(1).map { VCenterEvent($0) })
        case .query(let since, let until, let limit):
            let found = events[historyStart...].filter {
                $0.microseconds >= since.microseconds
                    && $0.microseconds <= until?.microseconds ?? .max
            }
            return .events(try readable(Array(found.suffix(limit))))
        default: return .done
        }
    }

    private func visible(to collector: Collector) -> [SeenEvents.Identity] {
        let end = [.sound, .silent, .hasty].contains(mode) ? events.count : collector.madeAt
        guard mode != .blindCollectors, historyStart < end else { return [] }
        return events[historyStart..<end].filter { $0.microseconds >= collector.since }
    }

    private mutating func readNext(
        _ name: String, _ limit: Int
    ) throws(VCenterFailure) -> [VCenterEvent] {
        guard var collector = collectors[name] else {
            throw .fault(SOAPFault(type: "ManagedObjectNotFound"))
        }
        let visible = visible(to: collector)
        if mode == .repeating { return try readable(Array(visible.prefix(limit))) }
        let page = visible.dropFirst(max(0, collector.position - historyStart)).prefix(limit)
        collector.position += page.count
        collectors[name] = collector
        return try readable(Array(page))
    }

    private func readable(
        _ events: [SeenEvents.Identity]
    ) throws(VCenterFailure) -> [VCenterEvent] {
        guard !events.contains(where: { unreadable.contains($0.key) })
        else { throw .unreadable("as told") }
        return events.map { VCenterEvent($0) }
    }
}

/// The clock that is set by hand.
struct Hand {
    let start = ContinuousClock.now
}

extension VCenterEvent {
    /// An event of which nothing matters but which it is.
    init(_ identity: Identity) {
        let time = Timestamp(microseconds: identity.microseconds).text
        let text = "<Event><key>\(identity.key)</key><createdTime>\(time)</createdTime></Event>"
        let tree = try? XMLParser.tree(of: Array(text.utf8))
        guard let tree else { preconditionFailure("no XML: \(text)") }
        self.init(tree.root)
    }
}

/// A stream and its vCenter, and all that was read.
struct Run {
    var stream: EventStream
    var vCenter: FakeVCenter
    let hand: Hand
    var now: ContinuousClock.Instant
    var read: [SeenEvents.Identity] = []
    var findings: [Finding] = []

    init(
        _ vCenter: FakeVCenter = FakeVCenter(), checkpoint: Checkpoint? = nil,
        hand: Hand = Hand(), now: ContinuousClock.Instant? = nil
    ) {
        stream = EventStream(checkpoint, replay: .seconds(3600))
        self.vCenter = vCenter
        self.hand = hand
        self.now = now ?? hand.start
    }

    /// Lets time pass, in which the stream asks what it wants to.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        var callsLeft = 20_000
        while now < end, callsLeft > 0 {
            callsLeft -= 1
            switch stream.step(now: now) {
            case .wait(let until): now = min(until, end)
            case .call(let call):
                ask(call)
                findings += stream.takeFindings()
            }
        }
    }

    mutating func happen(_ count: Int = 1) { vCenter.happen(count, at: now, hand: hand) }

    private mutating func ask(_ call: VCenterCall) {
        do throws(VCenterFailure) {
            let answer = try vCenter.answer(call, now: now, hand: hand)
            if case .noUpdate = answer, case .waitForUpdates(_, let seconds) = call,
                vCenter.mode != .hasty
            {
                now += .seconds(seconds)
            }
            now += .milliseconds(1)
            let accepted = stream.received(call, answer, now: now)
            switch answer {
            case .events(let events), .updates(_, let events):
                read += accepted.map { events[$0].identity }
            default: break
            }
        } catch {
            now += .milliseconds(1)
            stream.failed(call, error, now: now)
        }
    }
}
