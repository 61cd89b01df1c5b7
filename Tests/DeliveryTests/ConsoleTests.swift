import CloudEvents
import Configuration
import EventLoops
import Glibc
import Journal
import ScriptedPeer
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(10))) struct ConsoleTests {
    @Test func `an event is written as a block of lines`() {
        var builder = EventBuilder()
        builder.begin()
        builder.append("id", "1\u{1B}[2J")
        builder.append("type", "exämple")
        builder.beginData(.json)
        builder.appendData(Array("{\n\t\"a\": 1\r\n}".utf8).span)
        var event = stored(42)
        event.event = builder.finish()
        #expect(
            text(event) == """
                event 42 from hooks
                  id: 1 [2J
                  type: exämple
                  data:
                    {
                     "a": 1\u{20}
                    }


                """)
    }

    @Test func `data that is no text, or too much of it, isn't written`() {
        var event = stored(1)
        event.event = sampleEvent(dataBytes: ConsoleText.dataBytesLimit + 5)
        #expect(text(event).hasSuffix("x\n    … and 5 octets\n\n"))
        var builder = EventBuilder()
        builder.begin()
        builder.beginData(.octets)
        builder.appendData([0xFF, 0x00].span)
        event.event = builder.finish()
        #expect(text(event) == "event 1 from hooks\n  data: 2 octets that are no text\n\n")
        builder.begin()
        builder.beginData(.none)
        event.event = builder.finish()
        #expect(text(event) == "event 1 from hooks\n\n")
    }

    @Test func `events are written in their order, and then settled`() throws {
        let pipe = try Pipe()
        let settings = sampleSettings([SinkSettings(name: "c", target: .console)])
        let harness = try Harness(
            settings, events: (1...100).map { stored($0) }, output: pipe.writer)
        #expect(try harness.deliver().allSatisfy { $0.result == .delivered })
        #expect(pipe.read() == harness.events.map(text).joined())
    }

    @Test func `an output that nobody reads holds no other sink up, nor the end`() throws {
        let pipe = try Pipe()
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let settings = sampleSettings([SinkSettings(name: "c", target: .console), sink(peer.url)])
        let events = (1...200).map { stored($0, sinks: [0, 1], dataBytes: 4_000) }
        let harness = try Harness(settings, events: events, output: pipe.writer)
        var isDone = false
        try harness.run {
            guard harness.outcomes.count(where: { $0.sink == 1 }) == 200, !isDone else {
                return false
            }
            isDone = true
            harness.dispatcher?.stop(within: .milliseconds(10), settlesRest: false) {
                harness.loop.stop()
            }
            return false
        }
        #expect(isDone)
        #expect(harness.outcomes.count(where: { $0.sink == 0 }) < 200)
        // Lets the writer's thread end.
        pipe.closeReader()
    }

    @Test func `an output that fails is no delivery`() throws {
        let pipe = try Pipe()
        pipe.closeReader()
        let settings = quick([SinkSettings(name: "c", target: .console)]) { $0.retry = 1 }
        let harness = try Harness(settings, events: [stored(1)], output: pipe.writer)
        let reason = DeadLetterReason(
            code: "attempts_exhausted", status: nil, detail: "write: Broken pipe", attempts: 2)
        #expect(try harness.deliver().map(\.result) == [.deadLetter(reason)])
    }
}

// MARK: - Helpers

private func text(_ stored: StoredEvent) -> String {
    String(decoding: ConsoleText.block(stored), as: UTF8.self)
}

/// The writing end stays open until the process ends, as a console target wants it.
private final class Pipe {
    let writer: CInt
    private let reader: CInt

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }

    /// What was written so far.
    func read() -> String {
        var octets = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(reader, &octets, octets.count)
        return String(decoding: octets.prefix(count), as: UTF8.self)
    }

    func closeReader() { close(reader) }
}
