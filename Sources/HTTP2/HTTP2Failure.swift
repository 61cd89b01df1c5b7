internal import CNghttp2
internal import HTTP

/// Why a connection or a stream was ended.
enum HTTP2Failure: Equatable {
    /// More resets than the limit, whoever sent them.
    case tooManyResets
    /// More pings or settings than the limit.
    case tooManyPings
    /// Frames with nothing in them.
    case tooManyEmptyFrames
    /// More priorities or window updates than streams could need.
    case tooManyUpdates
    /// Too much of what isn't quite an error.
    case tooManyGlitches
    /// Hardly anything in many octets.
    case tooMuchOverhead
    /// A stream number that was left out before.
    case unusableStream
    /// Our settings weren't acknowledged.
    case settingsTimeout
    /// What the library found, by its code.
    case other(code: UInt32)

    /// The error code that the peer is told.
    ///
    /// Spec: RFC 9113 §7
    var code: UInt32 {
        switch self {
        case .tooManyResets, .tooManyPings, .tooManyEmptyFrames, .tooManyUpdates, .tooManyGlitches,
            .tooMuchOverhead:
            NGHTTP2_ENHANCE_YOUR_CALM.rawValue
        case .unusableStream: NGHTTP2_PROTOCOL_ERROR.rawValue
        case .settingsTimeout: NGHTTP2_SETTINGS_TIMEOUT.rawValue
        case .other(let code): code
        }
    }

    /// For the log and the metrics; nobody is sent it.
    var problem: Problem {
        let (code, detail) = text
        return Problem(status: 400, code: code, detail: detail)
    }

    private var text: (code: String, detail: String) {
        switch self {
        case .tooManyResets: ("h2_resets", "More streams were reset than the limit allows.")
        case .tooManyPings: ("h2_pings", "More PING and SETTINGS came than the limit allows.")
        case .tooManyEmptyFrames: ("h2_empty_frames", "Empty frames came one after the other.")
        case .tooManyUpdates:
            ("h2_updates", "More PRIORITY or WINDOW_UPDATE came than the streams need.")
        case .tooManyGlitches: ("h2_glitches", "The peer behaved oddly too often.")
        case .tooMuchOverhead: ("h2_overhead", "The octets hardly held any fields and bodies.")
        case .unusableStream: ("h2_stream_number", "A stream number was used that was left out.")
        case .settingsTimeout: ("h2_settings_timeout", "The settings were not acknowledged.")
        case .other(let code): Self.text(of: code)
        }
    }

    private static func text(of code: UInt32) -> (code: String, detail: String) {
        switch code {
        case NGHTTP2_PROTOCOL_ERROR.rawValue: ("h2_protocol_error", "The protocol was broken.")
        case NGHTTP2_FLOW_CONTROL_ERROR.rawValue:
            ("h2_flow_control_error", "More octets came than the window allows.")
        case NGHTTP2_STREAM_CLOSED.rawValue:
            ("h2_stream_closed", "A frame came for a stream that was closed.")
        case NGHTTP2_FRAME_SIZE_ERROR.rawValue:
            ("h2_frame_size_error", "A frame had a length that it can't have.")
        case NGHTTP2_REFUSED_STREAM.rawValue:
            ("h2_refused_stream", "More requests were under way than the limit allows.")
        case NGHTTP2_COMPRESSION_ERROR.rawValue:
            ("h2_compression_error", "The fields couldn't be decompressed.")
        case NGHTTP2_ENHANCE_YOUR_CALM.rawValue:
            ("h2_enhance_your_calm", "The peer sent more than is reasonable.")
        case NGHTTP2_CANCEL.rawValue: ("h2_cancelled", "The peer took nothing of a response.")
        default: ("h2_other", "The connection was ended for an inner reason.")
        }
    }
}
