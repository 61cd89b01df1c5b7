internal import COpenSSL

// What OpenSSL asks and tells while a session receives.

extension TLSSession {
    /// The most key updates between two octets of data.
    private static let keyUpdatesLimit = 32

    /// Reads which host is asked for, and lets tickets count for that one only.
    ///
    /// - Returns: whether to go on.
    func takeHello() -> Bool {
        var data: UnsafePointer<UInt8>?
        var count = 0
        let type = CUnsignedInt(TLSEXT_TYPE_server_name)
        if unsafe SSL_client_hello_get0_ext(handle.pointer, type, &data, &count) == 1 {
            switch unsafe ServerName(UnsafeBufferPointer(start: data, count: count)) {
            case .none: serverName = nil
            case .host(let name): serverName = name
            case .invalid:
                _ = fail(.unknownName, "the client asked for something that is no host's name")
                return false
            }
        }
        let identity = context.identity(for: serverName)
        return unsafe SSL_set_session_id_context(
            handle.pointer, identity, CUnsignedInt(identity.count)) == 1
    }

    /// Offers the certificates for the host, from which OpenSSL takes one that the client can
    /// check: where two have a key of one kind the first counts.
    func offerCertificates() -> Bool {
        context.pairs(for: serverName).reversed().allSatisfy { unsafe $0.use(for: handle.pointer) }
    }

    /// Looks out for what costs us more than the peer, and ends it.
    func note(_ message: UnsafeRawBufferPointer, type: CInt, isSent: Bool) {
        if isSent {
            // Where OpenSSL refuses a second handshake it would go on with the first.
            guard type == SSL3_RT_ALERT, unsafe message.last == UInt8(SSL_AD_NO_RENEGOTIATION)
            else { return }
            stop(.renegotiation, "the client began a second handshake")
        } else if type == SSL3_RT_HANDSHAKE, unsafe message.first == UInt8(SSL3_MT_KEY_UPDATE) {
            keyUpdates += 1
            guard keyUpdates > Self.keyUpdatesLimit else { return }
            stop(.keyUpdates, "the client changed its keys and sent nothing")
        }
    }

    /// Fails within a call of OpenSSL's, which then finds nothing more to read.
    private func stop(_ code: TLSFailure.Code, _ reason: String) {
        failure = TLSFailure(code: code, reason: reason)
        context.transport.dropInput()
    }
}
