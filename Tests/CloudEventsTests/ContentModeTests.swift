import Testing

@testable import CloudEvents

/// Spec: CloudEvents HTTP §3.
///
/// R-1 to R-10 and R-52.
@Suite struct ContentModeTests {
    static let structured = minimal(#""data":7"#)

    static func mode(_ contentType: String?, body: String) throws(EventFailure) -> ContentMode {
        let fields = minimalFields() + (contentType.map { [("Content-Type", $0)] } ?? [])
        let message = Message(fields, body: body)
        var decoder = EventDecoder()
        return try decoder.decode(
            fields: message.fields, head: message.head.span, body: message.body.span)
    }

    @Test(arguments: [
        // R-1: letters in either case, and parameters don't matter.
        "application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8",
        "application/cloudevents+json;charset=utf-8", "application/cloudevents+json ; x=y",
        "application/cloudevents+json; charset=\"utf-8\"", "application/cloudevents+json;",
        "APPLICATION/CLOUDEVENTS+JSON", "application/cloudevents+json; charset=us-ascii",
    ])
    func `a structured event is told by its type`(contentType: String) throws {
        #expect(try Self.mode(contentType, body: Self.structured) == .structured)
    }

    @Test(arguments: [
        "application/cloudevents-batch+json", "Application/CloudEvents-Batch+JSON; charset=UTF-8",
        "application/cloudevents-batch+json; x=y",
    ])
    func `a batch is told by its type`(contentType: String) throws {
        #expect(try Self.mode(contentType, body: "[\(Self.structured)]") == .batched)
    }

    @Test(arguments: [
        nil, "application/json", "text/plain; charset=x", "application/cloudevent+json",
        "application/vnd.cloudevents+json", "text/cloudevents+json", "application/xml",
        "xapplication/cloudevents+json",
    ])
    func `anything else is the type of binary data`(contentType: String?) throws {
        #expect(try Self.mode(contentType, body: Self.structured) == .binary)
    }

    /// R-6: a format that isn't known is refused, and isn't passed on as if it were data.
    @Test(arguments: [
        "application/cloudevents", "application/cloudevents+avro", "application/cloudevents+xml",
        "application/cloudevents+protobuf", "application/cloudevents-batch",
        "application/cloudevents-batch+xml", "application/cloudevents+jsonx",
        "application/cloudeventsfoo", "application/cloudevents-batch+jso",
        "application/cloudevents-stream+json", "application/cloudevents+json x",
        "application/cloudevents+json; charset",
    ])
    func `formats other than JSON aren't supported`(contentType: String) {
        #expect(throws: EventFailure(.formatUnsupported)) {
            try Self.mode(contentType, body: Self.structured)
        }
        #expect(EventFailure(.formatUnsupported).status == 415)
    }

    /// R-10.
    @Test func `JSON is read in UTF-8 only, and the type said once only`() {
        for type in ["application/cloudevents+json", "application/cloudevents-batch+json"] {
            #expect(throws: EventFailure(.charsetUnsupported)) {
                try Self.mode(type + "; charset=iso-8859-1", body: Self.structured)
            }
        }
        #expect(EventFailure(.charsetUnsupported).status == 415)
        for second in ["text/plain", "application/cloudevents+json"] {
            let fields = [("Content-Type", "text/plain"), ("content-type", second)]
            let message = Message(minimalFields() + fields, body: Self.structured)
            #expect(failure(message) == EventFailure(.contentTypeRepeated))
        }
    }

    /// R-52.
    @Test func `a body that is coded is refused, in every mode`() {
        let types = ["text/plain", "application/cloudevents+json"]
        for (type, body) in zip(types, ["x", Self.structured]) {
            func coded(_ coding: String) -> Message {
                let fields = [("Content-Type", type), ("CONTENT-ENCODING", coding)]
                return Message(minimalFields() + fields, body: body)
            }
            for coding in ["gzip", "identity, gzip", "gzip, gzip", "rot13", "identit"] {
                #expect(failure(coded(coding)) == EventFailure(.contentEncodingUnsupported))
            }
            for coding in ["identity", "Identity", ""] {
                #expect(failure(coded(coding)) == nil)
            }
        }
        #expect(EventFailure(.contentEncodingUnsupported).status == 415)
    }

    /// R-8.
    @Test func `beside a structured event, attributes in header fields don't count`() throws {
        let fields = [
            ("ce-id", "A"), ("ce-ID", "B"), ("ce-b_d", "%"), ("ce-extra", "x"),
            ("Content-Type", "application/cloudevents+json"),
        ]
        let event = try #require(try events(Message(fields, body: minimal())).first)
        #expect(event.id == "1")
        #expect(event["extra"] == nil)
    }
}
