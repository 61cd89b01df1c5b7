internal import CLinux
internal import Synchronization

/// Values on their way from any thread to one loop, in the order they were sent.
///
/// Like every queue here it has a limit: a sender that gets `false` says so to whoever it works
/// for (an ingress answers 503), and memory doesn't grow with the backlog.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct Waiting {
        var messages: [Message] = []
        var bytes = 0
    }

    private let waiting = Mutex(Waiting())
    private let signal: Descriptor
    private let messagesLimit: Int
    private let bytesLimit: Int

    /// - Parameters:
    ///   - messagesLimit: the most messages that may wait at one time.
    ///   - bytesLimit: the most bytes, as their senders count them, that may wait at one time.
    public init(messagesLimit: Int, bytesLimit: Int = .max) throws(SystemError) {
        precondition(messagesLimit > 0)
        precondition(bytesLimit > 0)
        self.messagesLimit = messagesLimit
        self.bytesLimit = bytesLimit
        signal = try Descriptor(from: "eventfd", linux_eventfd_create())
    }

    /// Sends from any thread, without waiting for the receiver.
    ///
    /// A message larger than the limit on bytes is still taken when nothing else waits.
    ///
    /// - Parameter bytes: how much memory the message holds, where that is limited.
    /// - Returns: whether there was room.
    public func send(_ message: Message, bytes: Int = 0) -> Bool {
        let waitingBefore = waiting.withLock { waiting -> Int? in
            let count = waiting.messages.count
            guard count < messagesLimit, count == 0 || waiting.bytes + bytes <= bytesLimit
            else { return nil }
            waiting.messages.append(message)
            waiting.bytes += bytes
            return count
        }
        if waitingBefore == 0 { linux_eventfd_signal(signal.number) }
        return waitingBefore != nil
    }

    /// Sends several messages at once, for one wake-up of the receiver: all or none of them.
    ///
    /// - Returns: whether there was room.
    public func send(contentsOf messages: [Message]) -> Bool {
        let waitingBefore = waiting.withLock { waiting -> Int? in
            let count = waiting.messages.count
            guard count + messages.count <= messagesLimit else { return nil }
            waiting.messages += messages
            return count
        }
        if waitingBefore == 0, !messages.isEmpty { linux_eventfd_signal(signal.number) }
        return waitingBefore != nil
    }

    /// Receives on `loop`'s thread, all that waits at a time.
    public func receive(
        on loop: EventLoop, _ handler: @escaping ([Message]) -> Void
    ) throws(SystemError) {
        _ = try loop.watch(signal, for: [.reading, .changesOnly]) { _ in
            linux_eventfd_clear(self.signal.number)
            let messages = self.waiting.withLock { waiting in
                defer { waiting = Waiting() }
                return waiting.messages
            }
            if !messages.isEmpty { handler(messages) }
        }
    }
}
