#pragma once

#include <nghttp2/nghttp2.h>
#include <string.h>

// A field's name and value, as places in the octets that hold all of them.
struct http2_field {
    uint32_t name, name_length, value, value_length;
};

enum { HTTP2_FIELDS_LIMIT = 128 };

// Queues a response; the library copies the fields, and lower-cases their names. Its body, if it
// has any, is read by `read` when the peer has room for it.
static inline int http2_submit_response(nghttp2_session *session, int32_t stream,
                                        const uint8_t *octets, const struct http2_field *fields,
                                        size_t count,
                                        nghttp2_data_source_read_callback read, int has_body) {
    nghttp2_nv pairs[HTTP2_FIELDS_LIMIT];
    if (count > HTTP2_FIELDS_LIMIT) count = HTTP2_FIELDS_LIMIT;
    for (size_t i = 0; i < count; i++) {
        pairs[i].name = (uint8_t *)octets + fields[i].name;
        pairs[i].namelen = fields[i].name_length;
        pairs[i].value = (uint8_t *)octets + fields[i].value;
        pairs[i].valuelen = fields[i].value_length;
        pairs[i].flags = NGHTTP2_NV_FLAG_NONE;
    }
    nghttp2_data_provider body = {{0}, read};
    return nghttp2_submit_response(session, stream, pairs, count, has_body ? &body : 0);
}

// Queues the interim response that asks for the body.
static inline int http2_submit_continue(nghttp2_session *session, int32_t stream) {
    nghttp2_nv status = {(uint8_t *)":status", (uint8_t *)"100", 7, 3, NGHTTP2_NV_FLAG_NONE};
    return nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, stream, 0, &status, 1, 0);
}

// What a frame of these types says; elsewhere the library's frame is a union.
static inline nghttp2_frame_hd http2_frame_header(const nghttp2_frame *frame) { return frame->hd; }
static inline int http2_is_request(const nghttp2_frame *frame) {
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}
static inline uint32_t http2_reset_code(const nghttp2_frame *frame) {
    return frame->rst_stream.error_code;
}
static inline uint32_t http2_goaway_code(const nghttp2_frame *frame) {
    return frame->goaway.error_code;
}
static inline int32_t http2_goaway_last_stream(const nghttp2_frame *frame) {
    return frame->goaway.last_stream_id;
}

// A stream's mark is a small number that comes back with it; 0 is none.
static inline void http2_mark_stream(nghttp2_session *session, int32_t stream, size_t mark) {
    nghttp2_session_set_stream_user_data(session, stream, (void *)mark);
}
static inline size_t http2_mark_of_stream(nghttp2_session *session, int32_t stream) {
    return (size_t)nghttp2_session_get_stream_user_data(session, stream);
}
