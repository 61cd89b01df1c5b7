import EventLoops
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct MailboxTests {
    /// The test's thread sends and the loop's receives; the last message stops the loop.
    @Test func `messages arrive on the loop, all of them and in order`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 10_000)
        let received = Shared<[Int]>([])
        let thread = try EventLoop.start(name: "receiver") { loop throws(SystemError) in
            try mailbox.receive(on: loop) { messages in
                received.value.withLock { $0 += messages }
                if messages.last == 9_999 { loop.stop() }
            }
        }
        for number in 0..<10_000 { #expect(mailbox.send(number)) }
        thread.join()
        #expect(received.value.withLock { $0 } == Array(0..<10_000))
    }

    @Test func `many threads send, each in its order, and nothing is lost`() async throws {
        let mailbox = try Mailbox<(Int, Int)>(messagesLimit: 100)
        let isInOrder = Shared(true)
        let thread = try EventLoop.start(name: "receiver") { loop throws(SystemError) in
            var next = [Int](repeating: 0, count: 4)
            try mailbox.receive(on: loop) { messages in
                #expect(messages.count <= 100)
                for (sender, number) in messages {
                    if number != next[sender] { isInOrder.value.withLock { $0 = false } }
                    next[sender] = number + 1
                }
                if next == [1_000, 1_000, 1_000, 1_000] { loop.stop() }
            }
        }
        await withTaskGroup { group in
            for sender in 0..<4 {
                group.addTask {
                    for number in 0..<1_000 {
                        while !mailbox.send((sender, number)) { await Task.yield() }
                    }
                }
            }
        }
        thread.join()
        #expect(isInOrder.value.withLock { $0 })
    }

    @Test func `a full mailbox refuses and keeps what it has`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 2)
        #expect(mailbox.send(1))
        #expect(mailbox.send(2))
        #expect(!mailbox.send(3))
        #expect(try receive(mailbox) == [1, 2])
    }

    @Test func `messages are limited by their bytes together`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 10, bytesLimit: 100)
        #expect(mailbox.send(1, bytes: 60))
        #expect(!mailbox.send(2, bytes: 41))
        #expect(mailbox.send(3, bytes: 40))
        #expect(mailbox.send(4))
        #expect(!mailbox.send(5, bytes: 1))
        #expect(try receive(mailbox) == [1, 3, 4])
        #expect(mailbox.send(6, bytes: 100), "what was received has left")
    }

    @Test func `a message above the limit is taken when nothing else waits`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 10, bytesLimit: 100)
        #expect(mailbox.send(1, bytes: 1_000))
        #expect(!mailbox.send(2))
        #expect(try receive(mailbox) == [1])
    }

    @Test func `what was sent before anybody received is received`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 10)
        for number in 0..<3 { #expect(mailbox.send(number)) }
        #expect(try receive(mailbox) == [0, 1, 2])
    }

    @Test func `what a handler sends arrives in a later turn`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 10)
        #expect(mailbox.send(0))
        let calls = try run { loop, calls throws(SystemError) in
            try mailbox.receive(on: loop) { messages in
                calls.append("\(messages)")
                guard let last = messages.last, last < 3 else { return loop.stop() }
                #expect(mailbox.send(last + 1))
            }
        }
        #expect(calls == ["[0]", "[1]", "[2]", "[3]"])
    }

    /// Receives once, all that waits.
    private func receive(_ mailbox: Mailbox<Int>) throws -> [Int] {
        try run { loop, calls throws(SystemError) in
            try mailbox.receive(on: loop) { messages in
                for message in messages { calls.append("\(message)") }
                loop.stop()
            }
        }.compactMap { Int($0) }
    }

    @Test func `messages sent at once are all taken or none of them`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 3)
        #expect(mailbox.send(contentsOf: [1, 2]))
        #expect(!mailbox.send(contentsOf: [3, 4]))
        #expect(mailbox.send(contentsOf: [3]))
        #expect(mailbox.send(contentsOf: []))
        #expect(!mailbox.send(4))
    }
}
