/// The request line and the header section of one request, as ranges of the octets they came in.
///
/// All ranges count from the request's first octet. A head is kept and filled again, so that a
/// request costs no allocation.
public struct RequestHead: Equatable, Sendable {
    /// The methods that HTTP itself defines, and whatever else is sent.
    ///
    /// Spec: RFC 9110 §9.1
    public enum Method: Sendable {
        /// One of the methods of RFC 9110 and RFC 5789.
        case get, head, post, put, delete, options, patch, connect, trace
        /// A method that nobody here implements.
        case other
    }

    /// How the body ends.
    public enum Framing: Equatable, Sendable {
        /// After so many octets; zero where the request has no body.
        case length(Int)
        /// Where the chunked coding ends.
        case chunked
    }

    /// The method; names are case-sensitive.
    public internal(set) var method = Method.other
    /// The method's name as it was sent.
    public internal(set) var methodName = 0..<0
    /// The absolute path of the target, without its query; `*` for the asterisk-form.
    public internal(set) var path = 0..<0
    /// The query, without its `?`.
    public internal(set) var query: Range<Int>?
    /// The host the request is for, with its port; from the target in absolute-form.
    public internal(set) var host: Range<Int>?
    /// Whether the target was in absolute-form, and with which scheme.
    public internal(set) var scheme: Range<Int>?
    /// 0 or 1.
    public internal(set) var minorVersion = 1
    /// How the body ends.
    public internal(set) var framing = Framing.length(0)
    /// Whether the connection may be used again after the response.
    public internal(set) var keepsAlive = true
    /// Whether the client waits for a 100 before it sends the body.
    public internal(set) var expectsContinue = false
    /// The header fields in the order they came in.
    public internal(set) var fields: [Field] = []

    /// A head of no request yet.
    public init() {}

    /// Whether a body follows.
    public var hasBody: Bool { framing != .length(0) }

    /// Finds the first field of a name.
    ///
    /// - Parameter name: in lower case.
    public func field(_ name: StaticString, in message: Span<UInt8>) -> Field? {
        for field in fields where message.equalsIgnoringCase(name, in: field.name) { return field }
        return nil
    }

    mutating func reset() {
        method = .other
        path = 0..<0
        query = nil
        host = nil
        scheme = nil
        minorVersion = 1
        framing = .length(0)
        keepsAlive = true
        expectsContinue = false
        fields.removeAll(keepingCapacity: true)
    }
}

/// The most that a request's head may have; each is inclusive.
public struct RequestHeadLimits: Equatable, Sendable {
    /// Octets of the request line.
    public var requestLineBytes: Int
    /// Octets of the request line and all fields, with the empty line at their end.
    public var headerBytes: Int
    /// Fields.
    public var headerFields: Int
    /// Octets of one field's value.
    public var headerValueBytes: Int

    /// Limits; the default values are Veer's own.
    public init(
        requestLineBytes: Int = 8 * 1024, headerBytes: Int = 32 * 1024, headerFields: Int = 100,
        headerValueBytes: Int = 16 * 1024
    ) {
        self.requestLineBytes = requestLineBytes
        self.headerBytes = headerBytes
        self.headerFields = headerFields
        self.headerValueBytes = headerValueBytes
    }
}

/// Why a request was refused before anybody looked at what it asks for.
///
/// After any of these the connection can't be used again: where one parser sees an error,
/// another may see the beginning of a second request.
public enum RequestFailure: Error, Equatable, Sendable {
    /// An octet that the grammar of the request line doesn't allow.
    case malformedRequestLine
    /// Not HTTP/1.0 or HTTP/1.1.
    case unsupportedVersion
    /// A method nobody here implements.
    case unknownMethod
    /// A target that isn't one, or not one for its method.
    case malformedTarget
    /// A target for somebody else.
    case misdirected
    /// The request line is over its limit.
    case targetTooLong
    /// An octet that the grammar of a field doesn't allow, or a folded or bare line.
    case malformedField
    /// More octets or fields than the limits allow.
    case headerTooLarge
    /// No `Host`, two of them, or one that is no host.
    case malformedHost
    /// Lengths and codings that two parsers could read differently.
    case ambiguousFraming
    /// A `Content-Length` that is no number.
    case malformedLength
    /// A transfer coding other than `chunked`.
    case unknownCoding
    /// An expectation other than `100-continue`.
    case unknownExpectation
    /// A body longer than its limit.
    case bodyTooLarge
    /// A chunked coding that is none.
    case malformedChunk
    /// More chunk extensions and trailer fields than their limit.
    case chunkOverheadTooLarge

    /// The status of the response that tells the client.
    ///
    /// Spec: RFC 9110 §15.5
    public var status: Int {
        switch self {
        case .malformedRequestLine, .malformedTarget, .malformedField, .malformedHost,
            .ambiguousFraming, .malformedLength, .malformedChunk:
            400
        case .bodyTooLarge, .chunkOverheadTooLarge: 413
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .misdirected: 421
        case .headerTooLarge: 431
        case .unknownMethod, .unknownCoding: 501
        case .unsupportedVersion: 505
        }
    }

    /// A stable name for machines: the problem's type and the metric's label.
    public var code: String {
        switch self {
        case .malformedRequestLine: "malformed_request_line"
        case .unsupportedVersion: "unsupported_version"
        case .unknownMethod: "unknown_method"
        case .malformedTarget: "malformed_target"
        case .misdirected: "misdirected_request"
        case .targetTooLong: "request_line_too_long"
        case .malformedField: "malformed_header_field"
        case .headerTooLarge: "header_too_large"
        case .malformedHost: "malformed_host"
        case .ambiguousFraming: "ambiguous_framing"
        case .malformedLength: "malformed_content_length"
        case .unknownCoding: "unknown_transfer_coding"
        case .unknownExpectation: "unknown_expectation"
        case .bodyTooLarge: "body_too_large"
        case .malformedChunk: "malformed_chunk"
        case .chunkOverheadTooLarge: "chunk_overhead_too_large"
        }
    }

    /// What is wrong, for the client's operator.
    public var sentence: String {
        switch self {
        case .malformedRequestLine:
            "The request line is malformed; is this plain HTTP/1.1 and the right port?"
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are understood here."
        case .unknownMethod: "The method is not implemented here."
        case .malformedTarget: "The request target is not a path that this server could have."
        case .misdirected: "The request target names another server or scheme."
        case .targetTooLong: "The request line is longer than this server takes."
        case .malformedField: "A header field is malformed."
        case .headerTooLarge: "The header section has more octets or fields than this server takes."
        case .malformedHost: "The request needs exactly one valid Host field."
        case .ambiguousFraming:
            "Content-Length and Transfer-Encoding leave in doubt where the request ends."
        case .malformedLength: "Content-Length is not a plain decimal number."
        case .unknownCoding: "Only the chunked transfer coding is understood here."
        case .unknownExpectation: "The expectation cannot be met; only 100-continue is understood."
        case .bodyTooLarge: "The body is larger than this server takes."
        case .malformedChunk: "The chunked coding of the body is malformed."
        case .chunkOverheadTooLarge:
            "Chunk extensions and trailer fields are larger than this server takes."
        }
    }
}
