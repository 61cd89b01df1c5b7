import Glibc

/// One connection of a ``ScriptedPeer``: reads requests whole, and plays the steps of answers.
struct PeerConnection {
    let socket: CInt
    let number: Int
    private var waiting: [UInt8] = []

    init(socket: CInt, number: Int) {
        self.socket = socket
        self.number = number
    }

    consuming func serve(
        _ greeting: [ScriptedPeer.Step], _ answer: (ScriptedPeer.Request) -> [ScriptedPeer.Step]
    ) {
        guard play(greeting) else { return }
        while let request = next() {
            guard play(answer(request)) else { return }
        }
    }

    private mutating func next() -> ScriptedPeer.Request? {
        let end = Array("\r\n\r\n".utf8)
        var headEnd = 0
        while true {
            if waiting.count >= headEnd + 4, waiting[headEnd..<headEnd + 4].elementsEqual(end) {
                break
            }
            if waiting.count >= headEnd + 4 {
                headEnd += 1
            } else {
                guard read() else { return nil }
            }
        }
        let lines = String(decoding: waiting[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts[1].drop { $0 == " " }
            return (name: String(parts[0]), value: String(value))
        }
        var request = ScriptedPeer.Request(
            connection: number, line: String(lines[0]), fields: fields, body: [])
        let length = request["content-length"].flatMap { Int($0) } ?? 0
        while waiting.count < headEnd + 4 + length { guard read() else { return nil } }
        request.body = Array(waiting[(headEnd + 4)..<(headEnd + 4 + length)])
        waiting.removeFirst(headEnd + 4 + length)
        return request
    }

    private mutating func read() -> Bool {
        var octets = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(socket, &octets, octets.count, 0)
        guard count > 0 else { return false }
        waiting += octets[..<count]
        return true
    }

    /// Whether the connection goes on.
    private func play(_ steps: [ScriptedPeer.Step]) -> Bool {
        steps.allSatisfy { step in
            switch step {
            case .send(let text): return send(Array(text.utf8))
            case .sendForever(let text):
                let octets = Array(text.utf8)
                while send(octets) {}
                return false
            case .trickle(let text): return trickle(Array(text.utf8))
            case .waitForClient:
                var octet: UInt8 = 0
                while recv(socket, &octet, 1, 0) > 0 {}
                return false
            case .close:
                shutdown(socket, CInt(SHUT_RDWR))
                return false
            case .reset:
                var linger = linger(l_onoff: 1, l_linger: 0)
                let size = socklen_t(MemoryLayout.size(ofValue: linger))
                setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, size)
                disconnect()
                return false
            }
        }
    }

    /// Resets by connecting to nowhere, since the number must stay ours until the peer stops.
    private func disconnect() {
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNSPEC)
        connect(socket, &address, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private func send(_ octets: [UInt8]) -> Bool {
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func trickle(_ octets: [UInt8]) -> Bool {
        octets.allSatisfy { octet in
            var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            return poll(&watched, 1, 20) == 0 && send([octet])
        }
    }
}
