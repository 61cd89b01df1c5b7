internal import CLinux
internal import EventLoops
internal import TLS

extension Connection {
    /// Whether the peer is so slow to take what it asked for that nothing more should be read.
    var isOutputFull: Bool { output.count - outputStart > server.limits.outputBytes }

    /// Lets `write` append octets to the output; they go out with the next flush.
    @inline(__always)
    func send(_ write: (inout [UInt8]) -> Void) {
        guard let tls else { return sendAsIs(write) }
        var plaintext = server.takeOutput()
        write(&plaintext)
        sendAsIs { tls.send(plaintext.span, output: &$0) }
        server.giveBack(plaintext)
    }

    /// The same for what isn't to be encrypted, or is already.
    @inline(__always)
    func sendAsIs(_ write: (inout [UInt8]) -> Void) {
        var output = takeOutput()
        write(&output)
        swap(&output, &self.output)
    }

    /// Moves the output out of the connection, to be changed and put back: nobody else can see it
    /// meanwhile, so that nothing needs to be checked at each access.
    private func takeOutput() -> [UInt8] {
        var output: [UInt8] = []
        swap(&output, &self.output)
        return output.isEmpty ? server.takeOutput() : output
    }

    /// Gives the system as much as it takes; it tells when it takes more.
    func flush() {
        guard !output.isEmpty, state != .closed else { return }
        let output = takeOutput()
        var start = outputStart
        while start < output.count {
            let sent = unsafe output.withUnsafeBytes { octets in
                guard let base = octets.baseAddress else { return 0 }
                return unsafe linux_send(number, base + start, octets.count - start)
            }
            guard sent > 0 else {
                keepOutput(output, from: start)
                return sent == -Int(EAGAIN) ? () : close()
            }
            start += sent
        }
        outputStart = 0
        server.giveBack(output)
        guard state == .lingering else { return }
        if isInputOver { close() } else { linux_shutdown_writing(number) }
    }

    /// Keeps what the peer didn't take yet.
    private func keepOutput(_ output: consuming [UInt8], from start: Int) {
        if start > outputStart { clock.sent(now: server.loop.nanoseconds) }
        // Lets go of what was taken, once that is most of it: so it grows no more than its limit
        // allows, even if the peer never takes all.
        let isMostlySent = start > output.count / 2
        if isMostlySent { output.removeSubrange(..<start) }
        outputStart = isMostlySent ? 0 : start
        swap(&output, &self.output)
    }
}
