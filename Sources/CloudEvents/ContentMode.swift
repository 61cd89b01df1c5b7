/// How events stand in a request.
///
/// Spec: CloudEvents HTTP §1.3
public enum ContentMode: Sendable, Equatable {
    /// One event: attributes in header fields, data in the body.
    case binary
    /// One event, all of it in the body, as JSON.
    case structured
    /// Any number of events in the body, as a JSON array.
    case batched

    /// The mode that a `Content-Type` asks for.
    ///
    /// Spec: CloudEvents HTTP §3. Any media type that begins like those of CloudEvents is one;
    /// of these, only the formats in JSON are known.
    init(contentType: Span<UInt8>) throws(EventFailure.Code) {
        let prefixBytes = 23
        guard contentType.count >= prefixBytes,
            contentType.foldedWord(at: 0) == UInt64(ascii: "applicat"),
            contentType.foldedWord(at: 8) == UInt64(ascii: "ion/clou"),
            contentType.foldedWord(at: 15) == UInt64(ascii: "udevents")
        else {
            self = .binary
            return
        }
        if contentType.count == 28, contentType.word(at: 20) == UInt64(ascii: "nts+json") {
            self = .structured
            return
        }
        let end = (prefixBytes..<contentType.count).first { !contentType[$0].isToken }
        switch end ?? contentType.count {
        case 28 where contentType.foldedWord(at: 20) == UInt64(ascii: "nts+json"):
            self = .structured
        case 34
        where contentType.foldedWord(at: 20) == UInt64(ascii: "nts-batc")
            && contentType.foldedWord(at: 26) == UInt64(ascii: "tch+json"):
            self = .batched
        default: throw .formatUnsupported
        }
        guard end != nil else { return }
        guard let type = MediaType(contentType) else { throw .formatUnsupported }
        guard type.isUTF8 else { throw .charsetUnsupported }
    }
}
