// Strings that are wanted without their escapes.
extension JSONScanner {
    /// Passes over a string and appends its text to what the writer was begun with.
    ///
    /// - Returns: whether it is ASCII without escapes, controls and DEL. If not, it's still
    ///   well-formed UTF-8.
    @inline(always)
    mutating func appendString(
        of json: Span<UInt8>, to writer: inout BlockWriter, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) -> Bool {
        offset = writer.appendPlain(
            of: json, from: offset &+ 1, escape: .backslash, in: &room)
        guard next(in: json) == .quote else {
            try appendRestOfString(of: json, to: &writer, in: &room)
            return false
        }
        offset &+= 1
        return true
    }

    private mutating func appendRestOfString(
        of json: Span<UInt8>, to writer: inout BlockWriter, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        while offset < json.count {
            switch json[offset] {
            case .quote:
                offset += 1
                return
            case .backslash: writer.append(try escapedScalar(in: json), in: &room)
            case ..<0x20: throw .jsonMalformed
            case 0x7F...:
                guard let scalar = json.scalar(at: offset) else { throw .jsonMalformed }
                offset += UTF8.width(scalar)
                writer.append(scalar, in: &room)
            default:
                offset = writer.appendPlain(
                    of: json, from: offset, escape: .backslash, in: &room)
            }
        }
        throw .jsonMalformed
    }

    /// Passes over one scalar of a string whose grammar was checked, and tells it.
    mutating func nextScalar(
        ofString json: Span<UInt8>
    ) throws(EventFailure.Code) -> Unicode.Scalar {
        guard json[offset] != .backslash else { return try escapedScalar(in: json) }
        guard let scalar = json.scalar(at: offset) else { throw .encodingInvalid }
        offset += UTF8.width(scalar)
        return scalar
    }

    /// Passes over an escape, or two that are a pair of surrogates.
    private mutating func escapedScalar(
        in json: Span<UInt8>
    ) throws(EventFailure.Code) -> Unicode.Scalar {
        offset += 2
        switch offset <= json.count ? json[offset - 1] : 0 {
        case .quote: return "\""
        case .backslash: return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try numberedScalar(in: json)
        default: throw .jsonMalformed
        }
    }

    private mutating func numberedScalar(
        in json: Span<UInt8>
    ) throws(EventFailure.Code) -> Unicode.Scalar {
        guard let unit = json.hexNumber(at: offset) else { throw .jsonMalformed }
        offset += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), next(in: json) == .backslash, offset + 1 < json.count,
            json[offset + 1] == UInt8(ascii: "u"), let second = json.hexNumber(at: offset + 2),
            UTF16.isTrailSurrogate(second)
        else { throw .encodingInvalid }
        offset += 6
        let value = 0x10000 + UInt32(unit & 0x3FF) << 10 + UInt32(second & 0x3FF)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}
