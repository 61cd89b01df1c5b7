/// How attribute values stand in header fields.
///
/// Spec: CloudEvents HTTP §3.1.3.2
enum HeaderValue {
    /// Undoes percent-encoding in place, one round of it.
    ///
    /// - Returns: where the decoded octets end, or nothing if a `%` isn't followed by two hex
    ///   digits.
    static func decodePercents(
        _ octets: inout MutableSpan<UInt8>, in range: Range<Int>
    ) -> Int? {
        var end = range.lowerBound
        var offset = range.lowerBound
        while offset < range.upperBound {
            var octet = octets[offset]
            if octet == .percent {
                guard offset + 2 < range.upperBound,
                    let high = octets[offset + 1].hexDigitValue,
                    let low = octets[offset + 2].hexDigitValue
                else { return nil }
                octet = high << 4 | low
                offset += 2
            }
            octets[end] = octet
            end += 1
            offset += 1
        }
        return end
    }

    /// Appends a value as a sender has to write it.
    static func encode(_ value: Span<UInt8>, to header: inout [UInt8]) {
        append(value, where: { $0.needsEncoding }, to: &header)
    }

    /// Appends a value as it is, for receivers that don't decode; but nothing in it can end the
    /// field or the header section.
    static func copy(_ value: Span<UInt8>, to header: inout [UInt8]) {
        append(value, where: { $0.isControl }, to: &header)
    }

    /// Whether a receiver that doesn't decode would see another value.
    static func needsEncoding(_ value: Span<UInt8>) -> Bool {
        value.indices.contains { value[$0].needsEncoding }
    }

    @inline(__always)
    private static func append(
        _ value: Span<UInt8>, where isEncoded: (UInt8) -> Bool, to header: inout [UInt8]
    ) {
        // Nearly all values are one run that goes as it is.
        var start = 0
        for index in value.indices where isEncoded(value[index]) {
            header.append(value.extracting(start..<index))
            header.append(.percent)
            header.append((value[index] >> 4).hexDigit)
            header.append((value[index] & 0xF).hexDigit)
            start = index + 1
        }
        header.append(value.extracting(start..<value.count))
    }
}

extension UInt8 {
    fileprivate var isControl: Bool { self < 0x20 || self == 0x7F }

    /// Space, quote, percent sign, and what isn't visible ASCII.
    fileprivate var needsEncoding: Bool {
        self <= 0x20 || self >= 0x7F || self == .quote || self == .percent
    }

    /// The upper case hex digit of a value of 0 to 15.
    var hexDigit: UInt8 { self < 10 ? 0x30 + self : 0x41 + self - 10 }
}

extension BlockWriter {
    /// What became of a field's value on its way into an attribute.
    enum HeaderText {
        /// It was ASCII without escapes and controls.
        case plain
        /// It has yet to be looked at.
        case decoded
        /// It isn't well-formed, so it was taken as it stands; it too has yet to be looked at.
        case undecoded
    }

    /// Appends a field's value, decoded.
    mutating func append(
        decoding range: Range<Int>, of head: Span<UInt8>,
        _ decoding: EventDecoder.PercentDecoding, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) -> HeaderText {
        if appendPlain(range, of: head, in: &room) { return .plain }
        removeValue()
        let field = head.extracting(range)
        guard decoding != .off else {
            append(field, in: &room)
            return .decoded
        }
        let isASCII = field.indices.allSatisfy { field[$0] < 0x80 }
        if isASCII || decoding == .lenient, appendUnquoted(field, in: &room),
            replaceValue(in: &room, HeaderValue.decodePercents)
        {
            return .decoded
        }
        guard decoding == .lenient else { throw .encodingInvalid }
        removeValue()
        append(field, in: &room)
        return .undecoded
    }

    /// Appends the field if there is nothing in it that may need decoding.
    private mutating func appendPlain(
        _ range: Range<Int>, of head: Span<UInt8>, in room: inout MutableSpan<UInt8>
    ) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound, let vector = head.vectorIfPresent(at: offset) {
            let bytes = min(16, range.upperBound &- offset)
            appendFirst(bytes, of: vector, in: &room)
            let place = vector.textMarks(escape: .percent).firstPlace ?? 16
            guard place >= bytes else { return false }
            offset &+= bytes
        }
        while offset < range.upperBound {
            guard !head[offset].isTextMark(escape: .percent) else { return false }
            append(head[offset], in: &room)
            offset += 1
        }
        return true
    }

    /// Appends the field without the quotes that senders of old put around all of it or parts.
    private mutating func appendUnquoted(
        _ field: Span<UInt8>, in room: inout MutableSpan<UInt8>
    ) -> Bool {
        var isQuoted = false
        var offset = 0
        while offset < field.count {
            switch field[offset] {
            case .quote: isQuoted.toggle()
            case .backslash where isQuoted:
                offset += 1
                guard offset < field.count else { return false }
                append(field[offset], in: &room)
            case let octet: append(octet, in: &room)
            }
            offset += 1
        }
        return !isQuoted
    }
}
