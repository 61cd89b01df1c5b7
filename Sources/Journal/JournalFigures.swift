internal import Synchronization

/// What is in the journal, in a few numbers that any thread may ask for at any time.
public struct JournalFigures: Sendable, Equatable {
    /// Events that some sink hasn't settled.
    public var events: Int
    /// What counts towards `journal.bytesLimit`.
    public var bytes: Int
    /// How many events each sink gave up, by its name.
    public var deadLetters: [String: Int]
}

/// The numbers of dead letters, where any thread can read them.
///
/// Written by the journal's thread, and only when they change.
final class SharedDeadLetters: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var value: [String: Int] { counts.withLock { $0 } }

    func set(_ new: [String: Int]) { counts.withLock { $0 = new } }
}
