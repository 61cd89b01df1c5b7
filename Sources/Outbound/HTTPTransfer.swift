internal import CCurl
internal import EventLoops

/// A configured handle of curl's, and what it needs to live while a request is under way.
///
/// curl has pointers to it while its request is under way; the client keeps it alive so long.
@safe final class HTTPTransfer {
    let easy: UnsafeMutableRawPointer
    let isSecure: Bool
    /// When the request was begun.
    private(set) var began: ContinuousClock.Instant
    /// A success was said over HTTP/2, by a header section that is complete.
    private(set) var isAcknowledged = false
    /// Waits a moment longer for the end of such a response.
    var linger: LoopTimer?
    /// Set while a request is under way only: the endpoint holds those that are idle.
    var endpoint: HTTPEndpoint?
    var completion: ((HTTPResponse) -> Void)?
    /// Where the body goes, if it's handed on as it comes.
    var stream: HTTPStream?

    private unowned let client: HTTPClient
    private let options: HTTPEndpoint.Options
    private static let repeatsLimit = 3

    private let details = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let pin: CertificatePin?
    private let addressGuard: AddressGuard?
    private let fields = FieldList()
    private var method = ""
    private var url: String?
    private var timeout = Duration.zero
    private var headBytes = 0
    private var headLines = 0
    private var bodyBytes = 0
    private var isCut = false
    private var repeatsLeft = repeatsLimit
    private var bodyCount = 0
    private var body: [UInt8] = []

    init(_ options: HTTPEndpoint.Options, userAgent: String, client: HTTPClient) {
        guard let easy = unsafe curl_easy_init() else { preconditionFailure("no memory for curl") }
        unsafe self.easy = easy
        self.options = options
        pin = options.tls.certificateDigest.map { CertificatePin($0) }
        addressGuard = options.allowsPrivateAddresses ? nil : AddressGuard()
        self.client = client
        began = client.now
        isSecure = options.url.lowercased().hasPrefix("https:")
        unsafe details.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configure(userAgent)
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe details.deallocate()
    }

    /// Makes ready what changes from request to request; curl copies the body.
    func begin(_ request: HTTPRequest, stream: HTTPStream?) {
        prepare()
        began = client.now
        self.stream = stream
        stream?.transfer = self
        if repeatsLeft == 0 { avoidHTTP2(false) }
        repeatsLeft = Self.repeatsLimit
        if method != request.method { choose(request.method) }
        if url != request.url {
            url = request.url
            set(CURLOPT_URL, url ?? options.url)
        }
        let timeout = stream == nil ? max(request.timeout, .milliseconds(1)) : .zero
        if self.timeout != timeout {
            self.timeout = timeout
            set(CURLOPT_TIMEOUT_MS, timeout.wholeMilliseconds)
        }
        unsafe check(fields.apply(request.fields, to: easy))
        bodyCount = HTTPRequest.hasBody(method) ? request.body.count : 0
        guard HTTPRequest.hasBody(method) else { return }
        unsafe check(curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count))
        unsafe request.octets[request.body].withUnsafeBytes { body in
            // curl takes a null for a body to be read by a callback.
            let start = unsafe body.baseAddress ?? UnsafeRawPointer(easy)
            unsafe check(curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start))
        }
    }

    /// Makes ready to send the same request again at once, where its stream or connection ended
    /// before any answer; `false` where that makes no sense.
    ///
    /// Servers close HTTP/2 connections with requests under way, and this curl (7.88) loses the
    /// answer of some streams that end before their body was sent.
    func beginAgain(after result: CURLcode) -> Bool {
        let left = timeout - (client.now - began)
        let codes = [CURLE_HTTP2_STREAM, CURLE_HTTP2, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR]
        guard codes.contains(result), isSecure, status == nil, repeatsLeft > 0, left > .zero
        else { return false }
        prepare()
        repeatsLeft -= 1
        if repeatsLeft == 0 { avoidHTTP2(true) }
        timeout = left
        set(CURLOPT_TIMEOUT_MS, max(1, timeout.wholeMilliseconds))
        return true
    }

    /// Takes a connection of its own, or the endpoint's again.
    ///
    /// By HTTP/1.1 the answer is found even where it comes in the midst of a large body.
    private func avoidHTTP2(_ isAvoided: Bool) {
        let version = isAvoided ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS
        set(CURLOPT_HTTP_VERSION, Int(version))
        set(CURLOPT_FRESH_CONNECT, isAvoided ? 1 : 0)
        set(CURLOPT_FORBID_REUSE, isAvoided ? 1 : 0)
    }

    private func prepare() {
        unsafe details.pointee = 0
        (headBytes, headLines, bodyBytes) = (0, 0, 0)
        (isCut, isAcknowledged) = (false, false)
        body.removeAll(keepingCapacity: true)
        addressGuard?.reset()
        // See `takeHead`.
        set(CURLOPT_LOW_SPEED_TIME, 0)
    }

    /// Whether curl has handed on all of the body.
    var hasSentBody: Bool {
        var count = 0
        unsafe check(curl_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &count))
        return count >= bodyCount
    }

    private var isHTTP2: Bool {
        var version = 0
        unsafe check(curl_get_long(easy, CURLINFO_HTTP_VERSION, &version))
        return version == CURL_HTTP_VERSION_2_0
    }

    /// The socket of the request's connection, where that is open still.
    var socket: CInt? {
        var socket: CInt = -1
        unsafe check(curl_get_socket(easy, CURLINFO_ACTIVESOCKET, &socket))
        return socket < 0 ? nil : socket
    }

    /// What came of the request; gives back the memory that curl's copy of the body takes.
    func end(_ result: CURLcode) -> HTTPResponse {
        // For a GET there is none, and setting it would make the next one a POST.
        defer {
            if HTTPRequest.hasBody(method) {
                unsafe check(curl_set_pointer(easy, CURLOPT_POSTFIELDS, nil))
            }
        }
        var response = HTTPResponse(status: status)
        response.isCut = isCut
        if !isCut, result != CURLE_OK {
            var verification = 0
            unsafe check(curl_get_long(easy, CURLINFO_SSL_VERIFYRESULT, &verification))
            response.error =
                addressGuard?.error(for: result)
                ?? CurlError(
                    result, details: unsafe String(cString: details), verification: verification)
        } else if response.status == nil {
            response.error = CurlError(kind: .malformed, text: "no final response")
        }
        response.body = body
        for name in options.fieldsKept {
            guard let value = unsafe curl_response_field(easy, name) else { continue }
            response.fields[name] = unsafe String(cString: value)
        }
        return response
    }

    var status: Int? {
        var status = 0
        unsafe check(curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status))
        return status >= 200 ? status : nil
    }
}

