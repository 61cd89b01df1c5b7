/// What the fields of a request say about where it ends.
///
/// Spec: RFC 9112 §6.1, §6.2, §6.3
struct FramingFields: Sendable {
    var isCloseSeen = false
    private var length: Int?
    private var coding: Coding?

    var hasLength: Bool { length != nil }

    private enum Coding {
        case chunked
        /// Well-known codings, `chunked` last: understood, but not implemented.
        case compressed
    }

    mutating func readLength(
        _ message: Span<UInt8>, _ value: Range<Int>
    ) throws(RequestFailure) {
        // A repeated length may be merged if it's the same; but then why is it repeated?
        guard length == nil else { throw .ambiguousFraming }
        guard !value.isEmpty else { throw .malformedLength }
        var number = 0
        let digits = message.extracting(value)
        for place in digits.indices {
            let digit = digits[place] &- 0x30
            guard digit <= 9 else { throw .malformedLength }
            // More than any limit, and so it can't overflow.
            if number < 1 << 56 { number = number &* 10 &+ Int(digit) }
        }
        length = number
    }

    mutating func readCoding(
        _ message: Span<UInt8>, _ value: Range<Int>
    ) throws(RequestFailure) {
        guard coding == nil else { throw .ambiguousFraming }
        if message.equalsIgnoringCase("chunked", in: value) {
            coding = .chunked
        } else if isCompressed(message, value) {
            coding = .compressed
        } else {
            throw .ambiguousFraming
        }
    }

    private func isCompressed(_ message: Span<UInt8>, _ value: Range<Int>) -> Bool {
        var isKnown = true
        var isChunkedLast = false
        message.forEachListMember(of: value) { coding in
            let isCompression =
                message.equalsIgnoringCase("gzip", in: coding)
                || message.equalsIgnoringCase("x-gzip", in: coding)
                || message.equalsIgnoringCase("deflate", in: coding)
                || message.equalsIgnoringCase("compress", in: coding)
            let isChunked = message.equalsIgnoringCase("chunked", in: coding)
            isKnown = isKnown && !isChunkedLast && (isCompression || isChunked)
            isChunkedLast = isChunked
        }
        return isKnown && isChunkedLast
    }

    /// Decides, when all fields were read.
    func finish(_ head: inout RequestHead) throws(RequestFailure) {
        guard let coding else {
            head.framing = .length(length ?? 0)
            return
        }
        // RFC 9112 §6.1 lets chunked win over a length; whoever sends both means harm.
        guard length == nil, head.minorVersion == 1 else { throw .ambiguousFraming }
        guard coding == .chunked else { throw .unknownCoding }
        head.framing = .chunked
    }
}
