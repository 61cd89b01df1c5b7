/// Reads the head of a request, however the network cut it.
///
/// Spec: RFC 9112 §3, §5. The decoder does no I/O and keeps no octets: it is shown the request
/// from its first octet on, and again with more of it until the head is complete. It begins each
/// time at the line it could not finish, so an octet is looked at again only within its line.
///
/// It is stricter than the specification has to be wherever two parsers in one chain could read
/// the same octets differently: bare line ends, folded lines, blanks before a colon, repeated
/// lengths. That is how requests are smuggled past the first of them.
public struct RequestHeadDecoder: Sendable {
    private let limits: RequestHeadLimits
    private var line = Line.request(emptyLines: 0)
    /// Where the line begins that isn't complete yet.
    private var offset = 0
    private var framing = FramingFields()
    private var seen: Singletons = []

    private enum Line {
        case request(emptyLines: Int)
        case field
    }

    /// - Parameter limits: what a head may have at most.
    public init(limits: RequestHeadLimits) { self.limits = limits }

    /// Gets ready for the next request.
    public mutating func reset() {
        line = .request(emptyLines: 0)
        offset = 0
        framing = FramingFields()
        seen = []
    }

    /// Decodes as much as there is.
    ///
    /// - Parameters:
    ///   - message: the octets from the request's first on; the same ones as before, and more.
    ///   - head: what to fill; to be kept between calls.
    /// - Returns: how many octets the head has, or nothing while it isn't complete.
    public mutating func decode(
        _ message: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestFailure) -> Int? {
        if offset == 0 { head.reset() }
        while true {
            switch line {
            case .request(let emptyLines):
                if let next = try emptyLine(message) {
                    // RFC 9112 §2.2 lets a client send some between requests; not without end.
                    guard emptyLines < 4 else { throw .malformedRequestLine }
                    line = .request(emptyLines: emptyLines + 1)
                    offset = next
                    continue
                }
                guard let next = try requestLine(message, into: &head) else { return nil }
                offset = next
                line = .field
            case .field:
                if let end = try emptyLine(message) {
                    guard end <= limits.headerBytes else { throw .headerTooLarge }
                    try framing.finish(&head)
                    try checkHost(message, head)
                    return end
                }
                guard let next = try fieldLine(message, into: &head) else {
                    guard message.count <= limits.headerBytes else { throw .headerTooLarge }
                    return nil
                }
                guard next <= limits.headerBytes else { throw .headerTooLarge }
                offset = next
            }
        }
    }

    /// The end of an empty line at `offset`, if it is one.
    private func emptyLine(_ message: Span<UInt8>) throws(RequestFailure) -> Int? {
        guard offset + 1 < message.count, message[offset] == .cr else { return nil }
        if message[offset + 1] == .lf { return offset + 2 }
        if case .request = line { throw .malformedRequestLine }
        throw .malformedField
    }

    // MARK: - Request line

    private func requestLine(
        _ message: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestFailure) -> Int? {
        var place = message.endOfToken(from: offset)
        guard place < message.count else { return try unfinishedRequestLine(message) }
        guard message[place] == .space, place > offset else {
            guard message[place] == .cr, place == offset else { throw .malformedRequestLine }
            return nil  // The rest of an empty line is still on its way.
        }
        head.methodName = offset..<place
        head.method = RequestHead.Method(message, offset..<place)

        place += 1
        let target = place
        place = message.endOfPlainPath(from: place)
        let isPlainPath = place < message.count && message[place] == .space
        if !isPlainPath { place = message.endOfTarget(from: place) }
        guard place - offset <= limits.requestLineBytes else { throw .targetTooLong }
        guard place < message.count else { return try unfinishedRequestLine(message) }
        guard message[place] == .space, place > target else { throw .malformedRequestLine }
        guard let end = try version(message, at: place + 1, into: &head) else { return nil }
        guard head.method != .other else { throw .unknownMethod }
        if isPlainPath, message[target] == .slash, head.method != .connect {
            head.path = target..<place
        } else {
            try RequestTarget.read(message, target..<place, into: &head)
        }
        return end
    }

    private func unfinishedRequestLine(_ message: Span<UInt8>) throws(RequestFailure) -> Int? {
        guard message.count - offset <= limits.requestLineBytes else { throw .targetTooLong }
        return nil
    }

    /// Reads the version and the end of the request line; nothing while that isn't complete.
    ///
    /// Spec: RFC 9112 §2.3
    private func version(
        _ message: Span<UInt8>, at start: Int, into head: inout RequestHead
    ) throws(RequestFailure) -> Int? {
        if message.count >= start + 10, message.equals("HTTP/1.1\r\n", in: start..<start + 10) {
            return start + 10
        }
        try checkVersionSyntax(message, at: start)
        guard message.count >= start + 8 else { return nil }
        switch (message[start + 5], message[start + 7]) {
        case (0x31, 0x30): head.minorVersion = 0
        case (0x31, 0x31): head.minorVersion = 1
        default: throw .unsupportedVersion
        }
        head.keepsAlive = head.minorVersion == 1
        guard message.count > start + 8 else { return nil }
        guard message[start + 8] == .cr else { throw .malformedRequestLine }
        guard message.count > start + 9 else { return nil }
        guard message[start + 9] == .lf else { throw .malformedRequestLine }
        return start + 10
    }

