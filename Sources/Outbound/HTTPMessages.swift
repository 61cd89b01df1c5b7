/// A request to an ``HTTPEndpoint``.
public struct HTTPRequest {
    /// The method; anything but `GET` and `OPTIONS` has a body, be it an empty one.
    public var method = "POST"
    /// Another URL of the endpoint's server; nil stands for the endpoint's own.
    public var url: String?
    /// The header fields.
    public var fields: HTTPFields
    /// Octets that hold the body.
    public var octets: [UInt8]
    /// Where the body stands in ``octets``.
    public var body: Range<Int>
    /// For the whole request, from the look-up of the name to the response's last octet.
    public var timeout: Duration

    /// Whether a body goes with it.
    static func hasBody(_ method: String) -> Bool { method != "GET" && method != "OPTIONS" }

    /// A request whose body is a part of `octets`, so that nothing is copied before it's sent.
    public init(
        method: String = "POST", fields: HTTPFields, octets: [UInt8], body: Range<Int>,
        timeout: Duration
    ) {
        self.method = method
        self.fields = fields
        self.octets = octets
        self.body = body
        self.timeout = timeout
    }
}

/// What came of a request: a status, an error, or a status and then an error.
public struct HTTPResponse: Sendable, Equatable {
    /// The status of the final response, where its status line came.
    public var status: Int?
    /// The fields that ``HTTPEndpoint/Options/fieldsKept`` names, by the names given there.
    public var fields: [String: String] = [:]
    /// The body's first octets.
    public var body: [UInt8] = []
    /// The response was longer than a limit, so its rest was not read.
    public var isCut = false
    /// Why the response isn't whole; with a status, it failed after that.
    public var error: CurlError?

    /// A response with no field or body.
    public init(status: Int? = nil, error: CurlError? = nil) {
        self.status = status
        self.error = error
    }
}
