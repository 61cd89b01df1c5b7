import Testing

@testable import CloudEvents

/// The block, and events that are made rather than received.
@Suite struct EventTests {
    static func made(
        _ attributes: [(String, String)] = [], type: String? = nil, data: [UInt8]? = nil
    ) throws(EventFailure) -> Event {
        let required = [("id", "1"), ("source", "/s"), ("type", "t")]
        let typed = type.map { [("datacontenttype", $0)] } ?? []
        return try Event(
            attributes: (required + attributes + typed).map { (name: $0, value: $1) }, data: data)
    }

    @Test func `the block has the layout that is written down`() throws {
        var builder = EventBuilder()
        builder.begin()
        builder.append("id", "é")
        builder.append("n", "7", kind: .integer)
        builder.beginData(.octets)
        builder.appendData(0xFF)
        let event = builder.finish()
        #expect(
            event.octets == [
                1, 1, 2, 0, 14, 0, 0, 0,
                2, 0, 2, 0, 0x69, 0x64, 0xC3, 0xA9,
                1, 2, 1, 0, 0x6E, 0x37,
                0xFF,
            ])
        #expect(event.contents == ["id": "s:é", "n": "i:7"])
        #expect(event.attribute("n")?.kind == .integer)
        #expect(event.attribute("m") == nil)
        #expect(event.id == "é")
        #expect(event.type == "")
    }

    @Test func `a builder keeps its room and forgets its event`() {
        var builder = EventBuilder()
        for count in [5_000, 0, 100] {
            builder.begin()
            let value = [UInt8](repeating: 0x61, count: count)
            builder.beginAttribute(Array("a".utf8).span, kind: .string)
            builder.appendValue(value.span)
            builder.appendValue(0x62)
            #expect(builder.valueBytes == count + 1)
            builder.endAttribute()
            builder.append(String(repeating: "n", count: 255), "")
            builder.beginData(.text)
            builder.appendData(value.span)
            let event = builder.finish()
            #expect(event["a"] == String(repeating: "a", count: count) + "b")
            #expect(event.data.count == count)
            #expect(event.octets.count == 8 + (4 + 1 + count + 1) + (4 + 255) + count)
        }
    }

    @Test func `a stored block is taken only if each length in it holds`() throws {
        let event = try event(minimal(#""n":7"#, #""data":[1]"#))
        #expect(Event(stored: event.octets) == event)
        for end in 0..<event.octets.count {
            let cut = Event(stored: Array(event.octets[..<end]))
            // Only the data may be shorter: its length is what is left.
            #expect((cut != nil) == (end >= event.data.lowerBound), "\(end)")
        }
        for place in 0..<event.data.lowerBound {
            for octet in [UInt8(0x00), 0x01, 0x7F, 0xFF] {
                var octets = event.octets
                octets[place] = octet
                // Whatever it is taken for, it can be looked at.
                guard let other = Event(stored: octets) else { continue }
                #expect(other.attributes.reduce(0) { $0 + $1.value.count } <= octets.count)
                #expect(other.structuredJSON.count > 0)
            }
        }
        for (place, octet) in [(0, 5), (1, 2), (2, 4), (4, 0), (9, 3)] as [(Int, UInt8)] {
            var octets = event.octets
            octets[place] = octet
            #expect(Event(stored: octets) == nil, "\(place)")
        }
    }

    // MARK: - Made of texts

    @Test func `an event is made of texts`() throws {
        let event = try Self.made([("subject", "über"), ("ext", "7")])
        #expect(
            event.contents == [
                "specversion": "s:1.0", "id": "s:1", "source": "s:/s", "type": "s:t",
                "subject": "s:über", "ext": "s:7",
            ])
        #expect(event.dataKind == .none)
        #expect(try Self.made([("specversion", "1.0")]).contents.count == 4)
        #expect(throws: EventFailure(.specversionUnsupported, attribute: "specversion")) {
            try Self.made([("specversion", "0.3")])
        }
        #expect(throws: EventFailure(.attributeRepeated, attribute: "id")) {
            try Self.made([("id", "2")])
        }
    }

    @Test func `data is what its type says`() throws {
        let json = try Self.made(type: "application/json", data: Array(" [1]".utf8))
        #expect(json.dataKind == .json)
        #expect(json.dataText == " [1]")
        let text = try Self.made(type: "text/plain", data: Array("é".utf8))
        #expect(text.dataKind == .octets)
        #expect(String(decoding: text.structuredJSON, as: UTF8.self).hasSuffix(#""data":"é"}"#))
        #expect(try Self.made(data: [0xFF]).dataKind == .octets)
        #expect(try Self.made(type: "text/plain", data: []).dataKind == .none)
    }

    /// Text that closes its place in JSON must not become members of the event.
    @Test(arguments: [
        #"1,"extra":"x""#, #"1},{"id":"2""#, "{", "", "é", #""a" "b""#, "nul",
    ])
    func `data that isn't the JSON it's said to be is refused`(data: String) throws {
        let octets = Array(data.utf8)
        guard !octets.isEmpty else { return }
        #expect(throws: EventFailure(.dataInvalid, attribute: "data")) {
            try Self.made(type: "application/json", data: octets)
        }
    }

    // MARK: - Failures

    @Test func `a failure has a status, a code and a sentence`() {
        let all = EventFailure.Code.allCases
        #expect(Set(all.map(\.rawValue)).count == all.count)
        for code in all {
            #expect(code.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
            #expect([400, 413, 415].contains(EventFailure(code).status))
            let sentence = EventFailure(code, attribute: "a", index: 3, offset: 9).sentence
            #expect(sentence.first?.isUppercase == true)
            #expect(sentence.hasSuffix("."))
            #expect(sentence.contains("'a'"))
            #expect(sentence.contains("event 3 of the batch"))
        }
        let failure = failure(minimal(#""data":[1,x]"#))
        #expect(failure == EventFailure(.jsonMalformed, attribute: "data", offset: 65))
        #expect(failure?.sentence.hasSuffix("at octet 65 of the body.") == true)
    }

    @Test func `what a sender wrote is shown so that it can do no harm`() {
        let name = "\u{1B}[31m<b>é\r\n" + String(repeating: "x", count: 100)
        let shown = failure(minimal("\(AttributeTests.quoted(name)):1"))?.attribute
        #expect(shown == "?[31m<b>????" + String(repeating: "x", count: 52))
    }
}
