import HTTP
import Testing

@testable import CloudEvents

/// Spec: CloudEvents HTTP §3.1.
///
/// R-3, R-7, R-11 to R-17.
@Suite struct BinaryModeTests {
    @Test func `a whole event is read`() throws {
        let fields = [
            ("Host", "x"), ("Ce-Specversion", "1.0"), ("CE-Id", "1"), ("ce-SOURCE", "/s"),
            ("Content-Type", "text/plain; charset=utf-8"), ("ce-type", "t"), ("Accept", "*/*"),
            ("Ce-Time", "2021-01-18T14:52:01Z"), ("ce-N", "007"), ("ce-Truth", "true"),
            ("Ce-AVeryLongNameOfAnExtension", "x"), ("cex", "no"), ("c", "no"), ("xce-id", "no"),
        ]
        let event = try #require(try events(Message(fields, body: "hello")).first)
        #expect(
            event.contents == [
                "specversion": "s:1.0", "id": "s:1", "source": "s:/s", "type": "s:t",
                "datacontenttype": "s:text/plain; charset=utf-8",
                "time": "s:2021-01-18T14:52:01Z",
                // What type an extension has can't be seen here, and isn't guessed.
                "n": "s:007", "truth": "s:true", "averylongnameofanextension": "s:x",
            ])
        #expect(event.dataKind == .octets)
        #expect(event.dataText == "hello")
    }

    /// R-17: whatever the type says.
    @Test func `data is any octets, untouched`() throws {
        let octets: [UInt8] = [0x00, 0xFF, 0xC3, 0x0D, 0x0A, 0x22] + Array(0...255)
        for contentType in ["application/json", "text/plain", "image/png"] {
            let fields = minimalFields(("Content-Type", contentType))
            let message = Message(
                fields.map { (Array($0.utf8), Array($1.utf8)) }, body: octets)
            let event = try #require(try events(message).first)
            #expect(Array(event.octets[event.data]) == octets)
        }
        let event = try #require(try events(Message(minimalFields())).first)
        #expect(event.dataKind == .none)
        #expect(event.data.isEmpty)
        #expect(event["datacontenttype"] == nil)  // R-3
    }

    /// R-7.
    @Test func `without one of the four it's no event`() throws {
        for missing in 0..<4 {
            var fields = minimalFields()
            let name = fields.remove(at: missing).0
            let expected = EventFailure(.attributeMissing, attribute: String(name.dropFirst(3)))
            #expect(failure(Message(fields, body: minimal())) == expected)
        }
        #expect(failure(Message([], body: minimal()))?.code == .attributeMissing)
    }

    /// R-11, R-13.
    @Test(arguments: [
        ("ce-datacontenttype", "datacontenttype"), ("CE-DataContentType", "datacontenttype"),
        ("ce-data", "data"), ("Ce-Data", "data"), ("ce-data_base64", "data_base64"),
        ("ce-my-ext", "my-ext"), ("ce-my_ext", "my_ext"), ("ce-", nil), ("ce-x.y", "x.y"),
        ("ce-a-very-long-name-of-none", "a-very-long-name-of-none"),
        ("ce-" + String(repeating: "n", count: 256), String(repeating: "n", count: 64)),
    ])
    func `a field that can't be an attribute is refused`(field: String, name: String?) {
        let failure = failure(Message(minimalFields((field, "text/plain"))))
        #expect(failure == EventFailure(.attributeNameInvalid, attribute: name))
    }

    /// R-14.
    @Test(arguments: [
        ("ce-id", "ce-ID"), ("ce-x", "Ce-X"), ("ce-subject", "ce-subject"),
        ("ce-averylongnameofanextension", "CE-aVeryLongNameOfAnExtension"),
    ])
    func `a field that occurs twice is refused`(first: String, second: String) {
        let fields = minimalFields((first, "a"), (second, "a"))
        let failure = failure(Message(fields))
        #expect(failure?.code == .attributeRepeated)
        #expect(failure?.attribute == first.dropFirst(3).lowercased())
    }

    @Test(arguments: [
        ("", EventFailure.Code.attributeEmpty), (";;", .attributeValueInvalid),
        ("xyz", .attributeValueInvalid), ("text/plain; a=\"\tb\"", .characterForbidden),
    ])
    func `a Content-Type that is none is refused`(value: String, code: EventFailure.Code) {
        let failure = failure(Message(minimalFields(("Content-Type", value)), body: "x"))
        #expect(failure == EventFailure(code, attribute: "datacontenttype"))
    }

    @Test func `values are looked at to their ends and not beyond`() throws {
        // The fields lie back to back in the head, so that one's end is another's beginning.
        for count in 0...40 {
            let value = String(repeating: "v", count: count)
            let message = Message(minimalFields(("ce-a", value), ("ce-b", value + "%20")))
            let event = try #require(try events(message).first)
            #expect(event["a"] == value)
            #expect(event["b"] == value + " ")
        }
    }

    /// R-16.
    @Test func `version 0.3 is taken where it's wanted, and stays what it is`() throws {
        let fields = [("ce-specversion", "0.3")] + minimalFields().dropFirst()
        #expect(failure(Message(fields))?.code == .specversionUnsupported)
        var decoder = EventDecoder(acceptsVersion03: true)
        let event = try #require(try decoder.events(Message(fields)).first)
        #expect(event["specversion"] == "0.3")
        #expect(event.structuredJSON.starts(with: #"{"specversion":"0.3""#.utf8))
    }
}
