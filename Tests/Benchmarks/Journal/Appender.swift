import Foundation

/// A file that octets are appended to and synchronized.
final class Appender {
    private let path: String
    private let descriptor: CInt

    init(path: String) {
        self.path = path
        descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0o600)
        precondition(descriptor >= 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func append(_ octets: [UInt8]) {
        precondition(write(descriptor, octets, octets.count) == octets.count)
        precondition(fdatasync(descriptor) == 0)
    }

    /// Appends batches for so long; how many events there were in them.
    func run(for duration: Duration, batch: Int) -> Int {
        let octets = [UInt8](repeating: 120, count: 1024 * batch)
        let end = ContinuousClock.now + duration
        var count = 0
        while ContinuousClock.now < end {
            append(octets)
            count += batch
        }
        return count
    }
}
