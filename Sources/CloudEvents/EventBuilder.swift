/// Writes an event's block, attribute by attribute and the data last.
///
/// A builder is kept and used again: ``begin()`` keeps the room it has, and only ``finish()``
/// allocates, once. It checks nothing of the specification; decoders do, before they call it.
/// The order of calls is `begin`, then for each attribute `beginAttribute`, `appendValue` and
/// `endAttribute`, then `beginData` and `appendData`, then `finish`.
public struct EventBuilder: Sendable {
    /// The most octets that one attribute's value can have in a block.
    public static let valueBytesLimit = Int(UInt16.max)
    /// The most attributes that a block can have.
    public static let attributesLimit = Int(UInt16.max)

    private var octets: [UInt8] = []
    private var attributesCount = 0
    private var attributeStart = 0
    private var valueStart = 0

    /// A builder with no event begun.
    public init() {}

    /// Forgets the event so far and begins another.
    public mutating func begin() {
        octets.removeAll(keepingCapacity: true)
        octets.append(Event.DataKind.none.rawValue)
        octets.append(Event.layout)
        for _ in 2..<8 { octets.append(0) }
        attributesCount = 0
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
        precondition(1...255 ~= name.count)
        attributeStart = octets.count
        octets.append(UInt8(name.count))
        octets.append(kind.rawValue)
        octets.append(0)
        octets.append(0)
        append(name)
        valueStart = octets.count
    }

    /// Appends to the value of the attribute begun last.
    public mutating func appendValue(_ octet: UInt8) { octets.append(octet) }

    /// Appends to the value of the attribute begun last.
    public mutating func appendValue(_ part: Span<UInt8>) { append(part) }

    /// How many octets the value begun last has so far.
    public var valueBytes: Int { octets.count - valueStart }

    /// Ends the attribute begun last.
    ///
    /// - Precondition: its value has at most ``valueBytesLimit`` octets.
    public mutating func endAttribute() {
        precondition(valueBytes <= Self.valueBytesLimit)
        precondition(attributesCount < Self.attributesLimit)
        octets[attributeStart + 2] = UInt8(valueBytes & 0xFF)
        octets[attributeStart + 3] = UInt8(valueBytes >> 8)
        attributesCount += 1
    }

    /// Ends the attributes; what is appended from now on is data.
    public mutating func beginData(_ kind: Event.DataKind) {
        let attributesLength = octets.count - 8
        octets[0] = kind.rawValue
        for place in 0..<2 { octets[2 + place] = UInt8(attributesCount >> (8 * place) & 0xFF) }
        for place in 0..<4 { octets[4 + place] = UInt8(attributesLength >> (8 * place) & 0xFF) }
    }

    /// Appends to the data.
    public mutating func appendData(_ part: Span<UInt8>) { append(part) }

    /// Appends to the data.
    public mutating func appendData(_ octet: UInt8) { octets.append(octet) }

    /// The event, in a block of its own; the builder may begin the next.
    public func finish() -> Event {
        var block: [UInt8] = []
        block.reserveCapacity(octets.count)
        block.append(contentsOf: octets)
        return Event(trusted: block)
    }

    private mutating func append(_ part: Span<UInt8>) {
        unsafe part.withUnsafeBufferPointer { unsafe octets.append(contentsOf: $0) }
    }
}
