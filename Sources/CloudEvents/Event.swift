/// A CloudEvent: its attributes and its data, in one block of octets.
///
/// The block is what a request is decoded into, what the journal stores and what a delivery is
/// encoded from, so an event costs one allocation on its whole way and `data` is never decoded
/// and encoded again. All numbers are little-endian:
///
///     0   1  kind of data: see `DataKind`
///     1   1  layout of the block: 1
///     2   2  number of attributes
///     4   4  octets of all attributes together
///     8   …  attributes: 1 octet name length, 1 kind, 2 value length; name, value
///     …   …  data, to the end
///
/// Attributes keep the order they came in; values are their canonical strings in UTF-8.
///
/// Spec: CloudEvents §3
public struct Event: Sendable, Hashable {
    /// What `data` holds.
    public enum DataKind: UInt8, Sendable {
        /// The event has no data.
        case none = 0
        /// Any octets; `datacontenttype`, where there is one, says of what type.
        case octets = 1
        /// One JSON value, as it was received: valid JSON text in UTF-8.
        case json = 2
        /// Text, known to be so because JSON held it as a string: valid UTF-8.
        case text = 3
        /// Any octets, known to be binary because JSON held them in Base64; here they're decoded.
        case base64 = 4
    }

    /// The type that an attribute's value has in the type system.
    public enum AttributeKind: UInt8, Sendable {
        /// String, or a type whose canonical string this is (URI, Timestamp, Binary).
        case string = 0
        /// `true` or `false`, known to be a Boolean because JSON said so.
        case boolean = 1
        /// A number of 32 bits, known to be an Integer because JSON said so.
        case integer = 2
    }

    /// One attribute, as ranges of ``octets``.
    public struct Attribute: Sendable, Equatable {
        /// Where the name stands: lower case letters and digits.
        public let name: Range<Int>
        /// Where the canonical string stands.
        public let value: Range<Int>
        /// The value's type.
        public let kind: AttributeKind
    }

    /// The block, in the layout above.
    public let octets: [UInt8]

    /// The version of the block's layout.
    static let layout: UInt8 = 1
    /// Where attributes begin.
    static let attributesStart = 8
    /// How many octets stand before an attribute's name.
    static let attributeHeaderBytes = 4

    /// Takes a block that ``EventBuilder`` made.
    init(trusted octets: [UInt8]) { self.octets = octets }

    /// Takes a block that was stored, after a check that every length in it holds.
    ///
    /// - Returns: nothing if the octets aren't a block of this layout.
    public init?(stored octets: [UInt8]) {
        guard Event.holds(octets.span) else { return nil }
        self.octets = octets
    }

    /// What the data is.
    public var dataKind: DataKind { DataKind(rawValue: octets[0]) ?? .none }

    /// Where the data stands in ``octets``; empty where there is none.
    public var data: Range<Int> {
        Event.attributesStart + octets.span.uint32(at: 4)..<octets.count
    }

    /// The attributes, in the order they came in.
    public var attributes: Attributes { Attributes(octets: octets) }

    /// The attribute's canonical string, for the cold path.
    public subscript(name: String) -> String? {
        attribute(name).map { String(decoding: octets[$0.value], as: UTF8.self) }
    }

    /// Finds an attribute by its name.
    public func attribute(_ name: String) -> Attribute? { attribute(name.utf8.span) }

    /// Finds an attribute by its name, in lower case; allocates nothing.
    public func attribute(_ name: Span<UInt8>) -> Attribute? {
        AttributeWalk(block: octets.span).first(named: name, in: octets.span)
    }

    /// The `id` attribute; with ``source`` it identifies the event.
    public var id: String { self["id"] ?? "" }
    /// The `source` attribute.
    public var source: String { self["source"] ?? "" }
    /// The `type` attribute.
    public var type: String { self["type"] ?? "" }

    /// The attributes of a block, one after the other.
    public struct Attributes: Sequence, IteratorProtocol, Sendable {
        private let octets: [UInt8]
        private var walk: AttributeWalk

        init(octets: [UInt8]) {
            self.octets = octets
            walk = AttributeWalk(block: octets.span)
        }

        /// The next attribute.
        public mutating func next() -> Attribute? {
            let octets = octets
            return walk.next(in: octets.span)
        }
    }

    private static func holds(_ octets: Span<UInt8>) -> Bool {
        guard octets.count >= attributesStart, octets[1] == layout,
            DataKind(rawValue: octets[0]) != nil
        else { return false }
        let end = attributesStart + octets.uint32(at: 4)
        guard end <= octets.count else { return false }
        var offset = attributesStart
        for _ in 0..<octets.uint16(at: 2) {
            guard offset + attributeHeaderBytes <= end,
                AttributeKind(rawValue: octets[offset + 1]) != nil
            else { return false }
            offset += attributeHeaderBytes + Int(octets[offset]) + octets.uint16(at: offset + 2)
        }
        return offset == end
    }
}

/// Goes from attribute to attribute of a block, whoever holds the octets.
struct AttributeWalk: Sendable {
    private var offset: Int
    private var left: Int

    /// The walk through a block that begins at `start`.
    init(block octets: Span<UInt8>, at start: Int = 0) {
        self.init(from: start + Event.attributesStart, count: octets.uint16(at: start + 2))
    }

    /// The walk through so many attributes, the first at this place.
    init(from offset: Int, count: Int) {
        self.offset = offset
        left = count
    }

    mutating func next(in octets: Span<UInt8>) -> Event.Attribute? {
        guard left > 0 else { return nil }
        left -= 1
        let nameStart = offset + Event.attributeHeaderBytes
        let name = nameStart..<nameStart + Int(octets[offset])
        let value = name.upperBound..<name.upperBound + octets.uint16(at: offset + 2)
        let kind = Event.AttributeKind(rawValue: octets[offset + 1]) ?? .string
        offset = value.upperBound
        return Event.Attribute(name: name, value: value, kind: kind)
    }

    consuming func first(named name: Span<UInt8>, in octets: Span<UInt8>) -> Event.Attribute? {
        while let attribute = next(in: octets) {
            if octets.holds(name, at: attribute.name) { return attribute }
        }
        return nil
    }
}

extension Span<UInt8> {
    func uint16(at offset: Int) -> Int { Int(self[offset]) | Int(self[offset + 1]) << 8 }

    func uint32(at offset: Int) -> Int {
        uint16(at: offset) | uint16(at: offset + 2) << 16
    }

    /// Whether the octets in this place are these.
    func holds(_ other: Span<UInt8>, at range: Range<Int>) -> Bool {
        guard range.count == other.count else { return false }
        for place in other.indices where self[range.lowerBound + place] != other[place] {
            return false
        }
        return true
    }
}
