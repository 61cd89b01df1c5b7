internal import CNghttp2
public import HTTP

/// The server's half of one HTTP/2 connection without its socket.
///
/// Owner: one loop, which makes all calls. It gives ``receive(_:now:)`` what came in, takes what
/// that led to by ``nextStep()``, answers by ``respond(_:_:)``, and sends what it gets by
/// ``write(into:limit:)``. The protocol is the library's; what a request is, how much of anything
/// there may be, and when a peer has been slow for too long is decided here.
///
/// A value with one owner: the library calls back while it is lent its place, so nothing of it is
/// changed behind anybody's back.
///
/// Spec: RFC 9113 §3.4, §5, §6, §8
@safe
public struct HTTP2Session: ~Copyable {
    /// What has happened.
    public enum Step: Equatable {
        /// A head is complete: decide whether the body is wanted.
        case head(stream: Int32)
        /// A request is complete: take it, ``release(_:)`` it, and ``respond(_:_:)`` some time.
        case request(stream: Int32)
        /// A stream, or the whole connection, was refused; to be counted and logged.
        case refused(Problem)
        /// A stream that was reported is gone. A response to its request is still expected, lest
        /// a peer have more work under way than it may by cancelling; it goes nowhere.
        case cancelled(stream: Int32)
    }

    /// The field line of responses, kept by the owner for as long as the second lasts.
    public var date: [UInt8] = []

    let limits: HTTP2Limits
    let library: OpaquePointer
    var now: Int
    var flood: FloodGuard
    private var goodbyes = GoodbyeMask()
    var budget: BodyBudget
    var steps = StepQueue()

    var streams: [HTTP2Stream] = []
    var freeIndices: [Int] = []
    /// Streams that are gone while somebody still works on their requests.
    var orphans: [Int32] = []
    /// The place in ``streams`` of the one whose fields are coming.
    var current: Int?
    var heldHeadBytes = 0

    var fields = FieldBlock()
    var failure: HTTP2Failure?
    /// The library gets nothing more: it has been known to stumble over what follows an error.
    var isTerminated = false
    var drain = DrainState.none
    /// Octets of bodies that the connection's window gets back when our settings are known.
    var unreturnedBytes = 0
    let settingsSent: Int
    /// How many streams had been opened when the time was looked at last.
    var streamsKnown = 0
    var isAcknowledged = false
    var bodies = BodyClock()

    /// How far the connection is with ending in good order.
    enum DrainState {
        case none
        /// The peer knows, and new streams are still taken.
        case announced(since: Int)
        /// New streams are ignored.
        case final
    }

    /// A connection that was just made.
    ///
    /// - Parameter now: nanoseconds, as the owner's loop has them.
    public init(_ limits: HTTP2Limits, now: Int) {
        self.limits = limits
        self.now = now
        settingsSent = now
        flood = FloodGuard(limits, now: now)
        budget = BodyBudget(bytes: limits.bodyBudgetBytes)
        unsafe library = Library.makeSession()
        unsafe Library.submitSettings(limits, to: library)
    }

    deinit { unsafe nghttp2_session_del(library) }

    /// Takes octets in, all of them unless the session is over.
    public mutating func receive(_ octets: Span<UInt8>, now: Int) {
        self.now = now
        guard !isTerminated, !octets.isEmpty else { return }
        flood.received(bytes: octets.count)
        var result = 0
        var goodbyes = goodbyes
        goodbyes.pass(octets) { part in
            result = unsafe part.withUnsafeBufferPointer { octets in
                unsafe callingBack {
                    unsafe nghttp2_session_mem_recv($0, octets.baseAddress, octets.count)
                }
            }
            return failure == nil && result >= 0
        }
        self.goodbyes = goodbyes
        if failure == nil { failure = flood.overhead }
        if let failure {
            terminate(failure)
        } else if result < 0 {
            // All other errors that the library doesn't tell the peer itself are floods.
            let isMalformed = result == Int(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue)
            let code = isMalformed ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_ENHANCE_YOUR_CALM
            terminate(.other(code: code.rawValue))
        }
    }

