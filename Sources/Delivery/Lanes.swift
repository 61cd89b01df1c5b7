internal import CloudEvents
internal import Journal

/// Holds back events that follow others of their key, until those are settled.
///
/// Events without the attribute have no order. An event that is settled, be it given up, lets the
/// next of its lane go; other lanes never wait for it.
struct Lanes {
    private let attribute: String
    /// What waits behind each key's event that isn't settled yet.
    private var waiting: [String: Line<StoredEvent>] = [:]

    init(attribute: String) { self.attribute = attribute }

    /// Whether an event may go; else it's held back.
    mutating func enter(_ stored: StoredEvent) -> Bool {
        guard let key = stored.event[attribute] else { return true }
        guard waiting[key] != nil else {
            waiting[key] = Line()
            return true
        }
        waiting[key]?.append(stored)
        return false
    }

    /// An event that went is settled; the one that may go now, if one waits.
    mutating func leave(_ stored: StoredEvent) -> StoredEvent? {
        guard let key = stored.event[attribute] else { return nil }
        guard let next = waiting[key]?.popFirst() else {
            waiting[key] = nil
            return nil
        }
        return next
    }

    /// Takes out all that is held back; those that went still have their lanes.
    mutating func removeWaiting() -> [StoredEvent] {
        var events: [StoredEvent] = []
        for key in waiting.keys { events += waiting[key]?.removeAll() ?? [] }
        return events.sorted { $0.sequence < $1.sequence }
    }
}
