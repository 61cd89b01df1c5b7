internal import CNghttp2
internal import HTTP

/// What the library found in the octets that came.
extension HTTP2Session {
    private static let endStream = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
    private static let endHeaders = UInt8(NGHTTP2_FLAG_END_HEADERS.rawValue)
    private static let padded = UInt8(NGHTTP2_FLAG_PADDED.rawValue)
    private static let acknowledgement = UInt8(NGHTTP2_FLAG_ACK.rawValue)

    func frameBegan(_ header: nghttp2_frame_hd) {
        let isContinuation = header.type == UInt8(NGHTTP2_CONTINUATION.rawValue)
        let end = isContinuation ? Self.endHeaders : Self.endStream
        failure = flood.received(
            header.type, bytes: header.length, stream: header.stream_id,
            isEnd: header.flags & end != 0,
            isAcknowledgement: header.flags & Self.acknowledgement != 0, now: now)
    }

    func headersBegan(_ number: Int32, isRequest: Bool) {
        guard isRequest else {
            current = stream(number)
            return
        }
        guard openStreamsCount < limits.streams else {
            current = nil
            return reset(number, NGHTTP2_REFUSED_STREAM)
        }
        current = makeStream(number)
        if flood.streamsOpened >= limits.streamsPerConnection { beginDraining() }
    }

    func fieldCame(_ name: Span<UInt8>, _ value: Span<UInt8>, isRequest: Bool) {
        guard let stream = current else { return }
        guard isRequest else { return trailerCame(stream, bytes: name.count + value.count) }
        stream.request.add(name, value)
    }

    /// Nobody reads trailer fields; they are bounded like those of a head.
    private func trailerCame(_ stream: HTTP2Stream, bytes: Int) {
        flood.received(payload: bytes)
        stream.trailerBytes += bytes + 32
        guard stream.trailerBytes > limits.head.headerBytes else { return }
        current = nil
        reset(stream.number, NGHTTP2_PROTOCOL_ERROR)
    }

    func frameEnded(_ header: nghttp2_frame_hd, isRequest: Bool) {
        let isEnd = header.flags & Self.endStream != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let stream = current else { return }
            current = nil
            if isRequest { headEnded(stream, hasBody: !isEnd) }
            if isEnd { requestEnded(stream) }
        case NGHTTP2_DATA.rawValue:
            guard let stream = stream(header.stream_id) else { return }
            if isEnd { return requestEnded(stream) }
            wantMore(stream)
            // Padding uses up the window, too; the next frame may be padded as well.
            if header.flags & Self.padded != 0 { openWindow(of: stream, padding: 256) }
        case NGHTTP2_SETTINGS.rawValue where header.flags & Self.acknowledgement != 0:
            settingsAcknowledged()
        default: break
        }
    }

    func invalidFrameCame() {
        current = nil
        failure = flood.glitch(now: now)
    }

    private func headEnded(_ stream: HTTP2Stream, hasBody: Bool) {
        let failure = stream.request.finishHead(limits, hasBody: hasBody)
        flood.received(payload: stream.request.fieldBytes)
        heldHeadBytes += stream.request.headBytes
        if let failure { return refuse(stream, Problem(failure)) }
        guard heldHeadBytes <= limits.heldHeadBytes else {
            // Others hold it, so this isn't the request's fault: it may come again.
            release(stream)
            return reset(stream.number, NGHTTP2_REFUSED_STREAM)
        }
        stream.phase = .body
        steps.append(.head(stream: stream.number))
        wantMore(stream)
        stream.makeRoom()
    }

    private func requestEnded(_ stream: HTTP2Stream) {
        guard stream.phase == .body else { return }
        stream.phase = .complete
        stream.request.builder.finishBody(bytes: stream.request.bodyBytes)
        steps.append(.request(stream: stream.number))
    }

    func bodyCame(_ octets: Span<UInt8>, _ number: Int32) {
        flood.received(payload: octets.count)
        bodies.received(octets.count)
        returnWindow(octets.count)
        guard let stream = stream(number), stream.phase == .body else { return }
        guard stream.request.bodyBytes + octets.count <= limits.bodyBytes
        else { return refuse(stream, Problem(.bodyTooLarge)) }
        stream.request.message.append(octets)
    }

    // MARK: - Windows

    private func settingsAcknowledged() {
        guard !isAcknowledged else { return }
        isAcknowledged = true
        // Until now all streams together could send no more than the first window.
        let bytes = Int32(clamping: limits.bodyBudgetBytes + limits.bodyBytes)
        unsafe nghttp2_session_set_local_window_size(library, 0, 0, max(bytes, 65_535))
        returnWindow(unreturnedBytes)
        unreturnedBytes = 0
        for stream in streams where stream.number != 0 && stream.phase == .body {
            openWindow(of: stream)
        }
    }

    /// The connection's window is only there to be had; what bounds a peer are the streams'.
    private func returnWindow(_ bytes: Int) {
        guard isAcknowledged else {
            unreturnedBytes += bytes
            return
        }
        unsafe nghttp2_session_consume_connection(library, bytes)
    }

    /// Asks for what the body still needs: all of it where its length is known.
    private func wantMore(_ stream: HTTP2Stream) {
        guard stream.phase == .body else { return }
        let bytes: Int
        switch stream.request.builder.head.framing {
        case .length(let length): bytes = length
        case .chunked:
            let received = stream.request.bodyBytes
            guard stream.granted - received < limits.initialWindowBytes / 2 else { return }
            // One more than the limit, so that a body over it is noticed.
            bytes = min(max(stream.granted, received) + 16 * 1024, limits.bodyBytes + 1)
        }
        guard bytes > stream.granted else { return }
        budget.want(stream.number, bytes: bytes - limits.initialWindowBytes)
        grantBodies()
    }

    func grantBodies() {
        while let grant = budget.nextGrant() {
            guard let stream = stream(grant.stream) else { continue }
            stream.granted = limits.initialWindowBytes + grant.bytes
            // It could do nothing until now.
            stream.since = now
            stream.makeRoom()
            openWindow(of: stream)
        }
    }

    /// Sees to it that the peer can send the rest of what the stream was granted.
    private func openWindow(of stream: HTTP2Stream, padding: Int = 0) {
        guard stream.phase == .body else { return }
        let missing = stream.granted - stream.request.bodyBytes + padding
        let received = unsafe nghttp2_session_get_stream_effective_recv_data_length(
            library, stream.number)
        let window = unsafe nghttp2_session_get_stream_effective_local_window_size(
            library, stream.number)
        let wanted = received + Int32(clamping: missing)
        guard missing > 0, wanted > window else { return }
        unsafe nghttp2_session_set_local_window_size(library, 0, stream.number, wanted)
    }
}
