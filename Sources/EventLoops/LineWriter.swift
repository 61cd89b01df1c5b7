internal import CLinux

/// Writes text to a descriptor of the process, such as its standard error, from a thread of its
/// own, so that a reader who stalls never blocks a loop.
///
/// Any thread may write. Bounded: what finds no room is refused, and the caller counts it.
public final class LineWriter: Sendable {
    private struct Text: Sendable {
        var octets: [UInt8]
        var isLast = false
        var done: (@Sendable () -> Void)?
    }

    private let mailbox: Mailbox<Text>
    private let thread: LoopThread

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - number: 1 for the standard output, 2 for the standard error.
    ///   - bytesLimit: the most bytes that may wait.
    public init(
        number: CInt, name: String, bytesLimit: Int = 4 * 1024 * 1024
    ) throws(SystemError) {
        let mailbox = try Mailbox<Text>(messagesLimit: 65_536, bytesLimit: bytesLimit)
        self.mailbox = mailbox
        thread = try EventLoop.start(name: name) { loop throws(SystemError) in
            try mailbox.receive(on: loop) { texts in
                for text in texts {
                    Self.write(text.octets, to: number)
                    text.done?()
                    if text.isLast { loop.stop() }
                }
            }
        }
    }

    /// Queues text, if there's room.
    ///
    /// - Parameter done: called on the writer's thread when the text was written.
    /// - Returns: whether there was room; if not, `done` isn't called.
    @discardableResult
    public func write(_ octets: [UInt8], done: (@Sendable () -> Void)? = nil) -> Bool {
        mailbox.send(Text(octets: octets, done: done), bytes: octets.count)
    }

    /// Writes what waits, and ends the thread; to be called once, and nothing written after it.
    public func stop() {
        if mailbox.send(Text(octets: [], isLast: true)) { thread.join() }
    }

    private static func write(_ octets: [UInt8], to number: CInt) {
        var start = 0
        while start < octets.count {
            let count = unsafe octets.withUnsafeBytes { all in
                guard let base = all.baseAddress else { return 0 }
                return unsafe linux_write(number, base + start, all.count - start)
            }
            // A reader that is gone stays away; the text is lost with it.
            guard count > 0 else { return }
            start += count
        }
    }
}
