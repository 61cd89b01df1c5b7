import Foundation
import HTTP
import Testing

@testable import CloudEvents

/// How events go out again, whichever way they came in.
@Suite struct EncodingTests {
    /// An event that came in, and what goes out: the body and Content-Type of binary mode, and
    /// the members that structured mode has for the data.
    struct Row: CustomTestStringConvertible, Sendable {
        var name: String
        var receive: @Sendable () throws -> Event
        var body: [UInt8]
        var contentType: String?
        var members: [String: String]

        var testDescription: String { name }

        static func structured(
            _ name: String, _ members: String, body: String, contentType: String?,
            _ out: [String: String]
        ) -> Row {
            Row(
                name: "structured, " + name, receive: { try event(minimal(members)) },
                body: Array(body.utf8), contentType: contentType, members: out)
        }

        static func binary(
            _ name: String, _ contentType: String?, _ body: [UInt8], _ out: [String: String]
        ) -> Row {
            Row(
                name: "binary, " + name,
                receive: {
                    let fields =
                        minimalFields() + (contentType.map { [("Content-Type", $0)] } ?? [])
                    let message = Message(
                        fields.map { (Array($0.utf8), Array($1.utf8)) }, body: body)
                    return try #require(try events(message).first)
                }, body: body, contentType: contentType, members: out)
        }
    }

