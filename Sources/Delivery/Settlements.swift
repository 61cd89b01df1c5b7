internal import EventLoops
internal import Journal

/// Outcomes on their way to the journal, those of a turn in one request.
///
/// None is lost: what the journal has no room for is offered again. There are never more than
/// events that the journal announced, so they need no limit of their own.
final class Settlements {
    private static let pause = Duration.milliseconds(10)

    private let loop: EventLoop
    private let send: (JournalRequest) -> Bool
    private var outcomes: [Outcome] = []
    private var isFlushDue = false
    private var onEmpty: (() -> Void)?

    init(loop: EventLoop, send: @escaping (JournalRequest) -> Bool) {
        self.loop = loop
        self.send = send
    }

    /// Hands an outcome over by the end of this turn, if the journal has room.
    func add(_ outcome: Outcome) {
        outcomes.append(outcome)
        scheduleFlush(after: .zero)
    }

    /// Calls `body` once, when the journal has all of them.
    func whenEmpty(_ body: @escaping () -> Void) {
        onEmpty = body
        scheduleFlush(after: .zero)
    }

    private func scheduleFlush(after delay: Duration) {
        guard !isFlushDue else { return }
        isFlushDue = true
        loop.schedule(after: delay) { [weak self] in
            self?.isFlushDue = false
            self?.flush()
        }
    }

    private func flush() {
        if !outcomes.isEmpty {
            guard send(.settle(outcomes)) else { return scheduleFlush(after: Self.pause) }
            outcomes = []
        }
        onEmpty.take()?()
    }
}
