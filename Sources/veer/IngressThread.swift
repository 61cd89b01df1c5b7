import Configuration
import EventLoops
import Ingress
import Server
import TLS
import Telemetry

/// One of the threads that take requests in, as main sees it.
struct IngressThread: Sendable {
    private enum Command: Sendable {
        case sendAway
        case drain
        case replace(TLSMaterial, listener: Int)
        case replaceCredentials([SourceCredentials])
        case replaceBounds(SourceBounds, source: Int)
        case stop
    }

    private let control: Mailbox<Command>
    private let thread: LoopThread

    /// Starts the thread and its listeners.
    ///
    /// - Parameters:
    ///   - sockets: one for each listener.
    ///   - shared: one for each listener.
    ///   - tls: one for each listener; nothing for a plain one.
    ///   - drained: called on the thread, once, when nothing is open after ``drain()``.
    init(
        number: Int, _ settings: Settings, sockets: [ListeningSocket],
        shared: [HTTPServer.Shared], tls: [TLSMaterial?], _ context: IngressContext,
        heartbeat: Heartbeat,
        drained: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let control = try Mailbox<Command>(messagesLimit: 64)
        self.control = control
        thread = try EventLoop.start(name: "veer-ingress-\(number)") { loop throws(SystemError) in
            let ingress = try Ingress(
                on: loop, settings, sockets: sockets, shared: shared, tls: tls, context)
            heartbeat.beat(on: loop)
            try control.receive(on: loop) { commands in
                for command in commands {
                    switch command {
                    case .sendAway: ingress.sendAway()
                    case .drain: ingress.drain(drained)
                    case .replace(let material, let listener):
                        ingress.replace(tls: material, ofListener: listener)
                    case .replaceCredentials(let credentials):
                        ingress.replace(credentials: credentials)
                    case .replaceBounds(let bounds, let source):
                        ingress.replace(bounds: bounds, ofSource: source)
                    case .stop:
                        ingress.closeAll()
                        loop.stop()
                    }
                }
            }
        }
    }

    /// Has the thread tell its peers to go elsewhere.
    func sendAway() { _ = control.send(.sendAway) }

    /// Lets the thread finish what has begun and take nothing new.
    func drain() { _ = control.send(.drain) }

    /// Has new connections to a listener get other certificates.
    func replace(tls material: TLSMaterial, ofListener listener: Int) {
        _ = control.send(.replace(material, listener: listener))
    }

    /// Has requests judged by other secrets, of each source.
    func replace(credentials: [SourceCredentials]) {
        _ = control.send(.replaceCredentials(credentials))
    }

    /// Has the requests of a source held to other bounds.
    func replace(bounds: SourceBounds, ofSource source: Int) {
        _ = control.send(.replaceBounds(bounds, source: source))
    }

    /// Ends the thread, whatever is open, and waits for that.
    func stop() {
        _ = control.send(.stop)
        thread.join()
    }
}

/// Shows that a loop turns.
final class Heartbeat: Sendable {
    let name: String
    private let lastSeconds = Gauge()
    private static let epoch = ContinuousClock.now

    init(name: String) {
        self.name = name
        lastSeconds.set(Self.seconds)
    }

    private static var seconds: Int { Int((ContinuousClock.now - epoch) / .seconds(1)) }

    /// Beats once a second, for as long as the loop turns.
    func beat(on loop: EventLoop) {
        lastSeconds.set(Self.seconds)
        loop.schedule(after: .seconds(1)) { self.beat(on: loop) }
    }

    /// What is wrong, if it hasn't beaten for long.
    var problem: String? {
        let silence = Self.seconds - lastSeconds.value
        return silence > 30 ? "has not turned for \(silence) seconds" : nil
    }
}
