/// Decides when a peer does too much of what costs it little and us more.
///
/// A pure value: told of each frame before it's looked at, and of what became of it. What is
/// bounded here the library doesn't bound, or more loosely.
///
/// Spec: RFC 9113 §10.5
struct FloodGuard: Sendable {
    /// The frame types of RFC 9113 that count here.
    enum FrameType: UInt8 {
        case data = 0
        case headers = 1
        case priority = 2
        case reset = 3
        case settings = 4
        case ping = 6
        case windowUpdate = 8
        case continuation = 9
    }

    private let emptyFramesLimit: Int
    private let overheadBytesLimit: Int
    private var resets: TokenBucket
    private var pings: TokenBucket
    private var glitches: TokenBucket
    private var numbers = StreamNumbers()
    private var emptyFrames = 0
    private var priorities = 0
    private var windowUpdates = 0
    /// Frames of DATA that the peer has got, and may answer with updates.
    private var dataFramesSent = 0
    private var receivedBytes = 0
    private var payloadBytes = 0

    init(_ limits: HTTP2Limits, now: Int) {
        emptyFramesLimit = limits.emptyFrames
        overheadBytesLimit = limits.overheadBytes
        resets = TokenBucket(limits.resets, now: now)
        pings = TokenBucket(limits.pings, now: now)
        glitches = TokenBucket(limits.glitches, now: now)
    }

    /// How many streams the peer has opened.
    var streamsOpened: Int { numbers.opened }

    /// A frame begins.
    ///
    /// - Parameters:
    ///   - isEnd: whether it ends its stream.
    ///   - isAcknowledgement: whether settings acknowledge ours.
    mutating func received(
        _ type: UInt8, bytes: Int, stream: Int32, isEnd: Bool, isAcknowledgement: Bool, now: Int
    ) -> HTTP2Failure? {
        switch FrameType(rawValue: type) {
        case .data, .continuation: return countEmpty(bytes: bytes, isEnd: isEnd)
        case .headers:
            return countEmpty(bytes: bytes, isEnd: isEnd) ?? check(stream, now: now)
        case .reset: return resets.take(now: now) ? nil : .tooManyResets
        case .settings where isAcknowledgement: return nil
        case .settings, .ping: return pings.take(now: now) ? nil : .tooManyPings
        case .priority:
            priorities += 1
            return priorities <= 100 * (1 + numbers.opened) ? nil : .tooManyUpdates
        case .windowUpdate:
            windowUpdates += 1
            let needed = 5 + 2 * (numbers.opened + 10 * dataFramesSent)
            return windowUpdates <= needed ? nil : .tooManyUpdates
        case nil: return nil
        }
    }

    /// Octets came, whatever they are.
    mutating func received(bytes: Int) { receivedBytes += bytes }

    /// Octets of a body or a field came.
    mutating func received(payload bytes: Int) { payloadBytes += bytes }

    /// Whether there is too little in what came.
    var overhead: HTTP2Failure? {
        receivedBytes - overheadBytesLimit > 8 * payloadBytes ? .tooMuchOverhead : nil
    }

    /// Something was odd.
    mutating func glitch(now: Int) -> HTTP2Failure? {
        glitches.take(now: now) ? nil : .tooManyGlitches
    }

    /// The peer made us reset a stream.
    mutating func countReset(now: Int) -> HTTP2Failure? {
        resets.take(now: now) ? nil : .tooManyResets
    }

    /// We sent a part of a body.
    mutating func sentData() { dataFramesSent += 1 }

    private mutating func countEmpty(bytes: Int, isEnd: Bool) -> HTTP2Failure? {
        guard bytes == 0, !isEnd else {
            emptyFrames = 0
            return nil
        }
        emptyFrames += 1
        return emptyFrames <= emptyFramesLimit ? nil : .tooManyEmptyFrames
    }

    private mutating func check(_ stream: Int32, now: Int) -> HTTP2Failure? {
        // Even ones and zero are the server's; the library sees to them.
        guard stream & 1 == 1 else { return nil }
        return switch numbers.use(stream) {
        case .opened, .known: nil
        case .openedAfterGap: glitch(now: now)
        case .skipped: .unusableStream
        }
    }
}
