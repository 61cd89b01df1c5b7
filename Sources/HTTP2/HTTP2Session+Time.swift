internal import CNghttp2
internal import HTTP

extension HTTP2Session {
    /// How long the peer may take to learn that the connection drains, in nanoseconds.
    private static let announcement = 1_000_000_000
    /// How long a request may go on after its response, in nanoseconds.
    private static let afterResponse = 200_000_000

    /// Looks at the time; to be called a few times a second.
    public mutating func checkTime(now: Int) {
        self.now = now
        guard !isTerminated else { return }
        if !isAcknowledged, now - settingsSent > limits.settingsTimeout {
            return terminate(.settingsTimeout)
        }
        if case .announced(let since) = drain, now - since > Self.announcement,
            flood.streamsOpened >= limits.streamsPerConnection
        {
            finishDraining()
        }
        if streams.count == freeIndices.count, streamsKnown == flood.streamsOpened {
            // Whoever is idle should hold little.
            streams = []
            freeIndices = []
        }
        streamsKnown = flood.streamsOpened
        let isExpected = streams.contains { isDue($0) }
        let isTooSlow = bodies.isTooSlow(isExpected: isExpected, now: now, limits)
        for index in streams.indices where streams[index].number != 0 {
            check(index, areBodiesTooSlow: isTooSlow, now: now)
        }
    }

    /// Whether the stream's body isn't complete and could be sent.
    private func isDue(_ stream: HTTP2Stream) -> Bool {
        stream.number != 0 && stream.phase == .body && !budget.isWaiting(stream.number)
    }

    private mutating func check(_ index: Int, areBodiesTooSlow: Bool, now: Int) {
        let stream = streams[index]
        let isLate = now - stream.since > limits.streamDeadline
        switch stream.phase {
        case .head where isLate: reset(stream.number, NGHTTP2_CANCEL)
        case .body where isDue(stream) && (isLate || areBodiesTooSlow):
            refuse(
                index,
                Problem(
                    status: 408, code: "request_timeout",
                    detail: "The request came too slowly; send it again, and faster."))
        case .released where stream.isSent:
            guard now - stream.since > Self.afterResponse else { return }
            reset(stream.number, NGHTTP2_NO_ERROR)
        case .released where isLate && stream.isAnswered: reset(stream.number, NGHTTP2_CANCEL)
        default: break
        }
    }
}
