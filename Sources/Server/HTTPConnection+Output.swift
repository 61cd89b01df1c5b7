internal import CLinux
internal import EventLoops
internal import HTTP

extension HTTPConnection {
    /// The answer to the request of that number has come.
    func complete(_ number: Int, with response: Response) {
        guard state == .answering, number == current.number else { return }
        state = .open
        reply(response, now: server.loop.nanoseconds)
        proceed()
    }

    /// Looks at the time; called by the server once in a while.
    func checkTime(now: Int) {
        guard state != .closed else { return }
        switch clock.verdict(now: now, server.clockLimits) {
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
        let now = server.loop.nanoseconds
        current = Current(number: current.number + 1, isLast: true, began: now)
        reply(problem.response, now: now)
    }

    /// Writes a response into the output; it goes out with the next flush.
    func reply(_ response: Response, now: Int) {
        let closes = response.closes || current.isLast || server.isDraining
        var output = takeOutput()
        response.write(
            into: &output, date: server.date, isHead: current.isHead,
            saysKeepAlive: current.saysKeepAlive, closes: closes)
        swap(&output, &self.output)
        server.count(response.status, nanoseconds: now - current.began)
        clock.restart(now: now)
        if closes { state = .lingering }
    }

    func append(_ octets: [UInt8]) {
        var output = takeOutput()
        output.append(contentsOf: octets)
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
