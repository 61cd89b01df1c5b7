/// What a server answers: a status, fields of its own, and a body.
///
/// The fields that every response has (`Date`, `Content-Length`, `Connection`) are added when
/// it's written.
public struct Response: Sendable, Equatable {
    /// The status code, 200 to 599.
    public var status: Int
    /// The fields as they go out, each line with its CRLF.
    public var fieldLines: [UInt8] = []
    /// The body; empty where the status has none.
    public var body: [UInt8] = []
    /// Whether the connection is to be closed after it.
    public var closes = false

    /// A response without a body.
    public init(status: Int) { self.status = status }

    /// A response of some type.
    public init(status: Int, contentType: String, body: String) {
        self.status = status
        self.body = Array(body.utf8)
        add("Content-Type", contentType)
    }

    /// Adds a field.
    ///
    /// - Precondition: neither part has a CR or LF.
    public mutating func add(_ name: String, _ value: String) {
        precondition(!(name + value).utf8.contains { $0 == .cr || $0 == .lf })
        fieldLines += Array("\(name): \(value)\r\n".utf8)
    }

    /// Appends the response as it goes over the wire.
    ///
    /// - Parameters:
    ///   - date: a field line, kept by the caller for as long as the second lasts.
    ///   - isHead: whether the request was a HEAD: the body's length is told, the body isn't sent.
    ///   - saysKeepAlive: whether an HTTP/1.0 client must be told that the connection stays.
    ///   - closes: whether the connection is to be closed after it for a reason of the server's.
    ///
    /// Spec: RFC 9112 §4, RFC 9110 §8.6
    public func write(
        into output: inout [UInt8], date: [UInt8], isHead: Bool = false,
        saysKeepAlive: Bool = false, closes: Bool = false
    ) {
        output.append(contentsOf: StatusLine.octets(of: status))
        output.append(contentsOf: date)
        if !fieldLines.isEmpty { output.append(contentsOf: fieldLines) }
        if self.closes || closes {
            output.append(contentsOf: Self.connectionClose)
        } else if saysKeepAlive {
            output.append(contentsOf: Self.connectionKeepAlive)
        }
        switch (status, body.count) {
        case (204, _): output.append(contentsOf: Self.end)
        case (_, 0): output.append(contentsOf: Self.noContent)
        case (_, let count):
            output.append(contentsOf: Self.contentLength)
            Self.append(count, to: &output)
            output.append(contentsOf: Self.end)
            if !isHead { output.append(contentsOf: body) }
        }
    }

    private static let contentLength = Array("Content-Length: ".utf8)
    private static let noContent = Array("Content-Length: 0\r\n\r\n".utf8)
    private static let end = Array("\r\n".utf8)
    private static let connectionClose = Array("Connection: close\r\n".utf8)
    private static let connectionKeepAlive = Array("Connection: keep-alive\r\n".utf8)

    /// The interim response that asks for the body.
    public static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private static func append(_ number: Int, to output: inout [UInt8]) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(0x30 + number / divisor % 10))
            divisor /= 10
        }
        output.append(.cr)
        output.append(.lf)
    }
}

/// The first lines of responses, made once.
///
/// Spec: RFC 9110 §15
enum StatusLine {
    private static let reasons: [Int: String] = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request",
        401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        406: "Not Acceptable", 408: "Request Timeout", 410: "Gone", 413: "Content Too Large",
        414: "URI Too Long", 415: "Unsupported Media Type", 417: "Expectation Failed",
        421: "Misdirected Request", 425: "Too Early", 426: "Upgrade Required",
        429: "Too Many Requests",
        431: "Request Header Fields Too Large", 500: "Internal Server Error",
        501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]

    private static let lines: [[UInt8]] = (0..<600).map { status in
        Array("HTTP/1.1 \(status) \(reasons[status] ?? "")\r\n".utf8)
    }

    static func octets(of status: Int) -> [UInt8] {
        precondition(200..<600 ~= status)
        return lines[status]
    }
}
