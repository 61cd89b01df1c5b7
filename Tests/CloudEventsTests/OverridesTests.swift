import Testing

@testable import CloudEvents

/// Extension attributes that a receiver sees in the place of an event's own.
@Suite struct OverridesTests {
    private func overrides(_ items: (String, String)...) throws -> ExtensionOverrides {
        var overrides = ExtensionOverrides()
        for (name, value) in items { try overrides.add(name, value) }
        return overrides
    }

    private func fields(_ event: Event, _ overrides: ExtensionOverrides) -> [String] {
        var scratch: [UInt8] = []
        var fields: [String] = []
        event.forEachField(.spec, overriding: overrides, scratch: &scratch) { name, value in
            fields.append(
                "\(String(decoding: name.indices.map { name[$0] }, as: UTF8.self)): "
                    + String(decoding: value.indices.map { value[$0] }, as: UTF8.self))
        }
        return fields
    }

    private func sample() throws -> Event {
        try Event(
            attributes: [
                ("id", "1"), ("source", "/s"), ("type", "t"), ("region", "old"),
                ("datacontenttype", "text/plain"),
            ], data: Array("x".utf8))
    }

    @Test func `fields have each attribute once, the overriding one`() throws {
        let event = try sample()
        #expect(
            try fields(event, overrides(("region", "new"), ("team", "a b"))) == [
                "ce-specversion: 1.0", "ce-id: 1", "ce-source: /s", "ce-type: t",
                "Content-Type: text/plain", "ce-region: new", "ce-team: a%20b",
            ])
        #expect(event["region"] == "old")
    }

    @Test func `JSON has each attribute once, the overriding one`() throws {
        let json = try sample().structuredJSON(
            overriding: overrides(("region", "\"new\""), ("team", "a")))
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"specversion":"1.0","id":"1","source":"/s","type":"t","#
                + #""datacontenttype":"text/plain","region":"\"new\"","team":"a","data":"x"}"#)
    }

    @Test func `without overrides an event is what it was`() throws {
        let event = try sample()
        #expect(event.structuredJSON(overriding: ExtensionOverrides()) == event.structuredJSON)
        #expect(fields(event, ExtensionOverrides()).contains("ce-region: old"))
    }

    @Test func `a value that needs encoding counts only while it's sent`() throws {
        let odd = try Event(attributes: [
            ("id", "1"), ("source", "/s"), ("type", "t"), ("region", "a b"),
        ])
        #expect(odd.needsHeaderEncoding)
        #expect(try !odd.needsHeaderEncoding(overriding: overrides(("region", "a"))))
        #expect(try sample().needsHeaderEncoding(overriding: overrides(("region", "ä"))))
    }

    @Test(arguments: [
        "id", "source", "type", "specversion", "subject", "time", "datacontenttype",
        "dataschema", "data", "data_base64", "", "Upper", "a-b", "a_b", "ä",
        String(repeating: "a", count: 256),
    ])
    func `only names of extension attributes can be overridden`(name: String) {
        #expect(throws: EventFailure.self) { try overrides((name, "x")) }
    }

    @Test(arguments: ["a\nb", "\u{7F}", "\u{FFFE}"])
    func `a value is one that attributes can have`(value: String) {
        #expect(throws: EventFailure.self) { try overrides(("a", value)) }
    }

    @Test func `there are at most as many as the limit says, each name once`() throws {
        var overrides = ExtensionOverrides()
        for number in 0..<ExtensionOverrides.itemsLimit { try overrides.add("a\(number)", "") }
        #expect(throws: EventFailure(.attributesTooMany)) { try overrides.add("b", "") }
        #expect(throws: EventFailure(.attributeRepeated, attribute: "a")) {
            var twice = try self.overrides(("a", "1"))
            try twice.add("a", "2")
        }
    }
}
