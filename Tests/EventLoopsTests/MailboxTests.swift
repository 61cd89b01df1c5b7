import EventLoops
import Testing

@Suite struct MailboxTests {
    /// The test's thread sends and the loop's receives; the last message stops the loop.
    @Test(.timeLimit(.minutes(1)))
    func `messages arrive on the loop, all of them and in order`() async throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 10_000)
        let received = try await withCheckedThrowingContinuation { done in
            do {
                _ = try EventLoop.start(name: "receiver") { loop throws(SystemError) in
                    var received: [Int] = []
                    try mailbox.receive(on: loop) { messages in
                        received += messages
                        guard received.last == 9_999 else { return }
                        loop.stop()
                        done.resume(returning: received)
                    }
                }
            } catch {
                done.resume(throwing: error)
            }
            for number in 0..<10_000 { #expect(mailbox.send(number)) }
        }
        #expect(received == Array(0..<10_000))
    }

    @Test func `a full mailbox refuses and keeps what it has`() throws {
        let mailbox = try Mailbox<Int>(messagesLimit: 2)
        #expect(mailbox.send(1))
        #expect(mailbox.send(2))
        #expect(!mailbox.send(3))
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
