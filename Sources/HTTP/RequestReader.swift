/// Reads the requests of one HTTP/1.1 connection, one after the other.
///
/// The server's half of the protocol without its socket: the connection's owner fills a
/// ``ReadBuffer``, asks for the ``next(in:)`` thing to do, and does it. A body is put together
/// within the buffer, so that whoever takes the request sees it whole and in one place.
///
/// Spec: RFC 9112 §2.1, §6, §9.3
public struct RequestReader: Sendable {
    /// What there is to do.
    public enum Step: Equatable, Sendable {
        /// Read more; so many octets could be used at once.
        case needsInput(bytes: Int)
        /// The head is complete, in ``RequestReader/head``: decide whether the body is wanted.
        case head
        /// The request is complete; its body is this part of it.
        ///
        /// When it was taken, call ``RequestReader/finish(_:)``.
        case request(body: Range<Int>)
    }

    private enum State: Sendable {
        case head
        case body(bytes: Int)
        case chunked(ChunkedDecoder, bodyEnd: Int, offset: Int)
        case complete(bytes: Int)
    }

    /// The head of the request that is read now, once ``Step/head`` was answered.
    public private(set) var head = RequestHead()

    private let bodyBytesLimit: Int
    private let chunkOverheadBytesLimit: Int
    private var decoder: RequestHeadDecoder
    private var headBytes = 0
    /// The octets that ``head`` was read of, where they may be compared with those of the next:
    /// most heads of a sender are the same, and to see that is a tenth of reading one.
    private var knownHead: [UInt8] = []
    private static let knownHeadBytesLimit = 2 * 1024
    private var state = State.head

    /// - Parameters:
    ///   - bodyBytesLimit: the most octets of a body without its coding.
    ///   - chunkOverheadBytesLimit: the most octets of chunk extensions and trailer fields.
    public init(
        limits: RequestHeadLimits, bodyBytesLimit: Int, chunkOverheadBytesLimit: Int = 8 * 1024
    ) {
        decoder = RequestHeadDecoder(limits: limits)
        self.bodyBytesLimit = bodyBytesLimit
        self.chunkOverheadBytesLimit = chunkOverheadBytesLimit
    }

    /// Whether a request has begun and isn't complete.
    public func isWithinRequest(_ buffer: ReadBuffer) -> Bool {
        if case .head = state { return !buffer.isEmpty }
        return true
    }

    /// Whether none of the body has come yet, so that a client may be waiting for a 100.
    public func isBodyMissing(_ buffer: ReadBuffer) -> Bool {
        isWithinBody && head.hasBody && buffer.unread.count <= headBytes
    }

    /// Whether the head was read and the body wasn't.
    public var isWithinBody: Bool {
        switch state {
        case .body, .chunked: true
        case .head, .complete: false
        }
    }

    /// Goes on reading.
    ///
    /// - Throws: why the connection can't be used any more.
    public mutating func next(in buffer: inout ReadBuffer) throws(RequestFailure) -> Step {
        switch state {
        case .head: return try readHead(buffer)
        case .body(let bytes):
            let missing = headBytes + bytes - buffer.unread.count
            guard missing <= 0 else { return .needsInput(bytes: missing) }
            state = .complete(bytes: headBytes + bytes)
            return .request(body: headBytes..<headBytes + bytes)
        case .chunked(var decoder, var bodyEnd, var offset):
            let isComplete = try dechunk(&buffer, &decoder, bodyEnd: &bodyEnd, offset: &offset)
            guard isComplete else {
                state = .chunked(decoder, bodyEnd: bodyEnd, offset: offset)
                return .needsInput(bytes: 4 * 1024)
            }
            state = .complete(bytes: offset)
            return .request(body: headBytes..<bodyEnd)
        case .complete: preconditionFailure("the request before was not finished")
        }
    }

    /// Lets go of the request that was taken.
    public mutating func finish(_ buffer: inout ReadBuffer) {
        guard case .complete(let bytes) = state else { return }
        buffer.use(bytes)
        decoder.reset()
        state = .head
    }

    private mutating func readHead(_ buffer: ReadBuffer) throws(RequestFailure) -> Step {
        guard !buffer.isEmpty else { return .needsInput(bytes: 4 * 1024) }
        let message = buffer.octets.span.extracting(buffer.unread)
        if !message.begins(with: knownHead) {
            knownHead.removeAll(keepingCapacity: true)
            guard let bytes = try decoder.decode(message, into: &head)
            else { return .needsInput(bytes: 4 * 1024) }
            headBytes = bytes
            if bytes <= Self.knownHeadBytesLimit { knownHead.append(message.extracting(0..<bytes)) }
        }
        switch head.framing {
        case .length(let length):
            guard length <= bodyBytesLimit else { throw .bodyTooLarge }
            state = .body(bytes: length)
        case .chunked:
            let decoder = ChunkedDecoder(
                bodyBytesLimit: bodyBytesLimit, overheadBytesLimit: chunkOverheadBytesLimit)
            state = .chunked(decoder, bodyEnd: headBytes, offset: headBytes)
        }
        return .head
    }

    /// Decodes what there is and moves the body's parts together behind the head.
    ///
    /// Offsets count from the request's first octet. What lies between `bodyEnd` and `offset`
    /// is used up; it's closed as a gap before more is read, so that the buffer stays small.
    private func dechunk(
        _ buffer: inout ReadBuffer, _ decoder: inout ChunkedDecoder, bodyEnd: inout Int,
        offset: inout Int
    ) throws(RequestFailure) -> Bool {
        let start = buffer.unread.lowerBound
        while true {
            var place = start + offset
            let output: ChunkedDecoder.Output
            do throws(ChunkedDecoder.Failure) {
                let input = buffer.octets.span.extracting(0..<buffer.unread.upperBound)
                output = try decoder.decode(input, at: &place)
            } catch {
                throw error.asRequestFailure
            }
            offset = place - start
            switch output {
            case .body(let range):
                buffer.move(range, to: start + bodyEnd)
                bodyEnd += range.count
            case .needsInput:
                buffer.closeGap(from: start + bodyEnd, to: start + offset)
                offset = bodyEnd
                return false
            case .end: return true
            }
        }
    }
}
