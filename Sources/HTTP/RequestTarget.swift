/// The four forms of a request target.
///
/// Spec: RFC 9112 §3.2
enum RequestTarget {
    /// Reads a target, whose octets are those a target can have, into the head.
    static func read(
        _ message: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHead
    ) throws(RequestFailure) {
        // The authority-form is for CONNECT, which is no method of an origin.
        guard head.method != .connect else { throw .unknownMethod }
        guard hasWholePercents(message, target) else { throw .malformedTarget }
        switch message[target.lowerBound] {
        case .slash: readPath(message, target, into: &head)
        case .asterisk where target.count == 1 && head.method == .options: head.path = target
        default: try readAbsolute(message, target, into: &head)
        }
    }

    private static func readPath(
        _ message: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHead
    ) {
        let end = message.firstPlace(of: .question, in: target)
        head.path = target.lowerBound..<end
        head.query = end < target.upperBound ? end + 1..<target.upperBound : nil
    }

    private static func readAbsolute(
        _ message: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHead
    ) throws(RequestFailure) {
        guard let colon = target.first(where: { message[$0] == .colon }),
            colon + 3 <= target.upperBound, message.equals("://", in: colon..<colon + 3)
        else { throw .malformedTarget }
        let scheme = target.lowerBound..<colon
        guard message.equalsIgnoringCase("http", in: scheme) else { throw .misdirected }
        let start = colon + 3
        let end =
            (start..<target.upperBound).first {
                message[$0] == .slash || message[$0] == .question
            } ?? target.upperBound
        guard HostSyntax.isValid(message, start..<end) else { throw .malformedTarget }
        head.scheme = scheme
        head.host = start..<end
        guard end < target.upperBound, message[end] == .slash else {
            // An empty path means the root, whose slash can be had from before the host.
            head.path = colon + 2..<colon + 3
            head.query = end < target.upperBound ? end + 1..<target.upperBound : nil
            return
        }
        readPath(message, end..<target.upperBound, into: &head)
    }

    private static func hasWholePercents(_ message: Span<UInt8>, _ target: Range<Int>) -> Bool {
        var place = target.lowerBound
        while true {
            place = message.firstPlace(of: .percent, in: place..<target.upperBound)
            guard place < target.upperBound else { return true }
            guard place + 2 < target.upperBound, message[place + 1].isHexDigit,
                message[place + 2].isHexDigit
            else { return false }
            place += 3
        }
    }
}
