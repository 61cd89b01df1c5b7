internal import CCertificatePin
internal import CCurl

/// A configured handle of curl's, and what it needs to live while a request is under way.
///
/// curl has pointers to it while its request is under way; the client keeps it alive so long.
@safe final class HTTPTransfer {
    let easy: UnsafeMutableRawPointer
    let isSecure: Bool
    /// Set while a request is under way only: the endpoint holds those that are idle.
    var endpoint: HTTPEndpoint?
    var completion: ((HTTPResponse) -> Void)?

    private let options: HTTPEndpoint.Options
    private let details = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// As `certificate_pin_set` wants it; curl has a pointer to it.
    private let pin: UnsafeMutableBufferPointer<UInt8>?
    private let fields = FieldList()
    private var method = ""
    private var timeout = Duration.zero
    private var headBytes = 0
    private var bodyBytes = 0
    private var isCut = false
    private var body: [UInt8] = []

    init(_ options: HTTPEndpoint.Options, userAgent: String) {
        guard let easy = unsafe curl_easy_init() else { preconditionFailure("no memory for curl") }
        unsafe self.easy = easy
        self.options = options
        unsafe pin = options.certificateDigest.map { digest in
            let pin = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: digest.count + 1)
            _ = unsafe pin.initialize(from: [UInt8(digest.count)] + digest)
            return unsafe pin
        }
        isSecure = options.url.lowercased().hasPrefix("https:")
        unsafe details.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configure(userAgent)
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe details.deallocate()
        unsafe pin?.deallocate()
    }

    /// Makes ready what changes from request to request; curl copies the body.
    func begin(_ request: HTTPRequest) {
        unsafe details.pointee = 0
        (headBytes, bodyBytes, isCut) = (0, 0, false)
        body.removeAll(keepingCapacity: true)
        if method != request.method { choose(request.method) }
        if timeout != request.timeout {
            timeout = request.timeout
            set(CURLOPT_TIMEOUT_MS, max(1, timeout.wholeMilliseconds))
        }
        // See `takeHead`.
        set(CURLOPT_LOW_SPEED_TIME, 0)
        unsafe check(fields.apply(request.fields, to: easy))
        guard request.method != "GET" else { return }
        unsafe check(curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count))
        unsafe request.octets[request.body].withUnsafeBytes { body in
            // curl takes a null for a body to be read by a callback.
            let start = unsafe body.baseAddress ?? UnsafeRawPointer(easy)
            unsafe check(curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start))
        }
    }

    /// What came of the request; gives back the memory that curl's copy of the body takes.
    func end(_ result: CURLcode) -> HTTPResponse {
        defer { unsafe check(curl_set_pointer(easy, CURLOPT_POSTFIELDS, nil)) }
        var response = HTTPResponse(status: status)
        response.isCut = isCut
        if !isCut, result != CURLE_OK {
            response.error = CurlError(result, details: unsafe String(cString: details))
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

    private var status: Int? {
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
            // Not before, because a receiver may think for as long as the whole limit allows.
            let limit = options.slowTimeout.wholeMilliseconds / 1_000
            set(CURLOPT_LOW_SPEED_TIME, max(1, limit))
        }
        headBytes += count
        isCut = headBytes > options.headBytesLimit
        return !isCut
    }

    /// Takes a part of the body; `false` ends the transfer.
    fileprivate func takeBody(_ part: UnsafeRawBufferPointer) -> Bool {
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
        // Not HTTP/2. With it this curl (7.88) can't use a plain connection twice, and forgets a
        // request whose answer came before its body was read; and each request costs more.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_SSL_VERIFYPEER, options.isInsecure ? 0 : 1)
        set(CURLOPT_SSL_VERIFYHOST, options.isInsecure ? 0 : 2)
        if let authorities = options.authorities { set(CURLOPT_CAINFO, authorities) }
        if let pin = unsafe pin?.baseAddress {
            precondition(unsafe certificate_pin_set(easy, pin) != 0)
        }
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, options.connectTimeout.wholeMilliseconds))
        set(CURLOPT_LOW_SPEED_LIMIT, options.bytesPerSecondLeast)
        set(CURLOPT_FOLLOWLOCATION, 0)
        // Nothing of the environment decides where events go.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_DNS_CACHE_TIMEOUT, 30)
        // A look-up that is given up ends on its own thread; the loop doesn't wait for it.
        set(CURLOPT_QUICK_EXIT, 1)
        unsafe check(curl_set_close_on_exec(easy))
    }

    private func choose(_ method: String) {
        self.method = method
        set(method == "GET" ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
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

    /// An option that curl doesn't take is our mistake, or there is no memory.
    private func check(_ result: CURLcode) { precondition(result == CURLE_OK) }
}

extension Duration {
    /// Rounded down.
    var wholeMilliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
