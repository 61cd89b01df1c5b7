internal import COpenSSL

// What OpenSSL asks and tells while a session receives; each time it's about that session.

extension TLSContext {
    func setCallbacks() {
        unsafe SSL_CTX_set_client_hello_cb(
            handle.pointer,
            { handle, alert, _ in
                if unsafe TLSSession.of(handle).takeHello() { return SSL_CLIENT_HELLO_SUCCESS }
                unsafe alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
                return SSL_CLIENT_HELLO_ERROR
            }, nil)
        unsafe SSL_CTX_set_cert_cb(
            handle.pointer,
            { handle, _ in unsafe TLSSession.of(handle).offerCertificates() ? 1 : 0 }, nil)
        unsafe SSL_CTX_set_alpn_select_cb(
            handle.pointer,
            { handle, chosen, count, offered, bytes, _ in
                let offered = unsafe UnsafeBufferPointer(start: offered, count: Int(bytes))
                let names = unsafe TLSSession.of(handle).context.protocolNames
                guard let name = unsafe TLSContext.first(of: names, in: offered) else {
                    return SSL_TLSEXT_ERR_ALERT_FATAL
                }
                unsafe chosen?.pointee = name.baseAddress
                unsafe count?.pointee = UInt8(name.count)
                return SSL_TLSEXT_ERR_OK
            }, nil)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(handle.pointer) {
            handle, name, vector, cipher, mac, seals in
            guard let handle = unsafe handle, let name = unsafe name, let vector = unsafe vector,
                let cipher = unsafe cipher, let mac = unsafe mac
            else { return -1 }
            let tickets = unsafe TLSSession.of(handle).context.tickets
            if seals == 1 {
                return unsafe tickets.seal(name: name, vector: vector, cipher: cipher, mac: mac)
                    ? 1 : -1
            }
            let isOld = unsafe tickets.open(name: name, vector: vector, cipher: cipher, mac: mac)
            guard let isOld else { return 0 }
            // Clients use a ticket of TLS 1.3 once, so each time they need another one.
            return unsafe isOld || SSL_version(handle) == TLS1_3_VERSION ? 2 : 1
        }
        unsafe SSL_CTX_set_msg_callback(handle.pointer) {
            isSent, _, type, message, count, handle, _ in
            guard type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT else { return }
            let message = unsafe UnsafeRawBufferPointer(start: message, count: count)
            unsafe TLSSession.of(handle).note(message, type: type, isSent: isSent == 1)
        }
    }

    /// The first of our names that is in a client's list, where the client wrote it.
    @unsafe private static func first(
        of names: [StaticString], in list: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        for name in names {
            let name = unsafe UnsafeBufferPointer(
                start: name.utf8Start, count: name.utf8CodeUnitCount)
            var rest = unsafe list[...]
            while let count = unsafe rest.popFirst() {
                let item = unsafe UnsafeBufferPointer(rebasing: rest.prefix(Int(count)))
                if unsafe item.elementsEqual(name) { return unsafe item }
                unsafe rest = rest.dropFirst(Int(count))
            }
        }
        return nil
    }
}
