import Testing

@testable import Configuration

/// What YAML allows but no configuration needs, and what is no YAML at all.
@Suite struct YAMLTests {
    @Test(arguments: [
        ("", "f:1:1: error: the file is empty [empty-file]"),
        ("# nothing\n", "f:1:1: error: the file is empty [empty-file]"),
        ("---\n", "f:2:1: error: the file is empty [empty-file]"),
        ("~", "f:1:1: error: the file is empty [empty-file]"),
        ("text", "f:1:1: error: expected a mapping, found a text [wrong-type]"),
        ("- a", "f:1:1: error: expected a mapping, found a list [wrong-type]"),
        (
            "\u{FEFF}a: 1",
            "f:1:1: error: the file begins with a byte order mark; save it as UTF-8 without one"
                + " [not-text]"
        ),
        (
            "a: 1\nb: \u{0}",
            "f:2:4: error: the character U+0000 is not allowed; remove it, or write it as an"
                + " escape in double quotes [not-text]"
        ),
        (
            "a: 1\r\nb: \u{2028}",
            "f:2:4: error: the character U+2028 is not allowed; remove it, or write it as an"
                + " escape in double quotes [not-text]"
        ),
        (
            "a:\n\tb: 1",
            "f:2:1: error: not YAML: found character that cannot start any token, while scanning"
                + " for the next token; indent with spaces, not with tabs [syntax]"
        ),
        (
            "a: @b",
            "f:1:4: error: not YAML: found character that cannot start any token, while scanning"
                + " for the next token; put the text in quotes [syntax]"
        ),
        (
            "a: b: c",
            "f:1:5: error: not YAML: mapping values are not allowed in this context; put a text"
                + " with ': ' in quotes, or mend the indentation [syntax]"
        ),
        (
            "a: [1,\n",
            "f:2:1: error: not YAML: did not find expected node content, while parsing a flow"
                + " node [syntax]"
        ),
        (
            "a: {\nb: [}\n",
            "f:2:5: error: not YAML: did not find expected node content, while parsing a flow"
                + " node [syntax]"
        ),
    ])
    func `a file that can't be read says why`(text: String, expected: String) {
        #expect(read(text).lines == [expected])
    }

    @Test(arguments: ["*b", "&b [*b]"])
    func `an alias stands for what was anchored before it`(value: String) {
        #expect(read("apiVersion: \(value)").codes.contains(.alias), "\(value)")
    }

