internal import CNghttp2
public import HTTP

extension HTTP2Session {
    /// Answers a request; before it's complete, the client is told to send no more of it.
    ///
    /// It's told a little later: some clients that learn of both at once take it for an error, and
    /// lose the response; and a short body that is under way comes to its end meanwhile.
    ///
    /// Each request that was reported is to be answered once; where the stream is gone, the
    /// response is dropped.
    ///
    /// Spec: RFC 9113 §8.1
    public mutating func respond(_ stream: Int32, _ response: Response) {
        guard let index = index(of: stream) else {
            if let index = orphans.firstIndex(of: stream) { orphans.remove(at: index) }
            return
        }
        guard !streams[index].isAnswered else { return }
        let isHead = streams[index].request.builder.head.method == .head
        release(at: index)
        streams[index].isAnswered = true
        streams[index].since = now
        fields.fill(response, date: date)
        let hasBody = !isHead && response.status != 204 && !response.body.isEmpty
        if hasBody { streams[index].response = response.body }
        let result = unsafe fields.octets.withUnsafeBufferPointer { octets in
            unsafe fields.fields.withUnsafeBufferPointer { pairs in
                unsafe http2_submit_response(
                    library, stream, octets.baseAddress, pairs.baseAddress, pairs.count,
                    Library.readBody, hasBody ? 1 : 0)
            }
        }
        precondition(result == 0, "the stream is open and wasn't answered")
        if response.closes { finishDraining() }
    }

    /// Tells a client that waits for it to send the body.
    public func `continue`(_ stream: Int32) {
        guard let index = index(of: stream), streams[index].phase == .body,
            !streams[index].isAnswered
        else { return }
        _ = unsafe http2_submit_continue(library, stream)
    }

    /// Appends frames until there are none, or the output holds `limit` octets.
    ///
    /// A frame isn't cut, so it may be more by one.
    public mutating func write(into output: inout [UInt8], limit: Int) {
        while output.count < limit {
            var octets: UnsafePointer<UInt8>?
            let count = unsafe callingBack { unsafe nghttp2_session_mem_send($0, &octets) }
            guard count > 0 else { break }
            unsafe output.append(contentsOf: UnsafeBufferPointer(start: octets, count: count))
            if let failure { terminate(failure) }
        }
    }

    /// Tells the peer that the connection will end soon; streams that it opens are still taken.
    ///
    /// Spec: RFC 9113 §6.8
    public mutating func beginDraining() {
        guard case .none = drain, !isTerminated else { return }
        drain = .announced(since: now)
        unsafe nghttp2_submit_shutdown_notice(library)
    }

    /// Takes no more streams; the session is over when those it has are done.
    public mutating func finishDraining() {
        if case .final = drain { return }
        guard !isTerminated else { return }
        drain = .final
        let last = unsafe nghttp2_session_get_last_proc_stream_id(library)
        unsafe nghttp2_submit_goaway(library, 0, last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// Ends the connection for a reason that is reported once.
    mutating func terminate(_ failure: HTTP2Failure) {
        guard !isTerminated else { return }
        self.failure = nil
        unsafe nghttp2_session_terminate_session(library, failure.code)
        end(failure)
    }

    private mutating func end(_ failure: HTTP2Failure) {
        isTerminated = true
        steps.append(.refused(failure.problem))
        for index in streams.indices where streams[index].number != 0 {
            streamClosed(streams[index].number)
        }
    }

    /// Answers what can't be taken; nothing of it is reported as a request.
    mutating func refuse(_ index: Int, _ problem: Problem) {
        steps.append(.refused(problem))
        respond(streams[index].number, problem.response)
    }

    func reset(_ stream: Int32, _ code: nghttp2_error_code) {
        unsafe nghttp2_submit_rst_stream(library, 0, stream, code.rawValue)
    }

    // MARK: - What the library did

    mutating func frameSent(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = unsafe http2_frame_header(frame)
        switch UInt32(header.type) {
        case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
            if header.type == UInt8(NGHTTP2_DATA.rawValue) { flood.sentData() }
            guard header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
                unsafe nghttp2_session_get_stream_remote_close(library, header.stream_id) == 0
            else { return }
            guard let index = index(of: header.stream_id) else { return }
            streams[index].isSent = true
            streams[index].since = now
        case NGHTTP2_RST_STREAM.rawValue:
            let code = unsafe http2_reset_code(frame)
            // A client that learns of its response may end its body early; that harms nobody.
            let isAfterResponse = index(of: header.stream_id).map { streams[$0].isSent } ?? false
            guard code != NGHTTP2_NO_ERROR.rawValue, !isAfterResponse else { return }
            steps.append(.refused(HTTP2Failure.other(code: code).problem))
            failure = flood.countReset(now: now)
        case NGHTTP2_GOAWAY.rawValue:
            let code = unsafe http2_goaway_code(frame)
            guard code != NGHTTP2_NO_ERROR.rawValue, !isTerminated else { return }
            // The library found the reason itself.
            end(.other(code: code))
        default: break
        }
    }

    mutating func readBody(
        of number: Int32, into room: UnsafeMutableBufferPointer<UInt8>
    ) -> (bytes: Int, isEnd: Bool) {
        guard let index = index(of: number) else { return (0, true) }
        streams[index].since = now
        return unsafe streams[index].readResponse(into: room)
    }

    mutating func streamClosed(_ number: Int32) {
        guard let index = index(of: number) else { return }
        if !streams[index].isAnswered {
            if streams[index].isHeadReported || streams[index].isRequestReported {
                steps.append(.cancelled(stream: number))
            }
            if streams[index].isRequestReported { orphans.append(number) }
        }
        release(at: index)
        if current == index { current = nil }
        unsafe http2_mark_stream(library, number, 0)
        streams[index].end()
        freeIndices.append(index)
    }
}