    /// `"HTTP/" DIGIT "." DIGIT`, as far as it's here.
    private func checkVersionSyntax(
        _ message: Span<UInt8>, at start: Int
    ) throws(RequestFailure) {
        let known: StaticString = "HTTP/"
        for offset in 0..<min(8, message.count - start) {
            let octet = message[start + offset]
            let isRight =
                switch offset {
                case 0..<5: known.octet(at: offset) == octet
                case 6: octet == .dot
                default: octet.isDigit
                }
            guard isRight else { throw .malformedRequestLine }
        }
    }

    // MARK: - Fields

    @inline(__always)
    private mutating func fieldLine(
        _ message: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestFailure) -> Int? {
        var place = message.endOfToken(from: offset)
        guard place < message.count else { return nil }
        guard message[place] == .colon, place > offset else {
            // A CR alone may be the first half of the empty line at the end.
            guard message[place] == .cr, place == offset, place + 1 == message.count
            else { throw .malformedField }
            return nil
        }
        let name = offset..<place

        place += 1
        while place < message.count, message[place].isBlank { place += 1 }
        let start = place
        place = message.endOfFieldContent(from: place)
        guard place - start <= limits.headerValueBytes else { throw .headerTooLarge }
        guard place < message.count else { return nil }
        guard message[place] == .cr else { throw .malformedField }
        guard place + 1 < message.count else { return nil }
        guard message[place + 1] == .lf else { throw .malformedField }

        var end = place
        while end > start, message[end - 1].isBlank { end -= 1 }
        guard head.fields.count < limits.headerFields else { throw .headerTooLarge }
        head.fields.append(Field(name: name, value: start..<end))
        try interpret(message, name, start..<end, into: &head)
        return place + 2
    }

    /// Reads those fields that say where the request ends and what becomes of the connection.
    @inline(__always)
    private mutating func interpret(
        _ message: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>,
        into head: inout RequestHead
    ) throws(RequestFailure) {
        switch name.count {
        case 4 where message.isName("host", in: name):
            try readHost(message, value, into: &head)
        case 6 where message.isName("expect", in: name) && head.minorVersion > 0:
            guard message.equalsIgnoringCase("100-continue", in: value)
            else { throw .unknownExpectation }
            head.expectsContinue = true
        case 10 where message.isName("connection", in: name):
            readConnection(message, value, into: &head)
        case 12 where message.isName("content-type", in: name):
            guard seen.insert(.contentType).inserted else { throw .malformedField }
        case 13 where message.isName("authorization", in: name):
            guard seen.insert(.authorization).inserted else { throw .malformedField }
        case 14 where message.isName("content-length", in: name):
            try framing.readLength(message, value)
        case 17 where message.isName("transfer-encoding", in: name):
            try framing.readCoding(message, value)
        default: break
        }
    }

    private mutating func readHost(
        _ message: Span<UInt8>, _ host: Range<Int>, into head: inout RequestHead
    ) throws(RequestFailure) {
        guard seen.insert(.host).inserted else { throw .malformedHost }
        guard HostSyntax.isValid(message, host) else { throw .malformedHost }
        if let target = head.host {
            // The target's own host counts; a proxy that went by the other was misled.
            guard message.isSameHost(target, host) else { throw .misdirected }
        } else {
            head.host = host
        }
    }

    /// Reads what the client wants to become of the connection; `close` wins.
    ///
    /// Spec: RFC 9112 §9.3
    private mutating func readConnection(
        _ message: Span<UInt8>, _ options: Range<Int>, into head: inout RequestHead
    ) {
        var keepsAlive = false
        message.forEachListMember(of: options) { option in
            if message.equalsIgnoringCase("close", in: option) { framing.isCloseSeen = true }
            if message.equalsIgnoringCase("keep-alive", in: option) { keepsAlive = true }
        }
        if framing.isCloseSeen {
            head.keepsAlive = false
        } else if keepsAlive {
            head.keepsAlive = true
        }
    }

    private func checkHost(
        _ message: Span<UInt8>, _ head: RequestHead
    ) throws(RequestFailure) {
        guard seen.contains(.host) || head.minorVersion == 0 else { throw .malformedHost }
    }
}

/// Fields that nobody can combine, and whose readers may disagree which of two counts.
struct Singletons: OptionSet {
    var rawValue: UInt8

    static let host = Singletons(rawValue: 1)
    static let contentType = Singletons(rawValue: 2)
    static let authorization = Singletons(rawValue: 4)
}

extension RequestHead.Method {
    /// The method of a name, whose case counts.
    init(_ message: Span<UInt8>, _ name: Range<Int>) {
        func isNamed(_ method: StaticString) -> Bool { message.equals(method, in: name) }
        self =
            switch name.count {
            case 3 where isNamed("GET"): .get
            case 3 where isNamed("PUT"): .put
            case 4 where isNamed("POST"): .post
            case 4 where isNamed("HEAD"): .head
            case 5 where isNamed("PATCH"): .patch
            case 5 where isNamed("TRACE"): .trace
            case 6 where isNamed("DELETE"): .delete
            case 7 where isNamed("OPTIONS"): .options
            case 7 where isNamed("CONNECT"): .connect
            default: .other
            }
    }
}
