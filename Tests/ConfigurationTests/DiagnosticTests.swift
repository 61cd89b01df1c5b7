import Testing

@testable import Configuration

@Suite struct DiagnosticTests {
    private let diagnostic = Diagnostic(
        severity: .error, code: .unknownKey, file: "config.yaml", line: 14, column: 7,
        path: "sinks[0]", sentence: "unknown key 'insecureSsl'",
        hint: "did you mean 'insecureSSL'?", sourceLine: "\t    - insecureSsl: true")

    @Test func `a diagnostic is one line`() {
        #expect(
            diagnostic.description
                == "config.yaml:14:7: error: unknown key 'insecureSsl' at sinks[0];"
                + " did you mean 'insecureSSL'? [unknown-key]")
    }

    @Test func `its place is shown by a caret`() {
        #expect(
            diagnostic.detailedDescription == """
                \(diagnostic.description)
                    \t    - insecureSsl: true
                    \t     ^
                """)
    }

    @Test func `of a long line only the neighbourhood is shown`() {
        var diagnostic = diagnostic
        diagnostic.sourceLine = String(repeating: "a", count: 200) + "X" + "b"
        diagnostic.column = 201
        let lines = diagnostic.detailedDescription.split(separator: "\n")
        #expect(lines[1] == "    " + String(repeating: "a", count: 60) + "Xb")
        #expect(lines[2] == "    " + String(repeating: " ", count: 60) + "^")
    }

    @Test func `without a line there is no caret`() {
        var diagnostic = diagnostic
        diagnostic.sourceLine = nil
        #expect(diagnostic.detailedDescription == diagnostic.description)
    }

    @Test func `a text from outside can't forge lines`() {
        let outcome = read(Gateway(rest: "\"a\\nb\\u202e\\x1b[31m\": 1\n").text)
        #expect(
            outcome.lines == [
                "f:7:1: error: unknown key 'a\\u{a}b\\u{202e}\\u{1b}[31m' [unknown-key]"
            ])
        #expect(quoted(String(repeating: "x", count: 70)).count == 63)
    }

    @Test func `columns count characters, not bytes`() {
        let outcome = read(Gateway(rest: "log: {level: info, 'äöü€😀': 1, zzzz: 1}\n").text)
        #expect(outcome.diagnostics.map(\.column) == [20, 32])
    }

    @Test func `a hundred mistakes are shown and the rest is counted`() {
        let rest = (0..<130).map { "zz\($0): 1\n" }.joined()
        let outcome = read(Gateway(rest: rest).text)
        #expect(outcome.diagnostics.count == Settings.diagnosticsLimit + 1)
        #expect(outcome.lines.last == "f:106:1: error: 30 more mistakes are not shown [too-many]")
    }

    @Test(arguments: [
        ("adress", "address"), ("headerbytes", "headerBytes"), ("lable", "label"),
        ("warn", "warning"), ("timout", "timeout"), ("ot", "to"),
        ("x", nil), ("completely", nil), ("", nil),
    ])
    func `a slip is recognised, a guess is not made`(word: String, expected: String?) {
        let candidates = ["address", "headerBytes", "label", "warning", "timeout", "to"]
        let hint = suggestion(for: word, among: candidates)
        #expect(hint == expected.map { "did you mean '\($0)'?" })
    }

    @Test func `a failure prints all its lines`() {
        let failure = ConfigurationFailure(
            diagnostics: [diagnostic, diagnostic], isRouterConfig: false)
        #expect(failure.description == "\(diagnostic)\n\(diagnostic)")
    }

    @Test func `codes are words with hyphens`() {
        for code in Diagnostic.Code.allCases {
            #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
        }
    }
}
