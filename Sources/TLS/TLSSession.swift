internal import COpenSSL

/// The server's half of one TLS connection, without its socket: octets in, octets out.
///
/// Owner: its context's loop. Whatever the peer sent goes into ``receive(_:into:at:output:)``;
/// what that appends to its output is to be sent, also where it failed, since it's the alert that
/// tells the peer why.
@safe public final class TLSSession {
    /// What octets that came in have led to.
    public enum Event: Equatable, Sendable {
        /// Plaintext at most.
        case none
        /// The handshake was completed.
        case established
        /// The peer sends no more; what it was sent may still be on its way.
        case closed
        /// The connection is of no more use.
        case failed(TLSFailure)
    }

    /// What one call has received.
    public struct Received: Equatable, Sendable {
        /// Octets of plaintext.
        public var count = 0
        /// The last thing that happened: a connection may be established and closed at once.
        public var event = Event.none
    }

    let context: TLSContext
    let handle: Owned
    private var hasBegun = false
    var failure: TLSFailure?
    /// Since the last octet of data.
    var keyUpdates = 0

    /// Whether the handshake was completed.
    public private(set) var isEstablished = false
    /// The host that the client asked for, in lower case; none is usual for an IP address.
    public internal(set) var serverName: String?
    /// Who the client is, if it had to say so and could.
    ///
    /// A resumed session's was checked when the session began: it may have expired since.
    public private(set) var clientCertificate: Certificate?

    init(_ context: TLSContext) {
        self.context = context
        handle = unsafe Owned(SSL_new(context.handle.pointer)) { unsafe SSL_free($0) }
        unsafe tls_set_owner(handle.pointer, Unmanaged.passUnretained(self).toOpaque())
        let end = unsafe context.transport.makeEnd()
        unsafe SSL_set_bio(handle.pointer, end, end)
        unsafe SSL_set_accept_state(handle.pointer)
    }

    /// The session that OpenSSL's callbacks speak of.
    @unsafe static func of(_ handle: OpaquePointer?) -> TLSSession {
        guard let handle = unsafe handle, let owner = unsafe tls_owner(handle) else {
            preconditionFailure("a session without an owner")
        }
        return unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
    }

    // MARK: - Octets

    /// The octets of room that plaintext needs where so many are received: a record may have
    /// been waiting for the last of its octets.
    public static func roomNeeded(for count: Int) -> Int { count + 16 * 1024 }

    /// Takes in what the peer sent, all of it.
    ///
    /// - Parameters:
    ///   - plaintext: where to write what it says.
    ///   - place: where in `plaintext` to begin.
    ///   - output: gets what is to be sent to the peer appended.
    /// - Precondition: `plaintext` has ``roomNeeded(for:)`` octets from `place` on.
    public func receive(
        _ octets: Span<UInt8>, into plaintext: inout MutableSpan<UInt8>, at place: Int,
        output: inout [UInt8]
    ) -> Received {
        precondition(plaintext.count - place >= Self.roomNeeded(for: octets.count))
        if let failure { return Received(event: .failed(failure)) }
        if !hasBegun, !octets.isEmpty {
            hasBegun = true
            // A method's first letter, which begins no record of any version.
            if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= octets[0] {
                return Received(event: fail(.plainHTTP, "the client sent HTTP without TLS"))
            }
        }
        return unsafe plaintext.withUnsafeMutableBytes { room in
            unsafe octets.withUnsafeBytes { input in
                unsafe context.transport.input = input
                defer { context.transport.dropInput() }
                return writing(to: &output) {
                    unsafe proceed(into: UnsafeMutableRawBufferPointer(rebasing: room[place...]))
                }
            }
        }
    }