    static let json = "application/json"
    static let text = "text/plain"
    static let jsonType = #""datacontenttype":"application/json""#
    static let jsonOut = ["datacontenttype": #""application/json""#]

    static let rows: [Row] = [
        .structured(
            "JSON data", jsonType + #","data":{"a": 1}"#, body: #"{"a": 1}"#, contentType: json,
            jsonOut.merging(["data": #"{"a": 1}"#]) { $1 }),
        .structured(
            "JSON data without a type", #""data":[1]"#, body: "[1]", contentType: json,
            jsonOut.merging(["data": "[1]"]) { $1 }),
        .structured(
            "a JSON string", jsonType + #","data":"a\n""#, body: #""a\n""#, contentType: json,
            jsonOut.merging(["data": #""a\n""#]) { $1 }),
        .structured(
            "a string of XML", #""datacontenttype":"application/xml","data":"<a b=\"c\"/>""#,
            body: #"<a b="c"/>"#, contentType: "application/xml",
            ["datacontenttype": #""application/xml""#, "data": #""<a b=\"c\"/>""#]),
        .structured(
            "a string of a type that isn't text",
            #""datacontenttype":"application/yaml","data":"a: 1""#,
            body: "a: 1", contentType: "application/yaml",
            ["datacontenttype": #""application/yaml""#, "data": #""a: 1""#]),
        .structured(
            "base64", #""data_base64":"AAEC""#, body: "\u{0}\u{1}\u{2}", contentType: nil,
            ["data_base64": #""AAEC""#]),
        .structured(
            "base64 with a type", #""datacontenttype":"text/plain","data_base64":"YQ==""#,
            body: "a",
            contentType: text, ["datacontenttype": #""text/plain""#, "data_base64": #""YQ==""#]),
        .structured(
            "base64 of JSON", jsonType + #","data_base64":"WzFd""#, body: "[1]", contentType: json,
            jsonOut.merging(["data_base64": #""WzFd""#]) { $1 }),
        .structured("no data", "\"x\":1", body: "", contentType: nil, [:]),
        .structured("no data but a type", jsonType, body: "", contentType: json, jsonOut),

        .binary(
            "JSON", json, Array(#" {"a": 1e400} "#.utf8),
            jsonOut.merging(["data": #" {"a": 1e400} "#]) { $1 }),
        .binary(
            "JSON that is none", json, Array("{not json".utf8),
            jsonOut.merging(["data_base64": #""e25vdCBqc29u""#]) { $1 }),
        .binary(
            "text/json that is none", "text/json", Array("{".utf8),
            ["datacontenttype": #""text/json""#, "data_base64": #""ew==""#]),
        .binary(
            "JSON deeper than the limit", json, Array(String(repeating: "[", count: 129).utf8),
            jsonOut.merging(["data_base64": "\"\(String(repeating: "W1tb", count: 43))\""]) { $1 }),
        .binary(
            "text", text, Array("é\"\n".utf8),
            ["datacontenttype": #""text/plain""#, "data": #""é\"\n""#]),
        .binary(
            "XML", "application/soap+xml", Array("<a/>".utf8),
            ["datacontenttype": #""application/soap+xml""#, "data": #""<a/>""#]),
        .binary(
            "text that isn't UTF-8", text, [0xE9],
            ["datacontenttype": #""text/plain""#, "data_base64": #""6Q==""#]),
        .binary(
            "text in another character set", "text/plain; charset=latin1", Array("a".utf8),
            ["datacontenttype": #""text/plain; charset=latin1""#, "data_base64": #""YQ==""#]),
        .binary(
            "octets of another type", "image/png", Array("abc".utf8),
            ["datacontenttype": #""image/png""#, "data_base64": #""YWJj""#]),
        .binary("octets of no type", nil, Array("{}".utf8), ["data_base64": #""e30=""#]),
        .binary("no data", nil, [], [:]),
        .binary("no data but a type", json, [], jsonOut),
    ]

    @Test(arguments: rows)
    func `data goes out as what it came in`(row: Row) throws {
        let event = try row.receive()
        let message = Message(binary: event)
        #expect(message.body == row.body)
        #expect(message.value(of: "Content-Type") == row.contentType)
        #expect(message.value(of: "ce-datacontenttype") == nil)
        #expect(event.contentType.map { String(decoding: $0, as: UTF8.self) } == row.contentType)

        let json = String(decoding: event.structuredJSON, as: UTF8.self)
        let required = [
            "specversion": #""1.0""#, "id": #""1""#, "source": #""/s""#, "type": #""t""#,
            "x": "1",
        ].filter { event[$0.key] != nil }
        #expect(members(of: json) == required.merging(row.members) { $1 })
    }

    /// S-1 to S-3, S-5, and S-9's two encodings.
    @Test func `attributes go out as header fields`() throws {
        let event = try event(
            minimal(
                #""subject":"VM \"db-01\" 100% é""#, #""n":-7"#, #""truth":true"#, #""empty":"""#,
                #""datacontenttype":"text/plain; charset=\"utf-8\"""#, #""data":"x""#))
        let spec = Message(binary: event)
        #expect(
            spec.texts == [
                "ce-specversion: 1.0", "ce-id: 1", "ce-source: /s", "ce-type: t",
                "ce-subject: VM%20%22db-01%22%20100%25%20%C3%A9", "ce-n: -7", "ce-truth: true",
                "ce-empty: ", "Content-Type: text/plain; charset=\"utf-8\"",
            ])
        let raw = Message(binary: event, .raw)
        #expect(raw.value(of: "ce-subject") == "VM \"db-01\" 100% é")
    }

    @Test(arguments: [
        ("a b", true), ("a%b", true), ("a\\\"b", true), ("é", true), ("a", false), ("", false),
        ("!#$&'()*+,-./:;<=>?@[]^_`{|}~", false),
    ])
    func `whether a value has to be encoded can be asked`(value: String, isNeeded: Bool) throws {
        #expect(try event(minimal(#""subject2":"\#(value)""#)).needsHeaderEncoding == isNeeded)
        #expect(try event(minimal(#""datacontenttype":"a/b; c=d""#)).needsHeaderEncoding == false)
    }

    @Test func `a made event can't write fields of its own`() {
        var builder = EventBuilder()
        builder.begin()
        builder.append("subject", "a\r\nX-Evil: 1\u{0}")
        builder.append("datacontenttype", "a/b\r\nX-Evil: 1")
        builder.beginData(.none)
        for encoding in [HeaderEncoding.spec, .raw] {
            let message = Message(binary: builder.finish(), encoding)
            #expect(message.texts.allSatisfy { text in text.utf8.allSatisfy { $0 >= 0x20 } })
        }
    }

    @Test func `strings are escaped as little as JSON allows`() throws {
        let text =
            (0...0x7F).map { String(Character(Unicode.Scalar($0 as UInt8))) }.joined() + "é漢😀"
        var json: [UInt8] = []
        JSONWriter.append(Array(text.utf8).span, to: &json)
        let read = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)
        #expect(read as? String == text)
        #expect(String(decoding: json, as: UTF8.self).hasSuffix("é漢😀\""))
    }

    /// The members of a flat object by their JSON texts, found by the scanner.
    private func members(of json: String) -> [String: String] {
        let octets = Array(json.utf8)
        var members: [String: String] = [:]
        var scanner = JSONScanner(offset: 1)
        while scanner.offset < octets.count - 1 {
            let nameStart = scanner.offset
            try? scanner.skipValue(in: octets.span)
            let name = octets[nameStart + 1..<scanner.offset - 1]
            let valueStart = scanner.offset + 1
            scanner.offset = valueStart
            try? scanner.skipValue(in: octets.span)
            // Blanks after the value are the data's own here: no other are written.
            while ![0x2C, 0x7D].contains(octets[scanner.offset]) { scanner.offset += 1 }
            members[String(decoding: name, as: UTF8.self)] = String(
                decoding: octets[valueStart..<scanner.offset], as: UTF8.self)
            scanner.offset += 1
        }
        return members
    }
}

extension Message {
    var texts: [String] {
        fields.map { field in
            [field.name, field.value].map { String(decoding: head[$0], as: UTF8.self) }
                .joined(separator: ": ")
        }
    }

    func value(of name: String) -> String? {
        fields.first { String(decoding: head[$0.name], as: UTF8.self) == name }.map {
            String(decoding: head[$0.value], as: UTF8.self)
        }
    }
}
