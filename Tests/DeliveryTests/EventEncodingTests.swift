import CloudEvents
import Configuration
import Journal
import ScriptedPeer
import Testing

@testable import Delivery

/// What a sink receives, by its settings.
@Suite(.timeLimit(.minutes(10))) struct EventEncodingTests {
    @Test func `in structured content mode all of the event is in the body`() throws {
        let request = try received(sampleEvent()) { $0.contentMode = .structured }
        #expect(request["Content-Type"] == "application/cloudevents+json; charset=UTF-8")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"specversion":"1.0","id":"1","source":"/test","type":"example","#
                + #""datacontenttype":"text/plain","data":"xxxx"}"#)
        #expect(!request.fields.contains { $0.name.hasPrefix("ce-") })
    }

    @Test(arguments: [
        (HTTPSinkSettings.HeaderEncoding.spec, "Z%C3%BCrich%201"), (.raw, "Zürich 1"),
    ])
    func `a value stands in its field as the sink decodes it`(
        encoding: HTTPSinkSettings.HeaderEncoding, value: String
    ) throws {
        let request = try received(sampleEvent(subject: "Zürich 1")) {
            $0.headerEncoding = encoding
        }
        #expect(request["ce-subject"] == value)
        #expect(request["Content-Type"] == "text/plain")
        #expect(request.body == Array("xxxx".utf8))
    }

    @Test(arguments: [("vm-1", "text/plain"), ("vm 1", "application/cloudevents+json")])
    func `the automatic mode is structured where a value would have to be encoded`(
        subject: String, contentType: String
    ) throws {
        let request = try received(sampleEvent(subject: subject)) { $0.headerEncoding = .auto }
        #expect(request["Content-Type"]?.hasPrefix(contentType) == true)
        #expect((request["ce-subject"] == subject) == (contentType == "text/plain"))
    }

    @Test(arguments: [("eu", "text/plain"), ("eu 1", "application/cloudevents+json")])
    func `a sink's overrides are sent in either mode, and choose it where it's automatic`(
        region: String, contentType: String
    ) throws {
        let request = try received(sampleEvent()) {
            $0.headerEncoding = .auto
            try? $0.ceOverrides.add("region", region)
        }
        #expect(request["Content-Type"]?.hasPrefix(contentType) == true)
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(request["ce-region"] == region || body.contains(#""region":"\#(region)""#))
    }

    /// Row 224.
    @Test(arguments: HTTPSinkSettings.HeaderEncoding.allCases)
    func `no value can begin another field`(encoding: HTTPSinkSettings.HeaderEncoding) throws {
        let request = try received(sampleEvent(subject: "a\r\nce-evil: b")) {
            $0.headerEncoding = encoding
        }
        #expect(request["ce-evil"] == nil)
    }

    @Test func `an event without data or type has neither body nor Content-Type`() throws {
        var builder = EventBuilder()
        builder.begin()
        builder.append("id", "1")
        builder.beginData(.none)
        let request = try received(builder.finish())
        #expect(request["Content-Type"] == nil)
        #expect(request["Content-Length"] == "0")
        #expect(request.body.isEmpty)
    }
}

// MARK: - Helpers

private func received(
    _ event: Event, _ change: (inout HTTPSinkSettings) -> Void = { _ in }
) throws -> ScriptedPeer.Request {
    let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
    defer { peer.stop() }
    var item = stored(1)
    item.event = event
    let harness = try Harness(sampleSettings([sink(peer.url, "s", change)]), events: [item])
    #expect(try harness.deliver().map(\.result) == [.delivered])
    return try #require(peer.requests.first)
}
