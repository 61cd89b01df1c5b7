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
        guard state != .closed else { return }
        switch clock.verdict(now: now, server.limits) {
        case .wait: return
        case .close: close()
        case .refuse:
            refuse(
                Problem(
                    status: 408, code: "request_timeout",
                    detail: "The request came too slowly; send it again, and faster."))
            proceed()
        }
    }

    /// Answers what can't be read as a request; nothing after it is looked at.
    func refuse(_ problem: Problem) {
        server.handler.refused(problem, from: peer)
        current = Current(
            number: current.number + 1, isLast: true, began: server.loop.now)
        reply(problem.response)
    }

    /// Writes a response into the output; it goes out with the next flush.
    func reply(_ response: Response) {
        var response = response
        response.closes = response.closes || current.isLast || server.isDraining
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
        guard !output.isEmpty, state != .closed else { return }
        while outputStart < output.count {
            let start = outputStart
            let sent = unsafe output.withUnsafeBytes { octets in
                guard let base = octets.baseAddress else { return 0 }
                return unsafe linux_send(number, base + start, octets.count - start)
            }
            guard sent > 0 else {
                return sent == -Int(EAGAIN) ? dropSentOutput() : close()
            }
            outputStart += sent
            clock.sent(now: server.loop.now)
        }
        server.giveBack(output)
        output = []
        outputStart = 0
        guard state == .lingering else { return }
        if isInputOver { close() } else { linux_shutdown_writing(number) }
    }

    /// Lets go of what the peer has taken, once that is most of it: so it grows no more than its
    /// limit allows, even if the peer never takes all.
    private func dropSentOutput() {
        guard outputStart > output.count / 2 else { return }
        output.removeSubrange(..<outputStart)
        outputStart = 0
    }
}
