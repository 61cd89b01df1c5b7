internal import EventLoops
internal import Glibc
internal import Journal

/// Prints events for people.
///
/// A thread of its own writes, since the reader of a pipe may stop reading for as long as it
/// likes. An event is settled when it was written.
final class ConsoleTarget: SinkTarget {
    private enum Order: Sendable {
        case write([UInt8], ticket: Int)
        case stop
    }

    private struct Receipt: Sendable {
        var ticket: Int
        var error: SystemError?
    }

    private let orders: Mailbox<Order>
    private var completions: [Int: (DeliveryResult?) -> Void] = [:]
    private var ticket = 0

    /// - Parameters:
    ///   - descriptor: where to write; it stays open for as long as the process runs.
    ///   - concurrency: how many events may be on their way to the writer.
    init(descriptor: CInt, concurrency: Int, loop: EventLoop) throws(SystemError) {
        let orders = try Mailbox<Order>(messagesLimit: concurrency + 1)
        let receipts = try Mailbox<Receipt>(messagesLimit: concurrency)
        self.orders = orders
        try receipts.receive(on: loop) { [weak self] receipts in
            for receipt in receipts { self?.complete(receipt) }
        }
        _ = try EventLoop.start(name: "veer-console") { loop throws(SystemError) in
            try orders.receive(on: loop) { orders in
                for order in orders {
                    guard case .write(let block, let ticket) = order else { return loop.stop() }
                    let error = write(block, to: descriptor)
                    // It has room for every event that may be on its way.
                    _ = receipts.send(Receipt(ticket: ticket, error: error))
                }
            }
        }
    }

    deinit { _ = orders.send(.stop) }

    func send(
        _ stored: StoredEvent, timeout: Duration, _ completion: @escaping (DeliveryResult?) -> Void
    ) {
        ticket += 1
        // Here and not there, because it's the delivery's thread that has events in hand.
        guard orders.send(.write(ConsoleText.block(stored), ticket: ticket)) else {
            return completion(.unanswered(kind: "busy", detail: "the writer is busy"))
        }
        completions[ticket] = completion
    }

    func cancelAll() {
        let completions = self.completions.values
        self.completions = [:]
        for completion in completions { completion(nil) }
    }

    private func complete(_ receipt: Receipt) {
        let result =
            receipt.error.map { DeliveryResult.unanswered(kind: "write", detail: "\($0)") }
        completions.removeValue(forKey: receipt.ticket)?(result ?? .taken)
    }
}

/// Writes all octets, and waits where there is no room.
private func write(_ octets: [UInt8], to descriptor: CInt) -> SystemError? {
    var rest = octets[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if count > 0 {
            rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
            var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            unsafe poll(&watched, 1, -1)
        } else if errno != EINTR {
            return SystemError(call: "write", errno: errno)
        }
    }
    return nil
}
