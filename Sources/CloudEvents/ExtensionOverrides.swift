/// Extension attributes that a receiver is to see, whatever an event has of these names.
///
/// The event itself stays what was accepted: what is sent of it leaves these attributes out and
/// has the ones of here instead, so that nothing of its block is copied for them.
///
/// Spec: Knative CloudEventOverrides §v1
public struct ExtensionOverrides: Sendable, Equatable {
    /// An attribute as it's sent; always a String.
    public struct Item: Sendable, Equatable {
        /// 1 to 255 lower case letters and digits, and none of the specification's own names.
        public let name: String
        /// Text without control characters.
        public let value: String
        let nameOctets: [UInt8]
        let valueOctets: [UInt8]
    }

    /// The attributes, sorted by name; each name once.
    public private(set) var items: [Item] = []
    /// Whether a receiver that doesn't decode fields would see another value of one of them.
    private(set) var needHeaderEncoding = false

    /// The most attributes that can be overridden.
    public static let itemsLimit = 32

    /// Nothing is overridden.
    public init() {}

    /// Whether nothing is overridden.
    public var isEmpty: Bool { items.isEmpty }

    /// Overrides one more attribute.
    ///
    /// - Throws: what is wrong with the name or the value; `attributesTooMany` and
    ///   `attributeRepeated` among it.
    public mutating func add(_ name: String, _ value: String) throws(EventFailure) {
        let nameOctets = Array(name.utf8)
        let meaning = AttributeName(nameOctets.span, nameOctets.indices).meaning
        guard meaning == .extension else {
            throw EventFailure(.attributeNameInvalid, attribute: name)
        }
        guard items.count < Self.itemsLimit else { throw EventFailure(.attributesTooMany) }
        guard !items.contains(where: { $0.name == name }) else {
            throw EventFailure(.attributeRepeated, attribute: name)
        }
        // Held to the same rules as what comes in.
        _ = try Event(attributes: [
            ("id", "1"), ("source", "/"), ("type", "a"), (name: name, value: value),
        ])
        let valueOctets = Array(value.utf8)
        items.append(
            Item(
                name: name, value: value, nameOctets: nameOctets, valueOctets: valueOctets))
        items.sort { $0.name < $1.name }
        needHeaderEncoding = needHeaderEncoding || HeaderValue.needsEncoding(valueOctets.span)
    }

    /// Whether a name of the specification's own, which can't be overridden.
    public static func isReserved(_ name: String) -> Bool {
        let octets = Array(name.utf8)
        return AttributeName(octets.span, octets.indices).meaning != .extension
    }

    /// Whether an attribute of an event gives way to one of these.
    func replace(_ attribute: Event.Attribute, of octets: Span<UInt8>) -> Bool {
        items.contains { octets.holds($0.nameOctets.span, at: attribute.name) }
    }
}
