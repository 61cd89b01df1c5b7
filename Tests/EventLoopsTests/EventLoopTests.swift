import EventLoops
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    /// The timer that schedules itself without a delay never ends, and the mailbox is still read.
    @Test func `timers without a delay leave the loop time for its sockets`() throws {
        let loop = try EventLoop()
        let mailbox = try Mailbox<Int>(messagesLimit: 1)
        var received: [Int] = []
        try mailbox.receive(on: loop) { messages in
            received += messages
            loop.stop()
        }
        var turns = 0
        func turn() {
            turns += 1
            if turns == 3 { #expect(mailbox.send(7)) }
            if turns == 1_000_000 { loop.stop() }
            loop.schedule(after: .zero) { turn() }
        }
        turn()
        try loop.run()
        #expect(received == [7])
        #expect(turns < 1_000)
    }

    @Test func `what is unwatched after the loop's end is left alone`() throws {
        let loop = try EventLoop()
        loop.schedule(after: .zero) { loop.stop() }
        try loop.run()
        loop.unwatch(EventLoop.Registration(number: 0), number: 0)
    }
}
