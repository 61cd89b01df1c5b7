internal import CLinux
internal import EventLoops
internal import HTTP
internal import TLS

extension Connection {
    /// Takes the handshake as far as the peer's octets go.
    func shakeHands() {
        let intake = server.takeIntake()
        while state == .handshaking {
            guard receive(0, into: &intake.parts.buffer) else { break }
        }
        // Requests may have come right behind it.
        guard state == .open, let tls else { return server.giveBack(intake) }
        if tls.applicationProtocol == .h2 {
            beginHTTP2(with: &intake.parts.buffer)
            server.giveBack(intake)
        } else {
            driver = HTTP1Driver(intake)
        }
    }

    /// Reads what the system has, and decrypts it.
    ///
    /// - Returns: whether there was something to read.
    func receive(with tls: TLSSession, into buffer: inout ReadBuffer) -> Bool {
        guard let count = receiveScratch() else { return false }
        buffer.makeRoom(for: TLSSession.roomNeeded(for: count), limit: server.bufferBytesLimit)
        let ciphertext = server.scratch
        var event = TLSSession.Event.none
        sendAsIs { output in
            _ = buffer.fill { plaintext, room in
                let received = tls.receive(
                    ciphertext.span.extracting(0..<count), into: &plaintext, at: room.lowerBound,
                    output: &output)
                event = received.event
                return received.count
            }
        }
        if state == .handshaking, tls.isEstablished { established(tls) }
        switch event {
        case .none, .established: break
        // What came before it is to be answered still.
        case .closed: isInputClosed = true
        case .failed(let failure): failed(failure)
        }
        return true
    }

    /// Speaks HTTP/2 from now on, beginning with what has come of it.
    func beginHTTP2(with buffer: inout ReadBuffer) {
        guard let limits = server.limits.http2 else { return }
        let first = Array(buffer.octets[buffer.unread])
        buffer.use(first.count)
        driver = HTTP2Driver(limits, first: first, now: server.loop.nanoseconds)
        if server.isClosing { sendAway() }
    }

    private func established(_ tls: TLSSession) {
        peer.encryption = Peer.Encryption(tls)
        server.handshakeEnded(outcome: tls.isResumed ? "resumed" : "full")
        state = .open
    }

    private func failed(_ failure: TLSFailure) {
        let isPlain = failure.code == .plainHTTP
        let problem = Problem(
            status: 400, code: isPlain ? "plain_http_on_tls_port" : "tls_\(failure.code.rawValue)",
            detail: isPlain ? "This port speaks TLS; use https." : failure.reason)
        server.handler.refused(problem, from: peer)
        if state == .handshaking { server.handshakeEnded(outcome: failure.code.rawValue) }
        state = .lingering
        if isPlain {
            sendAsIs { output in
                problem.response.write(into: &output, date: server.date, closes: true)
            }
        }
        if output.isEmpty { linux_shutdown_writing(number) }
    }

    /// Without it the peer can't tell the end of what we say from an attacker's cut.
    func sayGoodbye() {
        if let tls { sendAsIs { tls.close(output: &$0) } }
    }
}
