import CloudEvents
import Configuration
import Journal
import Testing

@testable import Delivery

@Suite struct DeadLetterCopiesTests {
    private var settings: Settings

    init() {
        settings = sampleSettings([
            SinkSettings(name: "broker", target: .uri(.init(uri: "http://broker.example/"))),
            SinkSettings(name: "letters", target: .console),
            SinkSettings(name: "other", target: .discard),
        ]) { $0.deadLetterSink = 1 }
        settings.routes[0].sinks = [0, 2]
    }

    private func copy(
        ofSink sink: Int, _ event: Event, _ result: DeliveryResult
    ) -> Submission.Item? {
        let copies = DeadLetterCopies(
            sink: sink, in: settings, policies: RetryPolicies(sink: sink, in: settings))
        var stored = stored(1)
        stored.event = event
        let address = sink == 0 ? "http://broker.example/a?b=c" : nil
        return copies.copy(of: stored, result, address: address)
    }

    private func copy(ofSink sink: Int, _ result: DeliveryResult) -> Submission.Item? {
        copy(ofSink: sink, sampleEvent(), result)
    }

    @Test func `a copy says where it failed and why`() throws {
        let octets: [UInt8] = [0, 255, 10] + Array("no".utf8)
        let result = DeliveryResult.answered(status: 422, detail: AnswerBody(octets))
        let item = try #require(copy(ofSink: 0, result))
        #expect(item.sinks == SinkSet(sink: 1))
        #expect(item.event["knativeerrordest"] == "http://broker.example/a?b=c")
        #expect(item.event["knativeerrorcode"] == "422")
        #expect(item.event.attribute("knativeerrorcode")?.kind == .integer)
        #expect(item.event["knativeerrordata"] == "AP8Kbm8=")
        let event = sampleEvent()
        #expect(item.event.octets[item.event.data] == event.octets[event.data])
        #expect(item.event.id == event.id)
    }

    @Test func `768 octets of an answer are 1,024 characters`() throws {
        let octets = [UInt8](repeating: 7, count: 1_024)
        let result = DeliveryResult.answered(status: 400, detail: AnswerBody(octets))
        let data = try #require(copy(ofSink: 0, result)?.event["knativeerrordata"])
        #expect(data.utf8.count == 1_024)
        #expect(!data.hasSuffix("="))
    }

    @Test func `an empty answer leaves no data, and no answer is 500`() throws {
        let empty = try #require(copy(ofSink: 0, .answered(status: 400)))
        #expect(empty.event["knativeerrordata"] == nil)
        let none = try #require(
            copy(ofSink: 0, .unanswered(kind: "connect", detail: "refused")))
        #expect(none.event["knativeerrorcode"] == "500")
        // dispatch error: refused
        #expect(none.event["knativeerrordata"] == "ZGlzcGF0Y2ggZXJyb3I6IHJlZnVzZWQ=")
        let urn = copy(ofSink: 2, .unanswered(kind: "write", detail: "gone"))
        #expect(urn?.event["knativeerrordest"] == "urn:veer:sink:other")
    }

    @Test func `attributes of an earlier failure are replaced`() throws {
        let first = try #require(copy(ofSink: 0, .answered(status: 400, detail: "no"))).event
        let second = try #require(copy(ofSink: 2, first, .answered(status: 401))).event
        #expect(second["knativeerrorcode"] == "401")
        let name = Array("knativeerrorcode".utf8)
        #expect(second.attributes.count { Array(second.octets[$0.name]) == name } == 1)
    }

    @Test func `what failed before and fails at a dead letter sink stays in the journal`() throws {
        let first = try #require(copy(ofSink: 0, .answered(status: 400))).event
        #expect(copy(ofSink: 1, first, .answered(status: 400)) == nil)
        // The sink itself gets no copy of what it gave up.
        settingsOfLoop { #expect($0 == nil) }
        #expect(copy(ofSink: 0, first, .answered(status: 400)) != nil)
    }

    private func settingsOfLoop(_ check: (Submission.Item?) -> Void) {
        var settings = settings
        settings.routes[0].sinks = [0, 1]
        let copies = DeadLetterCopies(
            sink: 1, in: settings, policies: RetryPolicies(sink: 1, in: settings))
        check(copies.copy(of: stored(1), .answered(status: 400), address: nil))
    }

    @Test func `without a dead letter sink there is no copy`() {
        var settings = settings
        settings.routes[0].delivery.deadLetterSink = nil
        let copies = DeadLetterCopies(
            sink: 0, in: settings, policies: RetryPolicies(sink: 0, in: settings))
        #expect(copies.copy(of: stored(1), .answered(status: 400), address: nil) == nil)
    }

    @Test func `a dead letter sink is tried as hard as the route says`() {
        var settings = settings
        settings.routes[0].delivery.retry = 3
        #expect(RetryPolicies(sink: 1, in: settings)["hooks"].settings.retry == 3)
    }
}
