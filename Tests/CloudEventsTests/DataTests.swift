import HTTP
import Testing

@testable import CloudEvents

/// Spec: CloudEvents JSON §3.1.
///
/// R-35 to R-42.
@Suite struct DataTests {
    static func type(_ datacontenttype: String) -> String {
        #""datacontenttype":\#(AttributeTests.quoted(datacontenttype))"#
    }

    /// R-37: what is JSON, and what isn't.
    @Test(arguments: [
        ("application/json", true), ("application/vnd.x+json; v=2", true), ("text/json", true),
        ("Application/JSON;charset=utf-8", true), ("application/problem+JSON", true),
        ("application/json-seq", false), ("application/jsonx", false), ("json/application", false),
        ("application/xml", false), ("text/plain", false), ("application/json+xml", false),
        ("application/x+json+gzip", false), ("application/+json", true),
    ])
    func `whether data is JSON is said by the subtype's end`(text: String, isJSON: Bool) throws {
        #expect(MediaType(Array(text.utf8).span)?.isJSON == isJSON)
        let event = try event(minimal(Self.type(text), #""data":"\u0041""#))
        // R-38: a JSON string isn't read again; it's the value.
        #expect(event.dataKind == (isJSON ? .json : .text))
        #expect(event.dataText == (isJSON ? #""\u0041""# : "A"))
    }

    @Test(arguments: [
        ("text/plain", true), ("text/plain; charset=utf-8", true), ("text/csv", true),
        ("text/plain; charset=\"US-ASCII\"", true), ("application/xml", true),
        ("application/soap+xml; charset=UTF-8", true), ("image/svg+xml", true),
        ("text/plain; charset=iso-8859-1", false), ("application/octet-stream", false),
        ("text/json", false), ("application/yaml", false), ("text/plain;a=b;charset=utf-16", false),
    ])
    func `some types' data can stand as a string`(text: String, isPlainText: Bool) {
        #expect(MediaType(Array(text.utf8).span)?.isPlainText == isPlainText)
    }

    @Test(arguments: [
        "", "/", "a", "a/", "/b", "a/b/c", "a b/c", "a/b c", "a/b;c", "a/b;c=", "a/b; c=\"",
        "a/b;c=\"\\\"", "a/b;=c", "a/b,c/d", "é/b", "a/b;c=\"é\"", " a/b", "a/b;c =d",
    ])
    func `what isn't a media type isn't`(text: String) {
        #expect(MediaType(Array(text.utf8).span) == nil)
    }

    /// R-42, and row 247 of the catalogue of bad input.
    @Test(arguments: [
        "null", "true", "-0", "1e400", "12345678901234567890.10", #""a\u0041\/\ud800""#,
        #"{"b":1, "a" : [ ] ,"b":2}"#, "[\n\t1,\r\n2\n]", #"{"é":"漢"}"#,
    ])
    func `JSON data is kept octet by octet`(data: String) throws {
        for members in [
            ["\"data\": \(data) "], [Self.type("application/json"), "\"data\":\(data)"],
        ] {
            let event = try event(minimal(members.joined(separator: ",")))
            #expect(event.dataKind == .json)
            #expect(event.dataText == data)
            let json = String(decoding: event.structuredJSON, as: UTF8.self)
            #expect(json.hasSuffix("\"data\":\(data)}"))
            #expect(Message(binary: event).body == Array(data.utf8))
        }
    }

    /// R-40.
    @Test(arguments: ["7", "{}", "[]", "true", "null"])
    func `data of a type that isn't JSON is a string`(data: String) {
        let failure = failure(minimal(Self.type("text/plain"), "\"data\":\(data)"))
        #expect(failure?.code == .dataInvalid)
        #expect(failure?.attribute == "data")
    }

    /// R-40: a string that would have to become octets of another character set.
    @Test func `text in another character set isn't taken`() {
        let failure = failure(minimal(Self.type("text/plain; charset=utf-16"), #""data":"x""#))
        #expect(failure?.code == .dataInvalid)
    }

    @Test(arguments: [
        (#""""#, ""), (#""a\n\"\\\/\u0000\u007f""#, "a\n\"\\/\u{0}\u{7F}"),
        (#""\ud83d\ude00é""#, "😀é"), (#""\ufffe""#, "\u{FFFE}"),
    ])
    func `text is kept as the octets it stands for, whatever characters it has`(
        json: String, text: String
    ) throws {
        let event = try event(minimal("\"data\":\(json)", Self.type("text/plain")))
        #expect(event.dataKind == .text)
        #expect(event.dataText == text)
        var decoder = EventDecoder()
        try decoder.decode(structured: event.structuredJSON.span)
        #expect(decoder.event(at: 0).dataText == text)
    }

    /// R-36.
    @Test(
        arguments: [
            ("", []), ("AA==", [0]), ("AAE=", [0, 1]), ("AAEC", [0, 1, 2]), ("/+8=", [0xFF, 0xEF]),
            ("\\/+8=", [0xFF, 0xEF]), ("AAECAw\\u003d=", [0, 1, 2, 3]),
        ] as [(String, [UInt8])])
    func `base64 is kept as the octets it stands for`(json: String, octets: [UInt8]) throws {
        for members in [[], [Self.type("image/png")], [Self.type("application/json")]] {
            let event = try event(
                minimal((members + [#""data_base64":"\#(json)""#]).joined(separator: ",")))
            #expect(event.dataKind == .base64)
            #expect(Array(event.octets[event.data]) == octets)
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "AA=", "A===", "====", "AA==AA==", "AA==\n", " AA==", "A*A=", "AAE",
        "AB==", "AAF=", "AA-_", "AAEC=", "é===", "AA=A", "=AAA",
    ])
    func `what isn't strict base64 is refused`(text: String) {
        let failure = failure(minimal(#""data_base64":\#(AttributeTests.quoted(text))"#))
        #expect(failure?.code == .dataInvalid)
        #expect(failure?.attribute == "data_base64")
    }

    @Test(arguments: ["7", "{}", "[]", "true"])
    func `base64 is a string`(value: String) {
        let failure = failure(minimal(#""data_base64":\#(value)"#))
        #expect(
            failure == EventFailure(.dataInvalid, attribute: "data_base64", offset: failure?.offset)
        )
    }

    /// R-35.
    @Test func `there is data or data_base64, not both`() throws {
        for members in [#""data":1,"data_base64":"""#, #""data_base64":"","data":null"#] {
            #expect(failure(minimal(members))?.code == .dataRepeated)
        }
        #expect(try event(minimal(#""data":1,"data_base64":null"#)).dataText == "1")
        #expect(try event(minimal(#""data_base64":null"#)).dataKind == .none)
        // Null data is data.
        #expect(try event(minimal(#""data":null"#)).dataText == "null")
    }

    @Test func `every octet has its base64, of which there is one`() {
        for count in 0...9 {
            for seed in 0..<64 {
                let octets = (0..<count).map {
                    UInt8(truncatingIfNeeded: ($0 + 1) * seed * 37 + $0)
                }
                var text: [UInt8] = []
                Base64.encode(octets.span, to: &text)
                #expect(String(decoding: text, as: UTF8.self) == reference(octets))
                let range = 0..<text.count
                var span = text.mutableSpan
                let end = Base64.decodeInPlace(&span, in: range)
                #expect(end == count)
                #expect(Array(text.prefix(count)) == octets)
            }
        }
    }

    /// Base64 by its definition, six bits at a time.
    private func reference(_ octets: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = octets.flatMap { octet in (0..<8).map { octet >> (7 - $0) & 1 } }
        let sextets = stride(from: 0, to: bits.count, by: 6).map { start in
            (0..<6).reduce(0) { $0 << 1 | Int(start + $1 < bits.count ? bits[start + $1] : 0) }
        }
        let text = String(sextets.map { letters[$0] })
        return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
