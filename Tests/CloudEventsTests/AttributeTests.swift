import HTTP
import Testing

@testable import CloudEvents

/// What holds of attributes however they came.
///
/// R-11 to R-16, R-24 to R-30.
@Suite struct AttributeTests {
    /// Each value is tried as a string in JSON, as a header field, and in an event that's made.
    static func failures(_ name: String, _ value: String) -> [EventFailure?] {
        let required = ["specversion": "1.0", "id": "1", "source": "/s", "type": "t"]
        let all = required.merging([name: value]) { $1 }.map { ($0, $1) }
        let members = all.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",")
        let fields = all.map { name, value in
            name == "datacontenttype" ? ("Content-Type", value) : ("ce-" + name, encoded(value))
        }
        return [failure("{\(members)}"), failure(Message(fields)), madeFailure(all)]
    }

    static func quoted(_ text: String) -> String {
        var json: [UInt8] = []
        JSONWriter.append(Array(text.utf8).span, to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    static func encoded(_ text: String) -> String { HeaderValueTests.encode(text) }

    static func madeFailure(_ attributes: [(String, String)]) -> EventFailure? {
        do throws(EventFailure) {
            _ = try Event(attributes: attributes.map { (name: $0, value: $1) })
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        // R-15: the required ones, and three of the others, aren't empty.
        ("id", "", EventFailure.Code.attributeEmpty), ("source", "", .attributeEmpty),
        ("type", "", .attributeEmpty), ("specversion", "", .attributeEmpty),
        ("subject", "", .attributeEmpty), ("dataschema", "", .attributeEmpty),
        ("datacontenttype", "", .attributeEmpty), ("time", "", .attributeEmpty),
        // R-16: one version.
        ("specversion", "0.3", .specversionUnsupported),
        ("specversion", "1.1", .specversionUnsupported),
        ("specversion", "0.9", .specversionUnsupported),
        ("specversion", "1.0 ", .specversionUnsupported),
        ("specversion", "1.0.2", .specversionUnsupported),
        ("specversion", "1,0", .specversionUnsupported),
        // R-28 to R-30, and media types.
        ("dataschema", "/x", .attributeValueInvalid), ("dataschema", "#x", .attributeValueInvalid),
        ("dataschema", "schema.json", .attributeValueInvalid),
        ("source", "a b", .attributeValueInvalid), ("source", "1a:b", .attributeValueInvalid),
        ("time", "yesterday", .attributeValueInvalid),
        ("time", "2021-02-30T00:00:00Z", .attributeValueInvalid),
        ("datacontenttype", "xyz", .attributeValueInvalid),
        ("datacontenttype", "a/b;c", .attributeValueInvalid),
    ])
    func `a value that isn't what it must be is refused, with the attribute's name`(
        name: String, value: String, code: EventFailure.Code
    ) {
        for failure in Self.failures(name, value) {
            #expect(failure?.code == code)
            #expect(failure?.attribute == name)
            #expect(failure?.status == 400)
        }
    }

    @Test(arguments: [
        ("dataschema", "urn:x:y"), ("dataschema", "https://a.b/c.json#/definitions/d"),
        ("source", "#fragment"), ("source", "//host/path"), ("source", "urn:uuid:1"),
        ("datacontenttype", "Text/PLAIN; charset=\"utf-8\""), ("time", "2021-01-18T14:52:01+05:00"),
        ("subject", "a/b c"), ("comexampleextension1", "x"), ("x", ""), ("x", " padded "),
        // R-13: a long name is a name, if not a good one; the first may be a digit.
        ("a23456789012345678901", "x"), ("1", "x"), (String(repeating: "n", count: 255), "x"),
        ("x", "é漢😀"), ("id", String(repeating: "i", count: 4096)),
    ])
    func `a value that is right is taken and kept as it is`(name: String, value: String) throws {
        #expect(Self.failures(name, value) == [nil, nil, nil])
        let members = "\(Self.quoted(name)):\(Self.quoted(value))"
        let json = name == "id" || name == "source" ? minimal() : minimal(members)
        if json != minimal() { #expect(try event(json)[name] == value) }
    }

    /// R-26.
    ///
    /// Two forms of each: as they are, and as the escapes that JSON has for them.
    @Test(
        arguments: [
            0x00, 0x01, 0x09, 0x0A, 0x0D, 0x1F, 0x7F, 0x80, 0x85, 0x9F, 0xFDD0, 0xFDEF, 0xFFFE,
            0xFFFF,
            0x1FFFE, 0x10FFFF,
        ] as [UInt32])
    func `no string has controls or noncharacters`(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        let text = "a" + String(Character(scalar)) + "b"
        for failure in Self.failures("subject", text) {
            #expect(
                failure
                    == EventFailure(
                        .characterForbidden, attribute: "subject", offset: failure?.offset))
        }
        let escapes = UTF16.encode(scalar).map { units in
            units.map {
                "\\u" + String(repeating: "0", count: 4 - String($0, radix: 16).count)
                    + String($0, radix: 16)
            }
        }
        let escaped = try #require(escapes).joined()
        #expect(failure(minimal(#""subject":"\#(escaped)""#))?.code == .characterForbidden)
        #expect(failure(minimal(#""x":"\#(escaped)""#))?.code == .characterForbidden)
    }

    /// Values are looked at sixteen octets at a time: each place is one for the fault.
    @Test(arguments: ["\u{7F}", "\u{1}", "\u{85}", "\u{FFFF}"])
    func `a character that's forbidden is found wherever it stands`(character: String) {
        for before in 0..<34 {
            for after in [0, 20] {
                let text = [before, after].map { String(repeating: "x", count: $0) }
                for failure in Self.failures("subject", text.joined(separator: character)) {
                    #expect(failure?.code == .characterForbidden)
                }
            }
        }
    }

    @Test(arguments: [0x20, 0x7E, 0xA0, 0xFDCF, 0xFDF0, 0xFFFD, 0x10000, 0x10FFFD] as [UInt32])
    func `all other characters may be in a string`(value: UInt32) throws {
        let text = "a" + String(Character(try #require(Unicode.Scalar(value)))) + "b"
        #expect(Self.failures("subject", text) == [nil, nil, nil])
    }

    /// R-13; `data` is reserved.
    @Test(arguments: [
        "MyExtension", "my.extension", "my-ext", "my_ext", "", "é", "a b", "aé", "a\u{0}",
        "abcdefghijklmnopqrstuvwxyZ", String(repeating: "n", count: 256), "id\u{0}",
        "datacontenttyp\u{0}e", "dataschema\u{0}", "datA",
    ])
    func `a name that isn't one is refused`(name: String) {
        let json = failure(minimal(#"\#(Self.quoted(name)):"x""#))
        #expect(json?.code == .attributeNameInvalid)
        #expect(Self.madeFailure([(name, "x")])?.code == .attributeNameInvalid)
        #expect(json?.attribute?.utf8.allSatisfy { 0x21...0x7E ~= $0 } ?? name.isEmpty)
        #expect(json?.attribute?.count ?? 0 <= 64)
    }

    @Test(arguments: ["data", "data_base64"])
    func `an event isn't made with data among the attributes`(name: String) {
        #expect(Self.madeFailure([(name, "x")])?.code == .attributeNameInvalid)
    }

    @Test(arguments: ["id", "source", "type"])
    func `an attribute that must be there is named when it isn't`(name: String) {
        let all = [("id", "1"), ("source", "/s"), ("type", "t")].filter { $0.0 != name }
        #expect(Self.madeFailure(all) == EventFailure(.attributeMissing, attribute: name))
    }

    @Test func `limits are inclusive, and count octets of the value as it's kept`() throws {
        var limits = EventDecoder.Limits()
        limits.attributeBytes = 8
        limits.attributes = 6
        var decoder = EventDecoder(limits: limits)
        #expect(try decoder.event(structured: minimal(#""x":"12345678""#))["x"] == "12345678")
        let failure = #expect(throws: EventFailure.self) {
            try decoder.event(structured: minimal(#""x":"123456789""#))
        }
        #expect(failure?.code == .attributeTooLong)
        #expect(failure?.attribute == "x")
        #expect(
            try decoder.event(structured: minimal(#""x":"\u00312345678""#))["x"] == "12345678")
        #expect(try decoder.events(Message(minimalFields(("ce-x", "%31%32345678")))).count == 1)
        let long = Message(minimalFields(("ce-x", "123456789")))
        #expect(CloudEventsTests.failure(long, decoder)?.code == .attributeTooLong)
        #expect(try decoder.event(structured: minimal(#""a":"","b":"""#)).contents.count == 6)
        #expect(throws: EventFailure.self) {
            try decoder.event(structured: minimal(#""a":"","b":"","c":"""#))
        }
        #expect(throws: EventFailure.self) {
            try decoder.event(structured: minimal(#""a":null,"b":null,"c":null"#))
        }
        decoder.limits.attributes = 7
        #expect(
            try decoder.event(structured: minimal(#""a":"","b":"","c":"""#)).contents.count == 7)
    }

    /// R-18.
    ///
    /// More than there are bits to tell names apart at a glance.
    @Test func `a hundred extensions are kept, and none may occur twice`() throws {
        let members = (0..<100).map { #""ext\#($0)":"\#($0)""# }
        let event = try event(minimal(members.joined(separator: ",")))
        #expect(event.contents.count == 104)
        for number in 0..<100 { #expect(event["ext\(number)"] == "\(number)") }
        for number in 0..<100 {
            let json = minimal(members.joined(separator: ","), #""ext\#(number)":"again""#)
            #expect(failure(json)?.code == .attributeRepeated)
            #expect(failure(json)?.attribute == "ext\(number)")
        }
    }
}
