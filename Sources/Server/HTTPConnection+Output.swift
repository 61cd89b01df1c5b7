internal import CLinux
internal import EventLoops
internal import HTTP

extension HTTPConnection {
    /// The answer to the request of that number has come.
    func complete(_ number: Int, with response: Response) {
        guard state == .answering, number == current.number else { return }
        state = .open
        reply(response)
        proceed()
    }

    /// Looks at the time; called by the server once in a while.
    func checkTime(now: ContinuousClock.Instant) {
        switch clock.verdict(now: now, server.limits) {
        case .wait: return
        case .close: close()
        case .refuse:
            refuse(
                Problem(
                    status: 408, code: "request_timeout",
                    detail: "The request came too slowly; send it again, and faster."))
            flush()
        }
    }

    /// Answers what can't be read as a request; nothing after it is looked at.
    func refuse(_ problem: Problem) {
        server.handler.refused(problem, from: peer)
        current.isLast = true
        current.isHead = false
        reply(problem.response)
    }

    /// Writes a response into the output; it goes out with the next flush.
    func reply(_ response: Response) {
        var response = response
        response.closes = response.closes || current.isLast
        if output.isEmpty { output = server.takeOutput() }
        response.write(
            into: &output, date: server.date, isHead: current.isHead,
            saysKeepAlive: current.saysKeepAlive)
        server.count(response.status, took: server.loop.now - current.began)
        clock.restart(now: server.loop.now)
        if response.closes { state = .lingering }
    }

    func append(_ octets: [UInt8]) {
        if output.isEmpty { output = server.takeOutput() }
        output.append(contentsOf: octets)
    }

    /// Gives the system as much as it takes; it tells when it takes more.
    func flush() {
        guard state != .closed else { return }
        while outputStart < output.count {
            let start = outputStart
            let sent = unsafe output.withUnsafeBytes { octets in
                guard let base = octets.baseAddress else { return 0 }
                return unsafe linux_send(number, base + start, octets.count - start)
            }
            guard sent > 0 else {
                if sent != -Int(EAGAIN) { close() }
                return
            }
            outputStart += sent
            clock.sent(now: server.loop.now)
        }
        guard !output.isEmpty else { return }
        server.giveBack(output)
        output = []
        outputStart = 0
        if state == .lingering { linux_shutdown_writing(number) }
    }
}