    /// Encrypts what is to be sent; where it can't, the next octets received fail.
    ///
    /// - Parameter output: gets the records appended.
    /// - Precondition: the session is established.
    public func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) {
        precondition(isEstablished)
        guard !plaintext.isEmpty, failure == nil else { return }
        unsafe plaintext.withUnsafeBytes { octets in
            writing(to: &output) {
                var count = 0
                let result = unsafe SSL_write_ex(
                    handle.pointer, octets.baseAddress, octets.count, &count)
                if result != 1 { failure = lastFailure() }
            }
        }
    }

    /// Says that nothing more will be sent; the peer may go on.
    ///
    /// - Parameter output: gets the alert appended.
    public func close(output: inout [UInt8]) {
        guard isEstablished, failure == nil else { return }
        writing(to: &output) { _ = unsafe SSL_shutdown(handle.pointer) }
    }

    /// Lets OpenSSL write to an output, and leaves none of its errors to the next session.
    private func writing<Result>(to output: inout [UInt8], _ body: () -> Result) -> Result {
        swap(&context.transport.output, &output)
        OpenSSLError.clear()
        defer {
            OpenSSLError.clear()
            swap(&context.transport.output, &output)
        }
        return body()
    }

    /// Reads until OpenSSL has nothing left: nobody would tell us of what stayed behind.
    private func proceed(into room: UnsafeMutableRawBufferPointer) -> Received {
        var received = Received()
        if !isEstablished {
            let result = unsafe SSL_do_handshake(handle.pointer)
            guard result == 1 else {
                received.event = event(after: result) ?? .none
                return received
            }
            isEstablished = true
            clientCertificate = readClientCertificate()
            received.event = .established
        }
        while true {
            var count = 0
            let rest = unsafe room[received.count...]
            let result = unsafe SSL_read_ex(
                handle.pointer, UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress,
                rest.count, &count)
            guard result == 1 else {
                received.event = event(after: result) ?? received.event
                return received
            }
            received.count += count
            keyUpdates = 0
        }
    }
}

// MARK: - Events

extension TLSSession {
    /// What a call means that gave nothing; nothing where it waits for more octets.
    private func event(after result: CInt) -> Event? {
        if let failure { return .failed(failure) }
        switch unsafe SSL_get_error(handle.pointer, result) {
        case SSL_ERROR_WANT_READ: return nil
        case SSL_ERROR_ZERO_RETURN: return .closed
        default:
            let last = lastFailure()
            failure = last
            return .failed(last)
        }
    }

    func fail(_ code: TLSFailure.Code, _ reason: String) -> Event {
        let failure = TLSFailure(code: code, reason: reason)
        self.failure = failure
        return .failed(failure)
    }

    private func lastFailure() -> TLSFailure {
        let code = TLSFailure.Code(reason: tls_reason(ERR_peek_last_error()))
        let verified = unsafe SSL_get_verify_result(handle.pointer)
        guard code == .clientCertificateInvalid, verified != X509_V_OK,
            let reason = unsafe X509_verify_cert_error_string(verified)
        else { return TLSFailure(code: code, reason: OpenSSLError.text) }
        return unsafe TLSFailure(code: code, reason: String(cString: reason))
    }
}

// MARK: - What was agreed on

extension TLSSession {
    /// What is spoken within; HTTP/1.1 where the client asked for nothing.
    public var applicationProtocol: ApplicationProtocol {
        var name: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        unsafe SSL_get0_alpn_selected(handle.pointer, &name, &count)
        return unsafe UnsafeBufferPointer(start: name, count: Int(count))
            .elementsEqual("h2".utf8) ? .h2 : .http1
    }

    /// Whether one of the listener's certificates is for a host.
    ///
    /// - Parameter host: a name in lower case, or an IP address.
    public func isCertified(forHost host: String) -> Bool { context.isCertified(forHost: host) }

    /// Whether a ticket spared most of the handshake.
    public var isResumed: Bool { unsafe SSL_session_reused(handle.pointer) == 1 }

    /// `TLSv1.3` or `TLSv1.2`.
    public var version: String { unsafe String(cString: SSL_get_version(handle.pointer)) }

    /// OpenSSL's name: `TLS_AES_128_GCM_SHA256`.
    public var cipher: String {
        unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(handle.pointer)))
    }

    private func readClientCertificate() -> Certificate? {
        guard let certificate = unsafe SSL_get0_peer_certificate(handle.pointer) else { return nil }
        return unsafe Certificate(x509: certificate)
    }
}
