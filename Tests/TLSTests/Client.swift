import COpenSSL

@testable import TLS

/// A TLS client that keeps what it writes until the test takes it.
final class TestClient {
    struct Options {
        var name: String? = "veer.example"
        var minimum = TLS1_2_VERSION
        var maximum = TLS1_3_VERSION
        /// Asked for in this order; none leaves the extension out.
        var protocols: [String] = []
        var certificate: TestCertificate?
        /// Sent after it.
        var issuers: [TestCertificate] = []
        /// Names of signature algorithms.
        var signatures: String?
        var ciphers: String?
        var groups: String?
        var session: OpaquePointer?
    }

    let context = SSL_CTX_new(TLS_client_method())
    let ssl: OpaquePointer
    private let incoming = BIO_new(BIO_s_mem())
    private let outgoing = BIO_new(BIO_s_mem())
    /// What the server said.
    var received: [UInt8] = []
    /// The last thing that went wrong.
    var error: String?
    var isEstablished: Bool { SSL_is_init_finished(ssl) == 1 }

    init(_ options: Options = Options()) {
        SSL_CTX_set_security_level(context, 0)
        tls_context_set_minimum(context, options.minimum)
        tls_context_set_maximum(context, options.maximum)
        if let ciphers = options.ciphers { SSL_CTX_set_cipher_list(context, ciphers) }
        if let groups = options.groups { tls_context_set_groups(context, groups) }
        if let names = options.signatures { tls_context_set_signatures(context, names) }
        if let certificate = options.certificate {
            let chain = tls_chain_new()
            defer { tls_chain_free(chain) }
            for issuer in options.issuers { tls_chain_append(chain, issuer.pointer) }
            SSL_CTX_use_cert_and_key(
                context, certificate.pointer, certificate.key.pointer, chain, 1)
        }
        ssl = SSL_new(context)
        SSL_set_bio(ssl, incoming, outgoing)
        tls_set_host(ssl, options.name)
        let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !list.isEmpty { SSL_set_alpn_protos(ssl, list, CUnsignedInt(list.count)) }
        if let session = options.session { SSL_set_session(ssl, session) }
        SSL_set_connect_state(ssl)
    }

    deinit {
        // Else the session that a test kept couldn't be resumed.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN)
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    /// Goes on with what came, and gives what is to be sent.
    func proceed(_ octets: [UInt8] = []) -> [UInt8] {
        BIO_write(incoming, octets, CInt(octets.count))
        ERR_clear_error()
        var room = [UInt8](repeating: 0, count: 16 * 1024)
        var result = CInt(1)
        if !isEstablished { result = SSL_do_handshake(ssl) }
        while result == 1 {
            var count = 0
            result = SSL_read_ex(ssl, &room, room.count, &count)
            if result == 1 { received += room[..<count] }
        }
        note(result)
        return takeOutput()
    }

    func send(_ octets: [UInt8]) -> [UInt8] {
        var count = 0
        note(SSL_write_ex(ssl, octets, octets.count, &count))
        return takeOutput()
    }

    /// Begins something after the handshake.
    func begin(_ what: (OpaquePointer) -> CInt) -> [UInt8] {
        precondition(what(ssl) == 1)
        note(SSL_do_handshake(ssl))
        return takeOutput()
    }

    func close() -> [UInt8] {
        SSL_shutdown(ssl)
        return takeOutput()
    }

    func takeOutput() -> [UInt8] {
        var octets: UnsafePointer<UInt8>?
        let count = tls_memory(outgoing, &octets)
        let output = Array(UnsafeBufferPointer(start: octets, count: Int(count)))
        tls_forget_memory(outgoing)
        return output
    }

    private func note(_ result: CInt) {
        guard result != 1 else { return }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_NONE: break
        case SSL_ERROR_ZERO_RETURN: error = "close notify"
        default: error = ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) }
        }
        ERR_clear_error()
    }
}

/// A client and a server's session, joined by arrays.
struct Conversation {
    let client: TestClient
    let session: TLSSession
    /// What the server read.
    var received: [UInt8] = []
    var events: [TLSSession.Event] = []
    /// What the server wrote last.
    var output: [UInt8] = []

    init(_ context: TLSContext, _ options: TestClient.Options = .init()) {
        client = TestClient(options)
        session = context.makeSession()
    }

    var failure: TLSFailure? {
        events.lazy.compactMap { if case .failed(let failure) = $0 { failure } else { nil } }.first
    }

    /// Hands octets to the server as one read.
    @discardableResult
    mutating func deliver(_ octets: [UInt8]) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: TLSSession.roomNeeded(for: octets.count) + 3)
        output = []
        var span = room.mutableSpan
        let result = session.receive(octets.span, into: &span, at: 3, output: &output)
        received += room[3..<3 + result.count]
        if result.event != .none { events.append(result.event) }
        return output
    }

    /// Lets both speak until neither has anything to say.
    ///
    /// - Parameter isCut: whether a read ends after so many octets of all that the client sends.
    /// - Returns: how many octets the client sent.
    @discardableResult
    mutating func run(cut isCut: (Int) -> Bool = { _ in false }) -> Int {
        var count = 0
        var octets = client.proceed()
        while !octets.isEmpty {
            var answer: [UInt8] = []
            var read: [UInt8] = []
            for octet in octets {
                read.append(octet)
                count += 1
                guard isCut(count) else { continue }
                answer += deliver(read)
                read = []
            }
            if !read.isEmpty { answer += deliver(read) }
            octets = client.proceed(answer)
        }
        return count
    }

    mutating func say(_ text: String) { deliver(client.send(Array(text.utf8))) }

    func answer(_ text: String) {
        var output: [UInt8] = []
        session.send(Array(text.utf8).span, output: &output)
        _ = client.proceed(output)
    }
}
