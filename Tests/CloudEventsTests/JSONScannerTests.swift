import Testing

@testable import CloudEvents

/// Spec: RFC 8259 §2.
///
/// What stands in `data`, which is checked but not read.
@Suite struct JSONScannerTests {
    static func isJSON(_ text: String) -> Bool { isJSON(Array(text.utf8)) }

    static func isJSON(_ octets: [UInt8]) -> Bool { octets.span.isJSON }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "7", "-12", "1.5", "1e5", "1E+05", "0.0e-0", #""""#,
        #""a""#,
        #""\"\\\/\b\f\n\r\t\u00e9\uD800""#, "\"é漢😀\u{7F}\"", "[]", "{}", "[ ]", "{ }",
        #"[1,"a",{"b":[]},null]"#, #"{"a":{"b":{"c":[{}]}},"":1}"#, " \t\r\n[1 , 2 ] ",
        "1e999999", "12345678901234567890123", "9007199254740993", #"{"a":1,"a":2}"#,
        "\"" + String(repeating: "x", count: 100) + "\"", "[[[1],[2]],[3]]",
        #"{"short":"a string of more than sixteen octets","a name of more than sixteen":1}"#,
    ])
    func `JSON is JSON`(text: String) {
        #expect(Self.isJSON(text))
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "-", "+1", "01", "-01",
        "00", ".5", "1.", "1.e5", "1e", "1e+", "0x10", "1_000", "1 2", "'a'", #""a"#, #""\x""#,
        #""\u12""#, #""\u12g4""#, #""\"#, #""\u"#, "\"\u{0}\"", "\"\t\"", "\"\n\"", "\"\u{1F}\"",
        "[", "]",
        "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#,
        #"{"a":1,}"#, #"{,"a":1}"#, #"{a:1}"#, #"{"a":1 "b":2}"#, #"{"a":1]"#, #"{1:2}"#,
        #"{"a" 1}"#, #"{"a"::1}"#, "/* */1", "1//", "undefined", "\u{FEFF}1", "1\u{A0}", "[1]]",
        #"{"a":1}}"#, #"["a":1]"#, #"{"a":"b":"c"}"#, #"{null:1}"#, "truefalse", "\u{B}1",
    ])
    func `what isn't JSON isn't`(text: String) {
        #expect(!Self.isJSON(text))
        #expect(!Self.isJSON("[\(text)]") || text.isEmpty || text == " ")
        #expect(failure(minimal(#""data":\#(text)"#)) != nil)
    }

    /// Ill-formed UTF-8 at each place of a string, so that all ways to read on are met.
    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0x81], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
        ] as [[UInt8]])
    func `ill-formed UTF-8 is found wherever it stands`(octets: [UInt8]) {
        for before in 0..<34 {
            let text = [0x22] + [UInt8](repeating: 0x61, count: before) + octets + [0x62, 0x22]
            #expect(!Self.isJSON(text))
            #expect(!Self.isJSON("{".utf8 + text + ":1}".utf8))
        }
    }

    @Test func `a control, a quote and a backslash are found wherever they stand`() {
        for before in 0..<50 {
            let plain = String(repeating: "a", count: before)
            for after in [0, 1, 7, 8, 15, 16, 17] {
                let rest = String(repeating: "b", count: after)
                #expect(Self.isJSON(#""\#(plain)\n\#(rest)""#))
                #expect(Self.isJSON("\"\(plain)é\(rest)\""))
                #expect(!Self.isJSON("\"\(plain)\u{1}\(rest)\""))
                #expect(!Self.isJSON("\"\(plain)\"\(rest)\""))
                #expect(!Self.isJSON("\"\(plain)\\q\(rest)\""))
            }
        }
    }

    /// R-43, and rows 245, 247 and 251 of the catalogue of bad input.
    @Test func `depth is limited, not by the stack`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func nestedObjects(_ depth: Int) -> String {
            String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        }
        #expect(JSONScanner.depthLimit == 128)
        #expect(failure(minimal(#""data":\#(nested(129 - 1))"#)) == nil)
        #expect(failure(minimal(#""data":\#(nestedObjects(128))"#)) == nil)
        for deep in [
            nested(130), nestedObjects(129), nested(20_000), String(repeating: "[", count: 100_000),
        ] {
            let failure = failure(minimal(#""data":\#(deep)"#))
            #expect(failure?.code == .jsonTooDeep)
            #expect(failure?.attribute == "data")
        }
        #expect(failure(String(repeating: "[", count: 100_000))?.code == .jsonTooDeep)
    }

    /// The stack is a bit for each level; a mixed text finds out whether each is the right one.
    @Test func `each end is that of what was opened last`() {
        for depth in 1...128 {
            let isObject = (0..<depth).map { $0 * $0 % 7 < 3 }
            let open = isObject.map { $0 ? #"{"a":"# : "[" }.joined()
            let ends = isObject.reversed().map { $0 ? "}" : "]" }
            #expect(Self.isJSON(open + "1" + ends.joined()))
            var wrong = ends
            wrong[depth / 2] = wrong[depth / 2] == "}" ? "]" : "}"
            #expect(!Self.isJSON(open + "1" + wrong.joined()))
        }
    }

    @Test func `long numbers, many escapes and many values are read in one go`() throws {
        let digits = String(repeating: "9", count: 100_000)
        #expect(try event(minimal(#""data":\#(digits)"#)).dataText == digits)
        let escapes = "\"" + String(repeating: #"\u0041"#, count: 100_000) + "\""
        #expect(try event(minimal(#""data":\#(escapes)"#)).dataText == escapes)
        let arrays = "[" + repeatElement("[]", count: 100_000).joined(separator: ",") + "]"
        #expect(try event(minimal(#""data":\#(arrays)"#)).dataText == arrays)
        let text = try event(minimal(#""datacontenttype":"text/plain""#, #""data":\#(escapes)"#))
        #expect(text.dataText == String(repeating: "A", count: 100_000))
    }
}
