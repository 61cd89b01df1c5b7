internal import CNghttp2
internal import HTTP

/// Makes the library's sessions, and brings their callbacks to ours.
enum Library {
    static func makeSession() -> OpaquePointer {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        var session: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0,
            unsafe nghttp2_option_new(&options) == 0
        else { preconditionFailure("no memory for a connection") }
        defer {
            unsafe nghttp2_session_callbacks_del(callbacks)
            unsafe nghttp2_option_del(options)
        }
        // Windows are given by what we can hold, not by what came.
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe setInput(callbacks)
        unsafe setOutput(callbacks)
        guard unsafe nghttp2_session_server_new2(&session, callbacks, nil, options) == 0,
            let session = unsafe session
        else { preconditionFailure("no memory for a connection") }
        return unsafe session
    }

    /// Queues what the peer is told about our limits.
    ///
    /// Spec: RFC 9113 §6.5.2
    static func submitSettings(_ limits: HTTP2Limits, to session: OpaquePointer) {
        let settings = [
            (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams),
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.initialWindowBytes),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.head.headerBytes),
            (NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, limits.headerTableBytes),
        ].map {
            nghttp2_settings_entry(settings_id: Int32($0.0.rawValue), value: UInt32($0.1))
        }
        let result = unsafe nghttp2_submit_settings(session, 0, settings, settings.count)
        precondition(result == 0, "the library takes these settings")
    }

    private static func setInput(_ callbacks: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) {
            _, header, context in
            guard let header = unsafe header?.pointee else { return 0 }
            return unsafe calling(context) { $0.frameBegan(header) }
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) {
            _, frame, context in
            guard let frame = unsafe frame else { return 0 }
            let number = unsafe http2_frame_header(frame).stream_id
            let isRequest = unsafe http2_is_request(frame) != 0
            return unsafe calling(context) { $0.headersBegan(number, isRequest: isRequest) }
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameBytes, value, valueBytes, _, context in
            guard let frame = unsafe frame else { return 0 }
            let isRequest = unsafe http2_is_request(frame) != 0
            return unsafe calling(context) {
                unsafe $0.fieldCame(
                    UnsafeBufferPointer(start: name, count: nameBytes).span,
                    UnsafeBufferPointer(start: value, count: valueBytes).span,
                    isRequest: isRequest)
            }
        }
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) {
            _, _, _, _, _, _, _, _ in NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, number, octets, count, context in
            unsafe calling(context) {
                unsafe $0.bodyCame(UnsafeBufferPointer(start: octets, count: count).span, number)
            }
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) {
            _, frame, context in
            guard let frame = unsafe frame else { return 0 }
            let isRequest = unsafe http2_is_request(frame) != 0
            let header = unsafe http2_frame_header(frame)
            return unsafe calling(context) { $0.frameEnded(header, isRequest: isRequest) }
        }
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) {
            _, _, _, context in
            unsafe calling(context) { $0.invalidFrameCame() }
        }
    }

    private static func setOutput(_ callbacks: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) {
            _, frame, context in
            guard let frame = unsafe frame else { return 0 }
            unsafe calling(context) { unsafe $0.frameSent(frame) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
            _, number, _, context in
            unsafe calling(context) { $0.streamClosed(number) }
            return 0
        }
    }

    /// Reads on in a response's body.
    static let readBody: nghttp2_data_source_read_callback = {
        _, number, room, count, flags, _, context in
        guard let context = unsafe context, let room = unsafe room, let flags = unsafe flags
        else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
        let session = unsafe context.assumingMemoryBound(to: HTTP2Session.self)
        let (bytes, isEnd) = unsafe session.pointee.readBody(
            of: number, into: UnsafeMutableBufferPointer(start: room, count: count))
        if isEnd { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        return bytes
    }
}

/// Calls our session; once it has found a failure, the library goes no further.
@inline(__always) @discardableResult
private func calling(
    _ context: UnsafeMutableRawPointer?, _ body: (inout HTTP2Session) -> Void
) -> CInt {
    guard let context = unsafe context else { return 0 }
    let session = unsafe context.assumingMemoryBound(to: HTTP2Session.self)
    unsafe body(&session.pointee)
    return unsafe session.pointee.failure == nil ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
}
