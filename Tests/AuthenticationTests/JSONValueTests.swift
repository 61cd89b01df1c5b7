import Testing

@testable import Authentication

@Suite struct JSONValueTests {
    @Test func `a text gives its values`() {
        let text = #" {"a":[1,-2,0,1.5,1e3,true,false,null],"b":{"c":"\"\\\/\b\f\n\r\té😀é"}} "#
        #expect(
            JSONValue(Array(text.utf8))
                == .object([
                    "a": .array([
                        .integer(1), .integer(-2), .integer(0), .number, .number, .boolean(true),
                        .boolean(false), .null,
                    ]), "b": .object(["c": .string("\"\\/\u{8}\u{C}\n\r\té😀é")]),
                ]))
        #expect(JSONValue(Array("99999999999999999999".utf8)) == .number)
        #expect(JSONValue(Array("[]".utf8)) == .array([]))
        #expect(JSONValue(Array("{}".utf8)) == .object([:]))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}",
        "{a:1}",
        "'a'", "\"a", "\"\u{1}\"", "\"\\x\"", "\"\\u12\"", "\"\\uD800\"", "\"\\uDC00\"",
        "\"\\uD800\\u0041\"", "\"\\", "01", "-", "1.", "1e", "+1", ".5", "NaN", "tru", "nul", "1 2",
        "{} {}", "\u{FEFF}{}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}",
    ])
    func `a text that isn't one gives nothing`(text: String) {
        #expect(JSONValue(Array(text.utf8)) == nil)
    }

    @Test func `octets that are no text give nothing`() {
        #expect(JSONValue([0x22, 0xFF, 0x22]) == nil)
        #expect(JSONValue([0x22, 0xC0, 0x80, 0x22]) == nil)
        #expect(JSONValue([0x22, 0xED, 0xA0, 0x80, 0x22]) == nil)
        #expect(JSONValue([0x31, 0x00]) == nil)
    }

    /// Row 186.
    @Test func `nesting has a limit`() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(JSONValue(nested(16)) != nil)
        #expect(JSONValue(nested(17)) == nil)
        #expect(JSONValue(nested(100_000)) == nil)
        let objects = String(repeating: "{\"a\":", count: 1_000)
        #expect(JSONValue(Array(objects.utf8)) == nil)
    }
}
