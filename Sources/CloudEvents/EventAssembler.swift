/// Puts events together, attribute by attribute, and holds each to the specification.
///
/// This is what all content modes have in common. The blocks stand in a room that the caller
/// holds, one after the other; that an event is part of it says ``places``.
struct EventAssembler: Sendable {
    var limits: EventDecoder.Limits
    var percentDecoding: EventDecoder.PercentDecoding
    var acceptsVersion03: Bool

    /// How many events are complete.
    private(set) var count = 0
    /// How many values were taken as they stood.
    var undecodedValues = 0
    /// The data's JSON values, which can be written only when all attributes are known.
    var data = JSONData()
    /// What a failure is about, where that isn't the attribute begun last.
    var about: String?

    var writer = BlockWriter()
    /// Where each complete event's block ends, and where its `type` stands; there may be more of
    /// older requests.
    private var places: [(end: Int, type: Range<Int>)] = []
    private var draft = Draft()
    /// The first digit of the version of the first event; no two versions have the same.
    private var majorVersion: UInt8?

    /// What is known of the attributes of an event that isn't complete.
    private struct Draft {
        /// A bit for each name with a meaning that occurred, also with `null`.
        var seen: UInt16 = 0
        /// A bit for each name with a meaning that has a value.
        var present: UInt16 = 0
        /// A bit for each name without a meaning; who finds its bit clear is the first.
        var filter: UInt64 = 0
        /// Names without a meaning that occurred with `null`.
        var absent: [[UInt8]] = []
        /// What `datacontenttype` says.
        var mediaType: MediaType?
        /// Where the `type` stands.
        var type = 0..<0
    }

    init(limits: EventDecoder.Limits, _ decoding: EventDecoder.PercentDecoding, _ accepts03: Bool) {
        self.limits = limits
        percentDecoding = decoding
        acceptsVersion03 = accepts03
    }

    /// Forgets all events.
    mutating func reset() {
        count = 0
        undecodedValues = 0
        about = nil
        majorVersion = nil
        writer = BlockWriter()
    }

    /// Where a complete event's block stands in the room.
    func block(at index: Int) -> Range<Int> {
        precondition(0..<count ~= index)
        return (index == 0 ? 0 : places[index - 1].end)..<places[index].end
    }

    /// Where a complete event's `type` stands in the room.
    func type(at index: Int) -> Range<Int> {
        precondition(0..<count ~= index)
        return places[index].type
    }

    /// What `datacontenttype` says of the event that isn't complete.
    var mediaType: MediaType? { draft.mediaType }

    mutating func beginEvent() {
        draft = Draft()
        data = JSONData()
        writer.beginEvent()
    }

    /// What a failure is about: the attribute begun last, if not something else is known.
    func failureSubject(in room: Span<UInt8>) -> String? {
        about ?? (writer.name.isEmpty ? nil : EventFailure.printable(room.extracting(writer.name)))
    }

    /// Completes the event, whose attributes and data are written.
    mutating func endEvent() {
        let place = (end: writer.end, type: draft.type)
        if count < places.count { places[count] = place } else { places.append(place) }
        count += 1
    }
}

// Names.
extension EventAssembler {
    /// Begins an attribute with a short name, if it may stand here.
    @inline(always)
    mutating func beginAttribute(
        _ name: AttributeName, _ meaning: AttributeName.Meaning,
        in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        writer.beginAttribute(name, in: &room)
        guard meaning == .extension else { return try begin(meaning) }
        guard name.isValid else { throw .attributeNameInvalid }
        try beginExtension(name, in: room.span)
    }

    /// Begins an attribute whose name is written, of whatever length.
    mutating func beginAttribute(
        in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) -> AttributeName.Meaning {
        guard writer.endName() else {
            about = EventFailure.printable(room.span.extracting(writer.value))
            throw .attributeNameInvalid
        }
        let name = AttributeName(room.span, writer.name)
        let meaning = name.meaning
        guard meaning == .extension else {
            try begin(meaning)
            return meaning
        }
        guard !writer.name.isEmpty,
            writer.name.allSatisfy({ room[$0].isLowercaseAlphanumeric })
        else { throw .attributeNameInvalid }
        try beginExtension(name, in: room.span)
        return meaning
    }