    @Test func `octets that are no UTF-8 are refused with their line`() {
        let octets = Array("a: 1\nb: ".utf8) + [0xFF, 0x0A]
        #expect(
            read(octets).lines == [
                "f:2:1: error: the file is not UTF-8 text; save it as UTF-8 [not-text]"
            ])
        #expect(read([0xFF, 0xFE, 0x61, 0x00]).codes == [.notText])
        #expect(read([0xED, 0xA0, 0x80]).codes == [.notText])
    }

    /// Row 243.
    @Test func `a file over 1 MiB is refused`() {
        let comment = "#" + String(repeating: "x", count: SourceText.bytesLimit - 1)
        #expect(read(comment).codes == [.emptyFile])
        #expect(
            read(comment + "x").lines == ["f:1:1: error: the file is larger than 1 MiB [too-large]"]
        )
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `every line end is read, and counted the same`(end: String) {
        let lines = Gateway(rest: "oops: 1\n").text
        let outcome = read(String(lines.map { $0 == "\n" ? Character(end) : $0 }))
        #expect(outcome.lines == ["f:7:1: error: unknown key 'oops' [unknown-key]"])
        #expect(outcome.diagnostics.first?.sourceLine == "oops: 1")
    }

    /// Row 240.
    @Test(arguments: [
        "!!python/object:os.system x", "!!binary aGk=", "!!int 5", "!custom 5", "! 5",
        "!!timestamp 2001-01-01", "!!set {a}",
    ])
    func `tags are refused`(value: String) {
        let outcome = read(Gateway(rest: "log: {level: \(value)}\n").text)
        #expect(outcome.codes.contains(.tag), "\(outcome.lines)")
    }

    @Test func `a tag that says what is there anyway is no harm`() {
        let outcome = read(Gateway(rest: "log: !!map {level: !!str debug}\n").text)
        #expect(outcome.settings?.log.level == .debug, "\(outcome.lines)")
    }

    /// Row 242.
    @Test func `a tag, a merge key and a key that is no text are all reported`() {
        let rest = "log:\n  <<: {level: info}\n  [a]: b\n  level: !!x info\n"
        #expect(
            read(Gateway(rest: rest).text).lines == [
                "f:8:3: error: merge keys are not supported at log; write the keys out [merge-key]",
                "f:9:3: error: a key must be a text at log [wrong-type]",
                "f:10:10: error: the tag 'tag:yaml.org,2002:x' is not supported at log.level;"
                    + " remove it [tag]",
            ])
    }

    /// Row 242.
    @Test func `a second document is refused`() {
        #expect(
            read(Gateway().text + "---\na: 1\n").lines == [
                "f:7:1: error: more than one document; split the file [documents]"
            ])
    }

    @Test func `an alias stands for its anchor`() {
        let rest = "admin: {address: &a '127.0.0.1:1'}\njournal: {path: *a}\n"
        #expect(read(Gateway(rest: rest).text).settings?.journal.path == "127.0.0.1:1")
    }

    /// Nine levels of nine aliases each, in values and in a key.
    ///
    /// Row 236.
    @Test func `an alias bomb is refused`() {
        func bomb(_ width: Int, levels: Int) -> String {
            (1...levels).reduce("a0: &a0 x\n") { text, level in
                let aliases = [String](repeating: "*a\(level - 1)", count: width)
                return text + "a\(level): &a\(level) [\(aliases.joined(separator: ","))]\n"
            }
        }
        #expect(
            read(bomb(9, levels: 9)).lines == [
                "f:3:10: error: more than 100 aliases to follow [alias]"
            ])
        #expect(read(bomb(3, levels: 10)).codes == [.alias])
        #expect(read(bomb(3, levels: 10) + "? *a10\n: x\n").codes == [.alias])
        #expect(read(bomb(2, levels: 16)).codes == [.alias])
    }

    @Test func `stars in comments are no aliases`() {
        let comment = String(repeating: "  # *note *this *too\n", count: 100)
        #expect(read(comment + Gateway().text).settings != nil)
    }

    /// Row 237.
    @Test(arguments: [
        String(repeating: "[", count: 10_000), String(repeating: "- ", count: 10_000),
        String(repeating: "{a: ", count: 10_000), String(repeating: "? ", count: 10_000),
        String(repeating: "[", count: 999) + String(repeating: "]", count: 999),
        (0..<1_000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
    ])
    func `deep nesting is refused`(text: String) {
        #expect(read(text).codes == [.tooDeep], "\(read(text).lines.prefix(3))")
    }

    @Test func `very many values are refused`() {
        let text = "a: [" + String(repeating: "b,", count: 200_000) + "]"
        #expect(read(text).codes == [.tooLarge])
    }

    /// Row 238.
    @Test func `all duplicate keys are found, however they are written`() {
        let rest = "log: {level: info, \"level\": debug, 'level': error}\nlog: {}\nextra: 1\n"
        #expect(
            read(Gateway(rest: rest).text).lines == [
                "f:7:20: error: duplicate key 'level' at log; the first is in line 7"
                    + " [duplicate-key]",
                "f:7:36: error: duplicate key 'level' at log; the first is in line 7"
                    + " [duplicate-key]",
                "f:8:1: error: duplicate key 'log'; the first is in line 7 [duplicate-key]",
                "f:9:1: error: unknown key 'extra' [unknown-key]",
            ])
    }

    /// Cuts and changes the example everywhere; nothing may crash, and each reading must end well.
    @Test func `a damaged file never harms the reader`() throws {
        let example = try shared("design/veer.example.yaml")
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let octets = Array(example.utf8)
        var damaged = lines.indices.map { index in
            var rest = lines
            rest.remove(at: index)
            return Array(rest.joined(separator: "\n").utf8)
        }
        for place in stride(from: 0, to: octets.count, by: 197) {
            damaged.append(Array(octets[..<place]))
            for octet in "\n\t\"'[{}]:-*&!%@#\u{0}".utf8 + [0xFF] {
                var changed = octets
                changed[place] = octet
                damaged.append(changed)
            }
        }
        for octets in damaged {
            let outcome = read(octets, environment: ["HOOK_TOKEN": "x"])
            #expect(outcome.settings == nil)
            #expect(outcome.diagnostics.contains { $0.severity == .error })
            #expect(outcome.diagnostics.allSatisfy { $0.line >= 1 && $0.column >= 1 })
        }
    }
}
