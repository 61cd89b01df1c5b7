import Testing

@testable import CloudEvents

/// Spec: CloudEvents JSON §4.
///
/// R-44 to R-46.
@Suite struct BatchTests {
    static func decode(
        _ json: String, _ decoder: inout EventDecoder
    ) throws(EventFailure) -> [Event] {
        try decoder.decode(batched: Array(json.utf8).span)
        return (0..<decoder.count).map { decoder.event(at: $0) }
    }

    static func failure(_ json: String) -> EventFailure? {
        var decoder = EventDecoder()
        do throws(EventFailure) {
            _ = try decode(json, &decoder)
            return nil
        } catch {
            #expect(decoder.count == 0)
            return error
        }
    }

    @Test func `events come one by one, each as if it were alone`() throws {
        let members = [
            minimal(#""data":{"a":1}"#), minimal(#""subject":"x""#, #""ext":7"#),
            minimal(#""datacontenttype":"text/plain""#, #""data":"é\n""#),
            minimal(#""data_base64":"AAEC""#), minimal(), minimal(),
        ]
        var decoder = EventDecoder()
        let events = try Self.decode(" [ " + members.joined(separator: " , ") + " ] ", &decoder)
        #expect(try events == members.map { json throws(EventFailure) in try event(json) })
        for index in events.indices {
            #expect(decoder.bytes(ofEventAt: index) == events[index].octets.count)
            decoder.withType(ofEventAt: index) { type in
                #expect(String(decoding: type.array, as: UTF8.self) == events[index].type)
            }
        }
    }

    @Test func `an empty batch has no events`() throws {
        var decoder = EventDecoder()
        #expect(try Self.decode("[]", &decoder).isEmpty)
        #expect(try Self.decode(" [ \n] ", &decoder).isEmpty)
    }

    @Test(arguments: [
        ("{}", EventFailure.Code.jsonTypeUnexpected, 0), ("null", .jsonTypeUnexpected, 0),
        ("[1,2]", .jsonTypeUnexpected, 0), ("[[]]", .jsonTypeUnexpected, 0),
        ("[null]", .jsonTypeUnexpected, 0), ("[{}]", .attributeMissing, 0),
        ("", .jsonMalformed, 0), ("[", .jsonMalformed, 0), ("[,]", .jsonMalformed, 0),
        ("[\(minimal()),]", .jsonMalformed, 1), ("[\(minimal())", .jsonMalformed, 1),
        ("[\(minimal())]x", .jsonMalformed, 1), ("[\(minimal()) \(minimal())]", .jsonMalformed, 1),
        ("[\(minimal()),\"x\"]", .jsonTypeUnexpected, 1),
        ("[\(minimal()),\(minimal()),{\"id\":1}]", .attributeTypeInvalid, 2),
        ("[\(minimal()),\(minimal(#""data":[01]"#))]", .jsonMalformed, 1),
    ])
    func `one fault refuses all, and its place is told`(
        json: String, code: EventFailure.Code, index: Int
    ) {
        let failure = Self.failure(json)
        #expect(failure?.code == code)
        #expect(failure?.index == index)
    }

    /// R-45.
    @Test func `the events of a batch have one version`() throws {
        let old = minimal().replacing("1.0", with: "0.3")
        var decoder = EventDecoder(acceptsVersion03: true)
        #expect(try Self.decode("[\(old),\(old)]", &decoder).count == 2)
        #expect(try Self.decode("[\(minimal())]", &decoder).count == 1)
        for json in ["[\(old),\(minimal())]", "[\(minimal()),\(old)]"] {
            let failure = #expect(throws: EventFailure.self) { try Self.decode(json, &decoder) }
            #expect(failure?.code == .specversionMixed)
            #expect(failure?.index == 1)
        }
    }

    @Test func `the number of events is limited`() throws {
        var decoder = EventDecoder()
        let thousand = repeatElement(minimal(), count: 1000).joined(separator: ",")
        #expect(try Self.decode("[\(thousand)]", &decoder).count == 1000)
        let failure = Self.failure("[\(thousand),\(minimal())]")
        #expect(failure?.code == .batchTooLarge)
        #expect(failure?.status == 413)
        decoder.limits.events = 1
        #expect(throws: EventFailure.self) {
            try Self.decode("[\(minimal()),\(minimal())]", &decoder)
        }
    }

    @Test func `a decoder forgets the last request, also after a failure`() throws {
        var decoder = EventDecoder()
        #expect(try Self.decode("[\(minimal()),\(minimal())]", &decoder).count == 2)
        #expect(throws: EventFailure.self) { try Self.decode("[{}]", &decoder) }
        #expect(decoder.count == 0)
        let single = try decoder.event(structured: minimal(#""ext":"x""#))
        #expect(try single == event(minimal(#""ext":"x""#)))
        #expect(try decoder.events(Message(minimalFields())).count == 1)
        #expect(try decoder.event(structured: minimal(#""ext":"x""#)) == single)
    }
}