// MARK: - Octets of the response

extension HTTPTransfer {
    /// Takes a line of the header section; `false` ends the transfer.
    fileprivate func takeHead(_ count: Int) -> Bool {
        if headBytes == 0 {
            endpoint?.lastAnswer = client.now
            // Not before, because a receiver may think for as long as the whole limit allows.
            let limit = max(1, options.slowTimeout.wholeMilliseconds / 1_000)
            set(CURLOPT_LOW_SPEED_TIME, stream == nil ? limit : 0)
        }
        headBytes += count
        headLines += 1
        isCut = headBytes > options.headBytesLimit || headLines > options.headLinesLimit
        // Its last line is empty.
        if count == 2, !isAcknowledged, isHTTP2, let status, 200...299 ~= status {
            isAcknowledged = true
            client.didAcknowledge(self)
        }
        return !isCut
    }

    /// Takes a part of the body; `false` ends the transfer.
    fileprivate func takeBody(_ part: UnsafeRawBufferPointer) -> Bool {
        if let stream, let status, 200...299 ~= status {
            unsafe stream.take(part, now: client.now)
            return true
        }
        let room = options.bodyBytesKept - body.count
        if room > 0 { unsafe body.append(contentsOf: part.prefix(room)) }
        bodyBytes += part.count
        isCut = bodyBytes > options.bodyBytesLimit
        return !isCut
    }

