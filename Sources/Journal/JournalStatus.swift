internal import Synchronization

/// Whether the journal takes events now, and why it doesn't.
public enum JournalStatus: Sendable, Equatable {
    /// It takes events.
    case writable
    /// It refuses them with this reason; the text tells an operator more.
    case refusing(Receipt.Refusal, detail: String)
    /// It was stopped.
    case stopped

    /// Whether it takes events.
    public var isWritable: Bool { self == .writable }

    /// Why it doesn't take events, for an operator.
    public var reason: String? {
        switch self {
        case .writable: nil
        case .refusing(_, let detail): detail
        case .stopped: "the journal is stopped"
        }
    }
}

/// The status, where any thread can read it.
///
/// Written by the journal's thread, and only when it changes.
final class SharedStatus: Sendable {
    private let status = Mutex(JournalStatus.writable)
    private let stopped = Atomic(false)

    var value: JournalStatus { status.withLock { $0 } }

    /// Whether the journal was stopped, for those who ask for each request.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    func set(_ new: JournalStatus) {
        status.withLock { $0 = new }
        stopped.store(new == .stopped, ordering: .relaxed)
    }
}
