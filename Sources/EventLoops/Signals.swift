internal import CLinux

/// Signals of the process, received on a loop instead of interrupting a thread.
///
/// Made on the main thread before any other thread is started: it blocks the signals for the
/// calling thread and for those that are started after it.
public final class Signals {
    private let descriptor: Descriptor

    /// - Parameter signals: numbers such as `SIGTERM`.
    public init(_ signals: [CInt]) throws(SystemError) {
        descriptor = try Descriptor(
            from: "signalfd", unsafe linux_signalfd_create(signals, CInt(signals.count)))
    }

    /// Calls `handler` on `loop` for each signal that comes.
    public func receive(
        on loop: EventLoop, _ handler: @escaping (CInt) -> Void
    ) throws(SystemError) {
        _ = try loop.watch(descriptor, for: .reading) { _ in
            while case let signal = linux_signalfd_next(self.descriptor.number), signal > 0 {
                handler(signal)
            }
        }
    }
}
