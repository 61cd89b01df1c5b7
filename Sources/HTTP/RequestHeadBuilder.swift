/// Makes a request's head of parts that came apart already, as HTTP/2 brings them.
///
/// It holds them to what ``RequestHeadDecoder`` asks of the same parts in HTTP/1.1, so that
/// whoever takes a request need not know how it came. What only HTTP/2 has, such as the order of
/// pseudo-fields, is left to the caller.
///
/// Spec: RFC 9113 §8.3.1
package struct RequestHeadBuilder: Sendable {
    /// The head so far; complete after ``finish(_:scheme:)``.
    package private(set) var head = RequestHead()
    private let limits: RequestHeadLimits
    private var parts = Parts()

    /// What HTTP/2 has for a request line.
    package enum PseudoField: Sendable {
        /// What its name says.
        case method, scheme, path, authority

        /// - Parameter name: of any field; those that are something else make nothing.
        package init?(_ name: Span<UInt8>) {
            func isNamed(_ text: StaticString) -> Bool { name.equals(text, in: 0..<name.count) }
            switch name.count {
            case 5 where isNamed(":path"): self = .path
            case 7 where isNamed(":method"): self = .method
            case 7 where isNamed(":scheme"): self = .scheme
            case 10 where isNamed(":authority"): self = .authority
            default: return nil
            }
        }
    }

    private struct Parts: Sendable {
        var target = 0..<0
        var scheme: Range<Int>?
        var authority: Range<Int>?
        var framing = FramingFields()
        var seen: Singletons = []
        /// A proxy says that it passed the request on.
        var isForwarded = false
        /// Names, values and 32 for each field.
        var bytes = 0
    }

    /// - Parameter limits: what a head may have at most.
    package init(limits: RequestHeadLimits) { self.limits = limits }

    /// Gets ready for the next request.
    package mutating func reset() {
        head.reset()
        parts = Parts()
    }

    /// Counts a field before it's kept; 32 octets stand for what keeping it costs.
    ///
    /// Spec: RFC 9113 §6.5.2
    package mutating func count(
        nameBytes: Int, valueBytes: Int
    ) throws(RequestFailure) {
        parts.bytes += nameBytes + valueBytes + 32
        guard parts.bytes <= limits.headerBytes, valueBytes <= limits.headerValueBytes,
            head.fields.count < limits.headerFields
        else { throw .headerTooLarge }
    }

    /// Takes a field; pseudo-fields that are unknown say nothing.
    package mutating func add(
        _ message: Span<UInt8>, name: Range<Int>, value: Range<Int>
    ) throws(RequestFailure) {
        guard !name.isEmpty, message[name.lowerBound] != .colon
        else { return }
        head.fields.append(Field(name: name, value: value))
        switch name.count {
        case 3 where message.isName("via", in: name),
            9 where message.isName("forwarded", in: name),
            15 where message.isName("x-forwarded-for", in: name),
            17 where message.isName("x-forwarded-proto", in: name):
            parts.isForwarded = true
        case 4 where message.isName("host", in: name):
            guard parts.seen.insert(.host).inserted, isHost(message, value)
            else { throw .malformedHost }
            head.host = value
        case 6 where message.isName("expect", in: name):
            guard message.equalsIgnoringCase("100-continue", in: value)
            else { throw .unknownExpectation }
            head.expectsContinue = true
        case 12 where message.isName("content-type", in: name):
            guard parts.seen.insert(.contentType).inserted else { throw .malformedField }
        case 13 where message.isName("authorization", in: name):
            guard parts.seen.insert(.authorization).inserted else { throw .malformedField }
        case 14 where message.isName("content-length", in: name):
            try parts.framing.readLength(message, value)
        default: break
        }
    }

    /// Takes a pseudo-field, of which only the value is kept.
    ///
    /// - Parameter place: where the value stands in the message.
    package mutating func add(_ field: PseudoField, _ value: Span<UInt8>, at place: Range<Int>) {
        switch field {
        case .method:
            head.methodName = place
            head.method = RequestHead.Method(value, 0..<value.count)
        case .scheme: parts.scheme = place
        case .path: parts.target = place
        case .authority: parts.authority = place
        }
    }

    /// Checks the head as a whole, when all fields are there.
    ///
    /// - Parameters:
    ///   - scheme: the only one that is served here; a proxy may tell the one it was asked for.
    ///   - hasBody: whether the head wasn't the request's end. Where no field gives the body's
    ///     length the framing is ``RequestHead/Framing/chunked``, for it ends where it ends.
    package mutating func finish(
        _ message: Span<UInt8>, scheme: StaticString?, hasBody: Bool
    ) throws(RequestFailure) {
        // A tunnel has no target and no scheme; and nobody here makes one.
        guard head.method != .connect, head.method != .other else { throw .unknownMethod }
        try readTarget(message)
        if let scheme, let sent = parts.scheme, !parts.isForwarded {
            guard message.equalsIgnoringCase(scheme, in: sent) else { throw .misdirected }
        }
        try readAuthority(message)
        try parts.framing.finish(&head)
        if hasBody, !parts.framing.hasLength { head.framing = .chunked }
    }

    /// Tells the body's length when its end has come.
    package mutating func finishBody(bytes: Int) { head.framing = .length(bytes) }

    private mutating func readTarget(_ message: Span<UInt8>) throws(RequestFailure) {
        let target = parts.target
        guard head.methodName.count + target.count <= limits.requestLineBytes
        else { throw .targetTooLong }
        // Nothing stands between the parts, so a search would go on into the next.
        let start = message.extracting(0..<target.upperBound)
        guard let first = target.first, start.endOfTarget(from: first) == target.upperBound,
            message[first] == .slash || message[first] == .asterisk
        else { throw .malformedTarget }
        try RequestTarget.read(message, target, into: &head)
    }

    /// Where both name the host, they must name the same.
    private mutating func readAuthority(_ message: Span<UInt8>) throws(RequestFailure) {
        if let authority = parts.authority {
            guard isHost(message, authority) else { throw .malformedHost }
            if let host = head.host, !message.isSameHost(authority, host) {
                throw .malformedHost
            }
            head.host = authority
        }
        guard head.host != nil else { throw .malformedHost }
    }

    private func isHost(_ message: Span<UInt8>, _ host: Range<Int>) -> Bool {
        HostSyntax.isValid(message.extracting(0..<host.upperBound), host)
    }
}