    /// Sets the callbacks; they find the transfer by a pointer that is good while curl has it.
    private func listen() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe check(curl_set_pointer(easy, CURLOPT_PRIVATE, context))
        unsafe check(curl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        unsafe check(curl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        unsafe check(
            curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { _, size, count, context in
                guard let context = unsafe context else { return 0 }
                let transfer = unsafe Unmanaged<HTTPTransfer>.fromOpaque(context)
                let isTaken = unsafe transfer._withUnsafeGuaranteedRef {
                    $0.takeHead(size * count)
                }
                return isTaken ? size * count : 0
            })
        unsafe check(
            curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { octets, size, count, context in
                guard let context = unsafe context else { return 0 }
                let transfer = unsafe Unmanaged<HTTPTransfer>.fromOpaque(context)
                let part = unsafe UnsafeRawBufferPointer(start: octets, count: size * count)
                let isTaken = unsafe transfer._withUnsafeGuaranteedRef {
                    unsafe $0.takeBody(part)
                }
                return isTaken ? size * count : 0
            })
    }
}

// MARK: - Options

extension HTTPTransfer {
    private func configure(_ userAgent: String) {
        listen()
        unsafe check(curl_set_pointer(easy, CURLOPT_ERRORBUFFER, details))
        set(CURLOPT_URL, options.url)
        set(CURLOPT_USERAGENT, userAgent)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        let takesHTTP2 = isSecure && options.takesHTTP2
        // HTTP/2 over TLS, if the server wants to: this curl (7.88) can't use a plain connection
        // twice for it.
        set(CURLOPT_HTTP_VERSION, Int(takesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
        // A connection that is being made may soon take all requests that wait.
        set(CURLOPT_PIPEWAIT, takesHTTP2 ? 1 : 0)
        if isSecure { apply(options.tls) }
        if let socket = options.unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, socket) }
        if options.sendsOnce {
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_FORBID_REUSE, 1)
        }
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, options.connectTimeout.wholeMilliseconds))
        set(CURLOPT_LOW_SPEED_LIMIT, options.bytesPerSecondLeast)
        set(CURLOPT_FOLLOWLOCATION, 0)
        // Nothing of the environment decides where events go.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_NOSIGNAL, 1)
        // The resolver knows how long an address holds, curl doesn't; so it's asked often.
        set(CURLOPT_DNS_CACHE_TIMEOUT, 5)
        let lifetime = options.connectionLifetime.wholeMilliseconds / 1_000
        set(CURLOPT_MAXLIFETIME_CONN, max(1, lifetime))
        // A look-up that is given up ends on its own thread; the loop doesn't wait for it.
        set(CURLOPT_QUICK_EXIT, 1)
        if let addressGuard {
            unsafe check(addressGuard.apply(to: easy))
        } else {
            unsafe check(curl_set_close_on_exec(easy))
        }
    }

    private func apply(_ tls: HTTPEndpoint.TLSOptions) {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, tls.isInsecure ? 0 : 1)
        set(CURLOPT_SSL_VERIFYHOST, tls.isInsecure || pin != nil ? 0 : 2)
        unsafe pin?.apply(to: easy)
        apply(authorities: tls)
        // A file that was replaced is read by then; the system's takes milliseconds to read.
        set(CURLOPT_CA_CACHE_TIMEOUT, tls.authorities == nil ? 60 : 1)
        if let certificate = tls.certificate { set(CURLOPT_SSLCERT, certificate) }
        if let key = tls.key { set(CURLOPT_SSLKEY, key) }
        if let certificate = tls.certificatePEM { set(CURLOPT_SSLCERT_BLOB, certificate) }
        if let key = tls.keyPEM { set(CURLOPT_SSLKEY_BLOB, key) }
    }

    private func apply(authorities tls: HTTPEndpoint.TLSOptions) {
        var isOnly = false
        if let octets = tls.authorityOctets {
            // What stands there is copied, and nothing else is read of a file.
            set(CURLOPT_CAINFO_BLOB, octets)
            isOnly = !tls.trustsSystem
        } else if let authorities = tls.authorities {
            set(CURLOPT_CAINFO, authorities)
            isOnly = true
        }
        // Or the system's would be trusted, too.
        if isOnly { unsafe check(curl_set_string(easy, CURLOPT_CAPATH, nil)) }
    }

    private func choose(_ method: String) {
        self.method = method
        set(HTTPRequest.hasBody(method) ? CURLOPT_POST : CURLOPT_HTTPGET, 1)
        if method == "GET" || method == "POST" {
            unsafe check(curl_set_string(easy, CURLOPT_CUSTOMREQUEST, nil))
        } else {
            set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    private func set(_ option: CURLoption, _ value: Int) {
        unsafe check(curl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) {
        unsafe check(curl_set_string(easy, option, value))
    }

    private func set(_ option: CURLoption, _ octets: [UInt8]) {
        unsafe octets.withUnsafeBytes {
            unsafe check(curl_set_octets(easy, option, $0.baseAddress, $0.count))
        }
    }

    /// An option that curl doesn't take is our mistake, or there is no memory.
    private func check(_ result: CURLcode) { precondition(result == CURLE_OK) }
}

extension Duration {
    /// Rounded down.
    var wholeMilliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
