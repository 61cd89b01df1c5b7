internal import HTTP

/// One stream: a request as it comes in, and the response as it goes out.
///
/// Kept when its stream is over, and used for the next, with the room it has.
struct HTTP2Stream {
    /// What the request has come to.
    enum Phase {
        /// Its fields are coming.
        case head
        /// Its body is coming.
        case body
        /// It's all here.
        case complete
        /// Its octets were let go of; what still comes is dropped.
        case released
    }

    /// A request's octets, and its head as ranges of them.
    struct Request {
        var builder: RequestHeadBuilder
        var message: [UInt8] = []
        var headBytes = 0
        /// Octets of all fields, also of those that weren't kept.
        var fieldBytes = 0
        /// Why it was refused; nothing is kept from then on.
        var failure: RequestFailure?

        var bodyBytes: Int { message.count - headBytes }
    }

    /// 0 while there's none.
    var number: Int32 = 0
    var request: Request
    var phase = Phase.head
    var isHeadReported = false
    var isRequestReported = false
    var isAnswered = false
    /// The response is on its way to its end, and the request isn't.
    var isSent = false
    var response: [UInt8] = []
    var responseOffset = 0
    /// Octets of the body that the peer may send in all.
    var granted = 0
    var trailerBytes = 0
    /// Since when something is due of the peer, in nanoseconds.
    var since = 0

    init(limits: RequestHeadLimits) {
        request = Request(builder: RequestHeadBuilder(limits: limits))
    }

    mutating func begin(_ number: Int32, granted: Int, now: Int) {
        self.number = number
        self.granted = granted
        since = now
        phase = .head
        isHeadReported = false
        isRequestReported = false
        isAnswered = false
        isSent = false
        trailerBytes = 0
        request.reset()
    }

    /// Makes room for as much of the body as was granted, once, where its length is known.
    mutating func makeRoom() {
        guard case .length(let length) = request.builder.head.framing, length > 0 else { return }
        request.message.reserveCapacity(request.headBytes + min(length, granted))
    }

    /// The request has all its octets.
    mutating func finishRequest() {
        phase = .complete
        request.builder.finishBody(bytes: request.bodyBytes)
    }

    /// Lends the head, its octets, and where in them the body is; empty until it's complete.
    mutating func withRequest<Result>(
        _ body: (RequestHead, Span<UInt8>, Range<Int>) -> Result
    ) -> Result {
        let end = phase == .complete ? request.message.count : request.headBytes
        return body(request.builder.head, request.message.span, request.headBytes..<end)
    }

    /// Reads on in the response's body.
    mutating func readResponse(
        into room: UnsafeMutableBufferPointer<UInt8>
    ) -> (bytes: Int, isEnd: Bool) {
        let start = responseOffset
        responseOffset = min(start + room.count, response.count)
        unsafe response.withUnsafeBufferPointer {
            let part = unsafe UnsafeBufferPointer(rebasing: $0[start..<responseOffset])
            _ = unsafe room.update(fromContentsOf: part)
        }
        return (responseOffset - start, responseOffset == response.count)
    }

    mutating func end() {
        number = 0
        response = []
        responseOffset = 0
    }
}

extension HTTP2Stream.Request {
    mutating func reset() {
        builder.reset()
        message.removeAll(keepingCapacity: true)
        headBytes = 0
        fieldBytes = 0
        failure = nil
    }

    /// Takes a field in; the octets are gone after the call.
    mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        fieldBytes += name.count + value.count
        guard failure == nil else { return }
        do throws(RequestFailure) {
            try builder.count(nameBytes: name.count, valueBytes: value.count)
            let start = message.count
            if let field = RequestHeadBuilder.PseudoField(name) {
                message.append(value)
                return builder.add(field, value, at: start..<message.count)
            }
            message.append(name)
            message.append(value)
            let end = start + name.count
            try Self.add(name: start..<end, value: end..<message.count, of: message, to: &builder)
        } catch {
            failure = error
        }
    }

    private static func add(
        name: Range<Int>, value: Range<Int>, of message: [UInt8],
        to builder: inout RequestHeadBuilder
    ) throws(RequestFailure) {
        try builder.add(message.span, name: name, value: value)
    }

    /// Checks the head.
    ///
    /// - Returns: why it's refused.
    mutating func finishHead(_ limits: HTTP2Limits, hasBody: Bool) -> RequestFailure? {
        headBytes = message.count
        if let failure { return failure }
        do throws(RequestFailure) {
            try Self.finish(message, limits.scheme.name, hasBody: hasBody, &builder)
        } catch {
            return error
        }
        guard case .length(let length) = builder.head.framing else { return nil }
        guard length <= limits.bodyBytes else { return .bodyTooLarge }
        return nil
    }

    private static func finish(
        _ message: [UInt8], _ scheme: StaticString?, hasBody: Bool,
        _ builder: inout RequestHeadBuilder
    ) throws(RequestFailure) {
        try builder.finish(message.span, scheme: scheme, hasBody: hasBody)
    }

    /// Keeps a little room for the next request.
    mutating func letGo() {
        if message.capacity > 16 * 1024 {
            message = []
        } else {
            message.removeAll(keepingCapacity: true)
        }
        headBytes = 0
    }
}

extension [UInt8] {
    /// Appends octets that are only lent.
    mutating func append(_ octets: Span<UInt8>) {
        unsafe octets.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
