/// Where things go in a block that is being written; the octets are the caller's.
///
/// Every method writes into the room that it's given and traps where that is too small. A word
/// is written where fewer octets are wanted, so a room has ``slackBytes`` more than its use.
/// Holding the room, and not the array that it's part of, is what makes this fast: an array asks
/// at each access whether it is shared.
struct BlockWriter: Sendable {
    /// How many octets behind ``end`` may be written in vain.
    static let slackBytes = 16

    /// Where the next octet goes.
    private(set) var end = 0
    private(set) var attributesCount = 0
    private(set) var blockStart = 0
    private var attributeStart = 0
    private var valueStart = 0
    private var nameBytes = 0

    /// Begins an event behind the last one; its header is written by ``beginData(_:in:)``.
    mutating func beginEvent() {
        blockStart = end
        end += Event.attributesStart
        attributeStart = end
        valueStart = end
        attributesCount = 0
    }

    /// Where the event begun last stands, so far.
    var block: Range<Int> { blockStart..<end }

    /// Where the attributes of the event begun last stand, of those that are ended.
    var attributes: AttributeWalk {
        AttributeWalk(from: blockStart + Event.attributesStart, count: attributesCount)
    }

    // MARK: Attributes

    /// Begins an attribute with a short name, whose value is then appended.
    @inline(always)
    mutating func beginAttribute(_ name: AttributeName, in room: inout MutableSpan<UInt8>) {
        precondition(name.isShort)
        attributeStart = end
        let nameStart = end &+ Event.attributeHeaderBytes
        room.store(name.first, at: nameStart)
        if name.count > 8 { room.store(name.second, at: nameStart &+ 8) }
        nameBytes = name.count
        valueStart = nameStart &+ nameBytes
        end = valueStart
    }

    /// Begins an attribute, whose name is then appended, and ended by ``endName()``.
    mutating func beginName() {
        attributeStart = end
        end += Event.attributeHeaderBytes
        nameBytes = 0
        valueStart = end
    }

    /// Ends the name begun last; then the value is appended.
    ///
    /// - Returns: whether the name isn't longer than a name can be.
    mutating func endName() -> Bool {
        guard valueBytes <= EventBuilder.nameBytesLimit else { return false }
        nameBytes = valueBytes
        valueStart = end
        return true
    }

    /// Where the name of the attribute that isn't ended stands; empty where there is none.
    var name: Range<Int> { valueStart - nameBytes..<valueStart }

    /// Where what was begun last stands, so far: an attribute's name or value, or the data.
    var value: Range<Int> { valueStart..<end }

    var valueBytes: Int { end &- valueStart }

    /// Ends the attribute begun last.
    @inline(always)
    mutating func endAttribute(
        _ kind: Event.AttributeKind = .string, in room: inout MutableSpan<UInt8>
    ) {
        let header =
            UInt32(truncatingIfNeeded: nameBytes) | UInt32(kind.rawValue) << 8
            | UInt32(UInt16(valueBytes)) << 16
        room.store(header, at: attributeStart)
        attributesCount &+= 1
        attributeStart = end
        nameBytes = 0
        valueStart = end
    }

    /// Takes the attribute begun last back.
    mutating func dropAttribute() {
        end = attributeStart
        nameBytes = 0
        valueStart = end
    }

    // MARK: Data

    /// Ends the attributes; what is appended from now on is data.
    mutating func beginData(_ kind: Event.DataKind, in room: inout MutableSpan<UInt8>) {
        let attributesBytes = end - blockStart - Event.attributesStart
        room.store(
            UInt64(kind.rawValue) | UInt64(Event.layout) << 8 | UInt64(attributesCount) << 16
                | UInt64(attributesBytes) << 32, at: blockStart)
        attributeStart = end
        valueStart = end
    }

    // MARK: What is begun

    @inline(always)
    mutating func append(_ octet: UInt8, in room: inout MutableSpan<UInt8>) {
        room[end] = octet
        end &+= 1
    }

    mutating func append(_ part: Span<UInt8>, in room: inout MutableSpan<UInt8>) {
        room.store(part, at: end)
        end += part.count
    }

    /// Appends as many of sixteen octets.
    @inline(always)
    mutating func appendFirst(
        _ bytes: Int, of vector: SIMD16<Int8>, in room: inout MutableSpan<UInt8>
    ) {
        room.store(vector, at: end)
        end &+= bytes
    }

    /// Appends a scalar in UTF-8.
    mutating func append(_ scalar: Unicode.Scalar, in room: inout MutableSpan<UInt8>) {
        for octet in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            append(octet, in: &room)
        }
    }

    /// Appends what needs no look at it: all from `offset` to the first quote, escape character,
    /// control character or octet that isn't ASCII.
    ///
    /// - Returns: where that stands, or the end of `source`.
    @inline(always)
    mutating func appendPlain(
        of source: Span<UInt8>, from offset: Int, escape: UInt8,
        in room: inout MutableSpan<UInt8>
    ) -> Int {
        var offset = offset
        var end = end
        defer { self.end = end }
        while let vector = source.vectorIfPresent(at: offset) {
            room.store(vector, at: end)
            if let place = vector.textMarks(escape: escape).firstPlace {
                end &+= place
                return offset &+ place
            }
            end &+= 16
            offset &+= 16
        }
        while offset < source.count, !source[offset].isTextMark(escape: escape) {
            room[end] = source[offset]
            end &+= 1
            offset &+= 1
        }
        return offset
    }

    /// Takes back all that was appended to what was begun last.
    mutating func removeValue() { end = valueStart }

    /// Replaces what was appended by what it decodes to in place.
    ///
    /// - Returns: whether it could be decoded; if not, it isn't what it was.
    mutating func replaceValue(
        in room: inout MutableSpan<UInt8>,
        _ decode: (inout MutableSpan<UInt8>, Range<Int>) -> Int?
    ) -> Bool {
        guard let decodedEnd = decode(&room, value) else { return false }
        precondition(valueStart...end ~= decodedEnd)
        end = decodedEnd
        return true
    }
}
