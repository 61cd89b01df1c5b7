import EventLoops
import Glibc
import Synchronization

/// A server on the loopback interface that answers each request as a test tells it, be it badly.
///
/// It blocks, with a thread for each connection, so that its script reads from top to bottom.
public final class ScriptedPeer: Sendable {
    /// What was received.
    public struct Request: Sendable {
        /// The number of the connection it came on, from 0.
        public var connection: Int
        /// The request line.
        public var line: String
        /// The header fields as they came.
        public var fields: [(name: String, value: String)]
        /// The body.
        public var body: [UInt8]

        /// The value of the first field of that name, whose case doesn't count.
        public subscript(name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What to do for an answer, one after the other.
    public enum Step: Sendable {
        /// Send these octets.
        case send(String)
        /// Send these octets again and again until the client hangs up.
        case sendForever(String)
        /// Send one octet of these every 20 ms.
        case trickle(String)
        /// Do nothing until the client hangs up.
        case waitForClient
        /// Close the connection.
        case close
        /// Reset the connection.
        case reset
    }

    /// An answer without a body.
    public static func status(_ status: Int, _ fields: String...) -> [Step] {
        let head = (["HTTP/1.1 \(status) x", "Content-Length: 0"] + fields).joined(
            separator: "\r\n")
        return [.send(head + "\r\n\r\n")]
    }

    private struct State {
        var requests: [Request] = []
        var connections: [CInt] = []
        var threads: [LoopThread] = []
        var isStopped = false
    }

    /// The port it listens on.
    public let port: UInt16
    private let listener: CInt
    private let state = Mutex(State())
    private let greet: @Sendable (Int) -> [Step]
    private let answer: @Sendable (Request, Int) -> [Step]

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - greet: what to do when a connection of that number was accepted, before it's read.
    ///   - answer: what to do when a request was read; told how many were before it.
    public init(
        greet: @escaping @Sendable (Int) -> [Step] = { _ in [] },
        answer: @escaping @Sendable (Request, Int) -> [Step]
    ) throws {
        self.greet = greet
        self.answer = answer
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(descriptor, address, length) == 0, listen(descriptor, 512) == 0
                else { return CInt(-1) }
                return getsockname(descriptor, address, &length)
            }
        }
        guard result == 0 else { throw SystemError(call: "listen", errno: errno) }
        port = UInt16(bigEndian: address.sin_port)
        let thread = try LoopThread(name: "peer") { self.accept() }
        state.withLock { $0.threads.append(thread) }
    }

    /// All requests so far, in the order they were read.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// How many connections were accepted so far.
    public var connectionsCount: Int { state.withLock { $0.connections.count } }

    /// The address to send to.
    public var url: String { "http://127.0.0.1:\(port)/in?x=1" }

    /// Closes everything and waits for the threads to end.
    public func stop() {
        let threads = state.withLock { state in
            state.isStopped = true
            for connection in state.connections { shutdown(connection, CInt(SHUT_RDWR)) }
            return state.threads
        }
        shutdown(listener, CInt(SHUT_RDWR))
        for thread in threads { thread.join() }
        state.withLock { state in
            for connection in state.connections { close(connection) }
        }
        close(listener)
    }

    private func accept() {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else { return }
            state.withLock { state in
                guard !state.isStopped else {
                    close(socket)
                    return
                }
                let number = state.connections.count
                state.connections.append(socket)
                let thread = try? LoopThread(name: "peer") {
                    PeerConnection(socket: socket, number: number).serve(self.greet(number)) {
                        let count = self.record($0)
                        return self.answer($0, count)
                    }
                }
                if let thread { state.threads.append(thread) }
            }
        }
    }

    private func record(_ request: Request) -> Int {
        state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
    }
}
