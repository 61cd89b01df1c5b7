/// Writes an event's block, attribute by attribute and the data last.
///
/// A builder is kept and used again: ``begin()`` keeps the room it has, and only ``finish()``
/// allocates, once. It checks nothing of the specification; ``EventDecoder`` does, and so does
/// ``Event/init(attributes:data:)``. The order of calls is `begin`, then for each attribute
/// `beginAttribute`, `appendValue` and `endAttribute`, then `beginData` and `appendData`, then
/// `finish`.
public struct EventBuilder: Sendable {
    /// The most octets that one attribute's name can have in a block.
    public static let nameBytesLimit = Int(UInt8.max)
    /// The most octets that one attribute's value can have in a block.
    public static let valueBytesLimit = Int(UInt16.max)
    /// The most attributes that a block can have.
    public static let attributesLimit = Int(UInt16.max)

    private var octets: [UInt8] = []
    private var writer = BlockWriter()
    private var kind = Event.AttributeKind.string

    /// A builder with no event begun.
    public init() {}

    /// Forgets the event so far and begins another.
    public mutating func begin() {
        writer = BlockWriter()
        writer.beginEvent()
    }

    /// Appends a whole attribute of the cold path.
    public mutating func append(
        _ name: String, _ value: String, kind: Event.AttributeKind = .string
    ) {
        beginAttribute(Array(name.utf8).span, kind: kind)
        appendValue(Array(value.utf8).span)
        endAttribute()
    }

    /// Begins an attribute, whose value is then appended octet by octet or span by span.
    ///
    /// - Parameter name: 1 to 255 octets, lower case letters and digits.
    public mutating func beginAttribute(_ name: Span<UInt8>, kind: Event.AttributeKind) {
        precondition(1...Self.nameBytesLimit ~= name.count)
        self.kind = kind
        writer.beginName()
        append(name)
        _ = writer.endName()
    }

    /// Appends to the value of the attribute begun last.
    public mutating func appendValue(_ octet: UInt8) { write(1) { $0.append(octet, in: &$1) } }

    /// Appends to the value of the attribute begun last.
    public mutating func appendValue(_ part: Span<UInt8>) { append(part) }

    /// How many octets the value begun last has so far.
    public var valueBytes: Int { writer.valueBytes }

    /// Ends the attribute begun last.
    ///
    /// - Precondition: its value has at most ``valueBytesLimit`` octets.
    public mutating func endAttribute() {
        precondition(valueBytes <= Self.valueBytesLimit)
        precondition(writer.attributesCount < Self.attributesLimit)
        let kind = kind
        write(0) { $0.endAttribute(kind, in: &$1) }
    }

    /// Ends the attributes; what is appended from now on is data.
    public mutating func beginData(_ kind: Event.DataKind) {
        write(0) { $0.beginData(kind, in: &$1) }
    }

    /// Appends to the data.
    public mutating func appendData(_ part: Span<UInt8>) { append(part) }

    /// Appends to the data.
    public mutating func appendData(_ octet: UInt8) { appendValue(octet) }

    /// The event, in a block of its own; the builder may begin the next.
    public func finish() -> Event { Event(trusted: Array(octets[writer.block])) }

    private mutating func append(_ part: Span<UInt8>) {
        octets.makeRoom(for: writer.end + part.count)
        Self.append(part, &writer, &octets)
    }

    private static func append(
        _ part: Span<UInt8>, _ writer: inout BlockWriter, _ octets: inout [UInt8]
    ) {
        var room = octets.mutableSpan
        writer.append(part, in: &room)
    }

    private mutating func write(
        _ bytes: Int, _ write: (inout BlockWriter, inout MutableSpan<UInt8>) -> Void
    ) {
        octets.makeRoom(for: writer.end + bytes)
        Self.apply(write, &writer, &octets)
    }

    private static func apply(
        _ write: (inout BlockWriter, inout MutableSpan<UInt8>) -> Void,
        _ writer: inout BlockWriter, _ octets: inout [UInt8]
    ) {
        var room = octets.mutableSpan
        write(&writer, &room)
    }
}

extension [UInt8] {
    /// Makes this as long as it has to be as a room for so many octets, or twice as long as it is.
    mutating func makeRoom(for bytes: Int) {
        guard count < bytes + BlockWriter.slackBytes else { return }
        let needed = Swift.max(bytes + BlockWriter.slackBytes, 2 * count, 1024)
        append(contentsOf: repeatElement(0, count: needed - count))
    }
}
