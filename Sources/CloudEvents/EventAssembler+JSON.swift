internal import HTTP

/// Where the values of `data` and `data_base64` stand in a JSON text.
struct JSONData: Sendable {
    var value: Range<Int>?
    var base64: Range<Int>?
}

// Events in the JSON format.
extension EventAssembler {
    /// Reads a text that is one event.
    mutating func readEvent(
        _ json: Span<UInt8>, _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        try readObject(json, &scanner, in: &room)
        try scanner.expectEnd(of: json)
    }

    /// Reads a text that is an array of events.
    mutating func readBatch(
        _ json: Span<UInt8>, _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        try scanner.expectBeginning(UInt8(ascii: "["), in: json)
        if !scanner.accepts(UInt8(ascii: "]"), in: json) {
            repeat {
                guard count < limits.events else { throw .batchTooLarge }
                try readObject(json, &scanner, in: &room)
            } while scanner.accepts(UInt8(ascii: ","), in: json)
            try scanner.expect(UInt8(ascii: "]"), in: json)
        }
        try scanner.expectEnd(of: json)
    }

    private mutating func readObject(
        _ json: Span<UInt8>, _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        beginEvent()
        try scanner.expectBeginning(UInt8(ascii: "{"), in: json)
        if !scanner.accepts(UInt8(ascii: "}"), in: json) {
            repeat {
                try readMember(json, &scanner, in: &room)
            } while scanner.accepts(UInt8(ascii: ","), in: json)
            try scanner.expect(UInt8(ascii: "}"), in: json)
        }
        try checkRequired()
        try appendData(of: json, in: &room)
        endEvent()
    }

    @inline(always)
    private mutating func readMember(
        _ json: Span<UInt8>, _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        guard scanner.nextAfterBlanks(in: json) == .quote else { throw .jsonMalformed }
        guard let name = AttributeName(quotedIn: json, at: scanner.offset &+ 1),
            let next = json.octet(after: "\":", at: scanner.offset &+ 1 &+ name.count)
        else { return try readUnusualMember(json, &scanner, in: &room) }
        let meaning = name.meaning
        try beginAttribute(name, meaning, in: &room)
        scanner.offset &+= 3 &+ name.count
        let first = next > 0x20 ? next : scanner.nextAfterBlanks(in: json)
        try readValue(json, beginning: first, of: meaning, &scanner, in: &room)
    }

    /// Reads a member whose name is long, spelled with escapes, near the text's end, or before a
    /// blank.
    private mutating func readUnusualMember(
        _ json: Span<UInt8>, _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        writer.beginName()
        _ = try scanner.appendString(of: json, to: &writer, in: &room)
        let meaning = try beginAttribute(in: &room)
        try scanner.expect(UInt8(ascii: ":"), in: json)
        let first = scanner.nextAfterBlanks(in: json)
        try readValue(json, beginning: first, of: meaning, &scanner, in: &room)
    }

    @inline(always)
    private mutating func readValue(
        _ json: Span<UInt8>, beginning first: UInt8, of meaning: AttributeName.Meaning,
        _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        let isData = meaning == .data || meaning == .dataBase64
        guard first == .quote, !isData else {
            return try readUnusualValue(
                json, beginning: first, of: meaning, &scanner, in: &room)
        }
        let isPlain = try scanner.appendString(of: json, to: &writer, in: &room)
        try endAttribute(meaning, isPlain: isPlain, in: &room)
    }

    /// Reads a value that isn't an attribute's string.
    private mutating func readUnusualValue(
        _ json: Span<UInt8>, beginning first: UInt8, of meaning: AttributeName.Meaning,
        _ scanner: inout JSONScanner, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        let start = scanner.offset
        try scanner.skipValue(in: json)
        let range = start..<scanner.offset
        switch (meaning, first) {
        case (.data, _):
            data.value = range
            writer.dropAttribute()
        case (.dataBase64, .quote):
            data.base64 = range
            writer.dropAttribute()
        case (.dataBase64, UInt8(ascii: "n")): writer.dropAttribute()
        case (.dataBase64, _): throw .dataInvalid
        case (_, UInt8(ascii: "n")): dropAttribute(meaning, in: room.span)
        default:
            guard meaning == .extension, let kind = json.extracting(range).attributeKind
            else { throw .attributeTypeInvalid }
            writer.append(json.extracting(range), in: &room)
            try endAttribute(meaning, isPlain: true, kind: kind, in: &room)
        }
    }

    /// Writes the data behind the attributes, as `datacontenttype` wants it.
    ///
    /// Spec: CloudEvents JSON §3.1
    private mutating func appendData(
        of json: Span<UInt8>, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        switch (data.value, data.base64) {
        case (nil, nil): writer.beginData(.none, in: &room)
        case (let range?, nil):
            // Data without a type is JSON.
            guard let type = mediaType, !type.isJSON else {
                writer.beginData(.json, in: &room)
                return writer.append(json.extracting(range), in: &room)
            }
            about = "data"
            guard type.isUTF8, json[range.lowerBound] == .quote else { throw .dataInvalid }
            try appendString(at: range, of: json, as: .text, in: &room)
        case (nil, let range?):
            about = "data_base64"
            try appendString(at: range, of: json, as: .base64, in: &room)
            guard writer.replaceValue(in: &room, Base64.decodeInPlace) else { throw .dataInvalid }
        case (.some, .some):
            about = "data_base64"
            throw .dataRepeated
        }
        about = nil
    }

    private mutating func appendString(
        at range: Range<Int>, of json: Span<UInt8>, as kind: Event.DataKind,
        in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        writer.beginData(kind, in: &room)
        var scanner = JSONScanner(offset: range.lowerBound)
        _ = try scanner.appendString(of: json, to: &writer, in: &room)
    }
}

extension JSONScanner {
    /// Passes over the octet that begins the one type of value that can stand here.
    fileprivate mutating func expectBeginning(
        _ octet: UInt8, in json: Span<UInt8>
    ) throws(EventFailure.Code) {
        guard !accepts(octet, in: json) else { return }
        try skipValue(in: json)
        throw .jsonTypeUnexpected
    }
}

extension Span<UInt8> {
    /// The type of attribute that this JSON value can be: `true`, `false`, or a number of 32
    /// bits without fraction and exponent.
    fileprivate var attributeKind: Event.AttributeKind? {
        switch self[0] {
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            isInteger ? .integer : nil
        default: nil
        }
    }

    /// Whether a JSON number is an Integer.
    private var isInteger: Bool {
        let isNegative = self[0] == UInt8(ascii: "-")
        guard count <= 11 else { return false }
        var number = 0
        for place in (isNegative ? 1 : 0)..<count {
            guard self[place].isDigit else { return false }
            number = number * 10 + Int(self[place] - 0x30)
        }
        return number < (isNegative ? 1 << 31 + 1 : 1 << 31)
    }
}
