internal import CNghttp2
internal import HTTP

/// What the library found in the octets that came.
extension HTTP2Session {
    private static let endStream = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
    private static let endHeaders = UInt8(NGHTTP2_FLAG_END_HEADERS.rawValue)
    private static let padded = UInt8(NGHTTP2_FLAG_PADDED.rawValue)
    private static let acknowledgement = UInt8(NGHTTP2_FLAG_ACK.rawValue)

    mutating func frameBegan(_ header: nghttp2_frame_hd) {
        let isContinuation = header.type == UInt8(NGHTTP2_CONTINUATION.rawValue)
        let end = isContinuation ? Self.endHeaders : Self.endStream
        failure = flood.received(
            header.type, bytes: header.length, stream: header.stream_id,
            isEnd: header.flags & end != 0,
            isAcknowledgement: header.flags & Self.acknowledgement != 0, now: now)
    }

    mutating func headersBegan(_ number: Int32, isRequest: Bool) {
        guard isRequest else {
            current = index(of: number)
            return
        }
        guard openStreamsCount < limits.streams else {
            current = nil
            return reset(number, NGHTTP2_REFUSED_STREAM)
        }
        current = makeStream(number)
        if flood.streamsOpened >= limits.streamsPerConnection { beginDraining() }
    }

    mutating func fieldCame(_ name: Span<UInt8>, _ value: Span<UInt8>, isRequest: Bool) {
        guard let index = current else { return }
        guard isRequest else { return trailerCame(index, bytes: name.count + value.count) }
        streams[index].request.add(name, value)
    }

    /// Nobody reads trailer fields; they are bounded like those of a head.
    private mutating func trailerCame(_ index: Int, bytes: Int) {
        flood.received(payload: bytes)
        streams[index].trailerBytes += bytes + 32
        guard streams[index].trailerBytes > limits.head.headerBytes else { return }
        current = nil
        reset(streams[index].number, NGHTTP2_PROTOCOL_ERROR)
    }

    mutating func frameEnded(_ header: nghttp2_frame_hd, isRequest: Bool) {
        let isEnd = header.flags & Self.endStream != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let index = current.take() else { return }
            if isRequest { headEnded(index, hasBody: !isEnd) }
            if isEnd { requestEnded(index) }
        case NGHTTP2_DATA.rawValue:
            guard let index = index(of: header.stream_id) else { return }
            if isEnd { return requestEnded(index) }
            wantMore(index)
            // Padding uses up the window, too; the next frame may be padded as well.
            if header.flags & Self.padded != 0 { openWindow(of: index, padding: 256) }
        case NGHTTP2_SETTINGS.rawValue where header.flags & Self.acknowledgement != 0:
            settingsAcknowledged()
        default: break
        }
    }

    mutating func invalidFrameCame() {
        current = nil
        failure = flood.glitch(now: now)
    }

    private mutating func headEnded(_ index: Int, hasBody: Bool) {
        let failure = streams[index].request.finishHead(limits, hasBody: hasBody)
        flood.received(payload: streams[index].request.fieldBytes)
        heldHeadBytes += streams[index].request.headBytes
        if let failure { return refuse(index, Problem(failure)) }
        guard heldHeadBytes <= limits.heldHeadBytes else {
            // Others hold it, so this isn't the request's fault: it may come again.
            release(at: index)
            return reset(streams[index].number, NGHTTP2_REFUSED_STREAM)
        }
        streams[index].phase = .body
        steps.append(.head(stream: streams[index].number))
        wantMore(index)
        streams[index].makeRoom()
    }

    private mutating func requestEnded(_ index: Int) {
        guard streams[index].phase == .body else { return }
        streams[index].finishRequest()
        steps.append(.request(stream: streams[index].number))
    }

    mutating func bodyCame(_ octets: Span<UInt8>, _ number: Int32) {
        flood.received(payload: octets.count)
        bodies.received(octets.count)
        returnWindow(octets.count)
        guard let index = index(of: number), streams[index].phase == .body else { return }
        guard streams[index].request.bodyBytes + octets.count <= limits.bodyBytes
        else { return refuse(index, Problem(.bodyTooLarge)) }
        streams[index].request.message.append(octets)
    }

    // MARK: - Windows

    private mutating func settingsAcknowledged() {
        guard !isAcknowledged else { return }
        isAcknowledged = true
        // Until now all streams together could send no more than the first window.
        let bytes = Int32(clamping: limits.bodyBudgetBytes + limits.bodyBytes)
        unsafe nghttp2_session_set_local_window_size(library, 0, 0, max(bytes, 65_535))
        returnWindow(unreturnedBytes)
        unreturnedBytes = 0
        for index in streams.indices where streams[index].number != 0 { openWindow(of: index) }
    }

    /// The connection's window is only there to be had; what bounds a peer are the streams'.
    private mutating func returnWindow(_ bytes: Int) {
        guard isAcknowledged else {
            unreturnedBytes += bytes
            return
        }
        unsafe nghttp2_session_consume_connection(library, bytes)
    }

    /// Asks for what the body still needs: all of it where its length is known.
    private mutating func wantMore(_ index: Int) {
        guard streams[index].phase == .body else { return }
        let granted = streams[index].granted
        let bytes: Int
        switch streams[index].request.builder.head.framing {
        case .length(let length): bytes = length
        case .chunked:
            let received = streams[index].request.bodyBytes
            guard granted - received < limits.initialWindowBytes / 2 else { return }
            // One more than the limit, so that a body over it is noticed.
            bytes = min(max(granted, received) + 16 * 1024, limits.bodyBytes + 1)
        }
        guard bytes > granted else { return }
        budget.want(streams[index].number, bytes: bytes - limits.initialWindowBytes)
        grantBodies()
    }

    mutating func grantBodies() {
        while let grant = budget.nextGrant() {
            guard let index = index(of: grant.stream) else { continue }
            streams[index].granted = limits.initialWindowBytes + grant.bytes
            // It could do nothing until now.
            streams[index].since = now
            streams[index].makeRoom()
            openWindow(of: index)
        }
    }

    /// Sees to it that the peer can send the rest of what the stream was granted.
    private func openWindow(of index: Int, padding: Int = 0) {
        guard streams[index].phase == .body else { return }
        let number = streams[index].number
        let missing = streams[index].granted - streams[index].request.bodyBytes + padding
        let received = unsafe nghttp2_session_get_stream_effective_recv_data_length(library, number)
        let window = unsafe nghttp2_session_get_stream_effective_local_window_size(library, number)
        let wanted = received + Int32(clamping: missing)
        guard missing > 0, wanted > window else { return }
        unsafe nghttp2_session_set_local_window_size(library, 0, number, wanted)
    }
}
