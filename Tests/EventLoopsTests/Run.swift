import EventLoops
import Glibc
import Synchronization
import Testing

/// What a test's loop does and did; belongs to the loop's thread.
final class Calls {
    private(set) var texts: [String] = []
    private var pipes: [Pipe] = []

    var count: Int { texts.count }

    func append(_ text: String) { texts.append(text) }

    /// A pipe that stays open until the loop's end.
    func pipe() throws(SystemError) -> Pipe {
        let pipe = try Pipe()
        pipes.append(pipe)
        return pipe
    }
}

final class Box<Value> {
    var value: Value

    init(_ value: Value) { self.value = value }
}

/// Runs a loop on a thread of its own until it stops.
func run(
    _ setUp: @escaping @Sendable (EventLoop, Calls) throws(SystemError) -> Void
) throws -> [String] {
    let texts = Shared<[String]>([])
    try LoopThread(name: "test") {
        do throws(SystemError) {
            let loop = try EventLoop()
            let calls = Calls()
            try setUp(loop, calls)
            try loop.run()
            texts.value.withLock { $0 = calls.texts }
        } catch {
            Issue.record("\(error)")
        }
    }.join()
    return texts.value.withLock { $0 }
}

/// A value that threads hand to each other.
final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
}

/// Two ends that a loop can watch.
final class Pipe {
    let reading: CInt
    let writing: CInt
    private var isReadingOpen = true

    init() throws(SystemError) {
        var ends: [CInt] = [0, 0]
        try check("pipe", pipe(&ends) < 0 ? -errno : 0)
        reading = ends[0]
        writing = ends[1]
    }

    deinit {
        closeReading()
        close(writing)
    }

    func write() { _ = Glibc.write(writing, "x", 1) }

    func closeReading() {
        guard isReadingOpen else { return }
        isReadingOpen = false
        close(reading)
    }
}