    /// What has happened next; also look here after ``write(into:limit:)`` and ``checkTime(now:)``.
    public mutating func nextStep() -> Step? {
        while let step = steps.next() {
            switch step {
            case .head(let stream):
                guard let index = index(of: stream), !streams[index].isAnswered else { continue }
                streams[index].isHeadReported = true
            case .request(let stream):
                guard let index = index(of: stream), !streams[index].isAnswered else { continue }
                streams[index].isRequestReported = true
            case .refused, .cancelled: break
            }
            return step
        }
        return nil
    }

    /// Lends a stream's head, its octets, and where in them the body is; empty until it's complete.
    ///
    /// - Returns: nothing where the stream is gone or was released.
    public mutating func withRequest<Result>(
        _ stream: Int32, _ body: (RequestHead, Span<UInt8>, Range<Int>) -> Result
    ) -> Result? {
        guard let index = index(of: stream), streams[index].phase != .released else { return nil }
        return streams[index].withRequest(body)
    }

    /// Lets go of a complete request's octets once they were taken; the answer may come much later.
    public mutating func release(_ stream: Int32) {
        guard let index = index(of: stream), streams[index].phase == .complete else { return }
        release(at: index)
    }

    /// Requests under way, those included whose streams are gone and whose answers aren't here.
    public var openStreamsCount: Int { streams.count - freeIndices.count + orphans.count }

    /// Whether a request was reported to which there is no answer yet, and somebody to get it.
    public var isAnswerDue: Bool {
        streams.contains { $0.number != 0 && $0.isRequestReported && !$0.isAnswered }
    }

    /// Whether nothing is under way and there is nothing to write.
    public var isIdle: Bool { openStreamsCount == 0 && !hasOutput }

    /// Whether ``write(into:limit:)`` may have something.
    public var hasOutput: Bool { unsafe nghttp2_session_want_write(library) != 0 }

    /// Whether it makes sense to read: not while the answers to frames pile up.
    public var wantsInput: Bool {
        unsafe !isTerminated && nghttp2_session_get_outbound_queue_size(library) < 500
    }

    /// Whether there is nothing more to read or write: send what was written, then close.
    ///
    /// A client that said goodbye may go on asking: it's only that it takes no streams of ours.
    public var isOver: Bool {
        guard unsafe nghttp2_session_want_read(library) == 0, !hasOutput else { return false }
        if case .final = drain { return true }
        return isTerminated
    }

    // MARK: - Streams

    /// Where in ``streams`` that of the number stands while it isn't over.
    func index(of number: Int32) -> Int? {
        let mark = unsafe http2_mark_of_stream(library, number)
        return mark == 0 ? nil : mark - 1
    }

    mutating func makeStream(_ number: Int32) -> Int {
        let index = freeIndices.popLast() ?? streams.count
        if index == streams.count { streams.append(HTTP2Stream(limits: limits.head)) }
        streams[index].begin(number, granted: limits.initialWindowBytes, now: now)
        unsafe http2_mark_stream(library, number, index + 1)
        return index
    }

    mutating func release(at index: Int) {
        guard streams[index].phase != .released else { return }
        streams[index].phase = .released
        heldHeadBytes -= streams[index].request.headBytes
        streams[index].request.letGo()
        budget.remove(streams[index].number)
        grantBodies()
    }

    /// Runs what calls back, with the session's place for as long as that takes.
    ///
    /// Of the library's functions only those that take octets in or give some out do.
    mutating func callingBack<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        let library = unsafe library
        return unsafe withUnsafeMutablePointer(to: &self) {
            unsafe nghttp2_session_set_user_data(library, $0)
            defer { unsafe nghttp2_session_set_user_data(library, nil) }
            return unsafe body(library)
        }
    }
}
