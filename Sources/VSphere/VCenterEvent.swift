internal import CloudEvents
internal import SOAP

/// An event as vCenter sent it.
struct VCenterEvent: Sendable {
    /// What tells an event from all others of its vCenter: keys are used again after an overflow
    /// and after a restored backup, so the key alone doesn't.
    struct Identity: Hashable, Sendable {
        var key: Int32
        /// When it was created, in microseconds since 1970.
        var microseconds: Int64
    }

    let element: XMLElement
    let key: Int32
    /// When it was created; nothing where that can't be read.
    let created: EventTime?
    let identity: Identity

    init(_ element: XMLElement) {
        self.element = element
        key = Int32(truncatingIfNeeded: Int64(element.child("key")?.text.trimmed ?? "") ?? 0)
        created = element.child("createdTime").flatMap { EventTime($0.textOctets) }
        identity = Identity(key: key, microseconds: created?.timestamp.microseconds ?? 0)
    }

    /// The name of its type.
    var typeName: String { element.typeName ?? "Event" }

    /// How general its type is: `event`, `eventex` or `extendedevent`.
    var eventClass: String {
        switch typeName {
        case "EventEx": "eventex"
        case "ExtendedEvent": "extendedevent"
        default: "event"
        }
    }

    /// What happened: its type, or what stands for one in the two types that are for everything.
    var name: String {
        eventClass == "event" ? typeName : element.child("eventTypeId")?.text ?? ""
    }
}

extension Timestamp {
    /// Microseconds since 1970.
    var microseconds: Int64 { seconds * 1_000_000 + Int64(nanoseconds) / 1_000 }

    /// An instant by its microseconds since 1970, from the year 1 to 9998.
    init(microseconds: Int64) {
        let seconds = (Double(microseconds) / 1_000_000).rounded(.down)
        let whole = Int64(min(max(seconds, -62_135_596_800), 253_370_764_800))
        let rest = min(max(microseconds - whole * 1_000_000, 0), 999_999)
        self.init(seconds: whole, nanoseconds: Int32(rest) * 1_000)
    }

    /// The instant that is so much later, or earlier.
    func moved(by duration: Duration) -> Timestamp {
        let parts = duration.components
        return Timestamp(
            microseconds: microseconds + parts.seconds * 1_000_000
                + parts.attoseconds / 1_000_000_000_000)
    }
}
