/// The senders that wait for an operator's consent.
///
/// A pure value; times are seconds from some moment on. Strangers decide what comes here, so each
/// source has room for a few only, and the one that has waited longest makes room for the next:
/// whoever is honest asks again.
public struct PendingConsents: Sendable {
    /// A sender that waits.
    public struct Entry: Sendable, Equatable {
        /// By which an operator names it.
        public var id: String
        /// What is asked for.
        public var request: ConsentRequest
        /// When it was asked first.
        public var began: Int
    }

    /// What became of a request.
    public enum Addition: Sendable, Equatable {
        /// It waits, and another one may have made room for it.
        case new(Entry, evicted: Entry?)
        /// It waits already.
        case known(Entry)
    }

    /// The most that wait, of each source.
    public static let perSourceLimit = 32
    /// How long one waits.
    public static let lifetime = 86_400

    /// In the order they came.
    private var entries: [Entry] = []

    /// Nobody waits.
    public init() {}

    /// Takes a request in.
    ///
    /// - Parameter id: a new name for it, by which nobody could guess another.
    public mutating func add(_ request: ConsentRequest, id: String, now: Int) -> Addition {
        let known = entries.first {
            $0.request.source == request.source && $0.request.sender == request.sender
                && $0.request.address == request.address
        }
        if let known { return .known(known) }
        let own = entries.indices.filter { entries[$0].request.source == request.source }
        let evicted = own.count < Self.perSourceLimit ? nil : entries.remove(at: own[0])
        let entry = Entry(id: id, request: request, began: now)
        entries.append(entry)
        return .new(entry, evicted: evicted)
    }

    /// Those that wait, the one that came first before the others.
    public mutating func waiting(now: Int) -> [Entry] {
        entries.removeAll { now - $0.began >= Self.lifetime }
        return entries
    }

    /// Takes one out.
    public mutating func remove(_ id: String, now: Int) -> Entry? {
        guard let entry = waiting(now: now).first(where: { $0.id == id }) else { return nil }
        entries.removeAll { $0.id == id }
        return entry
    }
}