    @inline(always)
    private mutating func begin(_ meaning: AttributeName.Meaning) throws(EventFailure.Code) {
        guard draft.seen & meaning.bit == 0 else { throw .attributeRepeated }
        draft.seen |= meaning.bit
    }

    /// Begins an attribute that the specification doesn't name.
    private mutating func beginExtension(
        _ name: AttributeName, in room: Span<UInt8>
    ) throws(EventFailure.Code) {
        let mayBeRepeated = draft.filter & name.filterBit != 0
        draft.filter |= name.filterBit
        guard !mayBeRepeated || !isRepeated(room.extracting(writer.name), in: room)
        else { throw .attributeRepeated }
        guard writer.attributesCount + draft.absent.count < limits.attributes
        else { throw .attributesTooMany }
    }

    private func isRepeated(_ name: Span<UInt8>, in room: Span<UInt8>) -> Bool {
        writer.attributes.first(named: name, in: room) != nil
            || draft.absent.contains { $0.span.holds(name, at: 0..<$0.count) }
    }

    /// Takes the attribute begun last back, because its value is `null`.
    mutating func dropAttribute(_ meaning: AttributeName.Meaning, in room: Span<UInt8>) {
        if meaning == .extension { draft.absent.append(writer.name.map { room[$0] }) }
        writer.dropAttribute()
    }

    /// Checks that the event has the attributes that it must have.
    mutating func checkRequired() throws(EventFailure.Code) {
        let missing = AttributeName.Meaning.requiredBits & ~draft.present
        guard missing != 0 else { return }
        about = AttributeName.Meaning(rawValue: UInt8(missing.trailingZeroBitCount))
            .map { "\($0)" }
        throw .attributeMissing
    }
}

// Values.
extension EventAssembler {
    /// Ends the attribute begun last, if its value is right.
    ///
    /// - Parameter isPlain: whether the value is known to be ASCII without control characters.
    @inline(always)
    mutating func endAttribute(
        _ meaning: AttributeName.Meaning, isPlain: Bool, kind: Event.AttributeKind = .string,
        in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        guard writer.valueBytes <= limits.attributeBytes else { throw .attributeTooLong }
        if !isPlain { try room.span.extracting(writer.value).checkAttributeText() }
        if meaning != .extension {
            guard writer.valueBytes > 0 else { throw .attributeEmpty }
            draft.present |= meaning.bit
            if meaning == .type { draft.type = writer.value }
            if meaning.hasSyntax { try check(writer.value, of: room.span, meaning) }
        }
        writer.endAttribute(kind, in: &room)
    }

    /// Checks that a value is written as the attribute's type wants it.
    ///
    /// Spec: CloudEvents §3.1
    private mutating func check(
        _ range: Range<Int>, of room: Span<UInt8>, _ meaning: AttributeName.Meaning
    ) throws(EventFailure.Code) {
        let value = room.extracting(range)
        let isValid: Bool
        switch meaning {
        case .source: isValid = room.isPlainPath(in: range) || value.isURIReference
        case .dataschema: isValid = value.isAbsoluteURI
        case .time: isValid = TimestampSpelling(value) != nil
        case .datacontenttype:
            draft.mediaType = MediaType(value)
            isValid = draft.mediaType != nil
        default: return try accept(version: value)
        }
        guard isValid else { throw .attributeValueInvalid }
    }

    private mutating func accept(version value: Span<UInt8>) throws(EventFailure.Code) {
        guard value.count == 3, value[1] == UInt8(ascii: ".") else { throw .specversionUnsupported }
        let version = (value[0], value[2])
        guard version == (0x31, 0x30) || acceptsVersion03 && version == (0x30, 0x33)
        else { throw .specversionUnsupported }
        guard majorVersion ?? version.0 == version.0 else { throw .specversionMixed }
        majorVersion = version.0
    }
}
