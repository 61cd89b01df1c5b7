import Foundation
import Testing

/// Holds the tests to the catalogue of bad input: each of its rows is named by a test of it.
@Suite struct CatalogueTests {
    static let rows = 1...251

    /// Rows of which nothing here has what they are about.
    static let reasons = [
        175: "No password is hashed slowly: guesses cost what good ones cost (docs/DESIGN.md, 30).",
        216: "No sink's address is made of an event.",
    ]

    @Test func `each row of the catalogue is named by a test, or isn't about Veer`() throws {
        var named: Set<Int> = []
        for file in try TidyTests.tests.get() where !file.path.hasSuffix("/CatalogueTests.swift") {
            let text = file.lines.joined(separator: "\n")
            named.formUnion(Self.rows(in: text))
            if let form = Self.tables[file.path] { named.formUnion(try Self.numbers(form, text)) }
        }
        let missing = Self.rows.filter { !named.contains($0) && Self.reasons[$0] == nil }
        #expect(missing.isEmpty)
        #expect(Self.reasons.keys.filter(named.contains).isEmpty)
        #expect(named.isSubset(of: Set(Self.rows)))
    }

    /// The faults on the way to sinks and around them.
    @Test func `each fault of a delivery is named by a test`() throws {
        var named: Set<Int> = []
        for file in try TidyTests.tests.get() where !file.path.hasSuffix("/CatalogueTests.swift") {
            for line in file.lines {
                for match in line.matches(of: /(?:func `F|def test_f)(\d+)[ _]/) {
                    named.formUnion([match.1].compactMap { Int($0) })
                }
            }
        }
        #expect((26...45).filter { !named.contains($0) } == [])
    }

    @Test(
        arguments: [
            ("Row 7.", [7]), ("rows 1, 2 and 4-6", [1, 2, 4, 5, 6]),
            ("Rows 225 to 227:", [225, 226, 227]),
            ("def test_rows_119_and_123_a_handshake", [119, 123]), ("test_row_91_who_takes", [91]),
            ("arrow 3", []), ("the row", []), ("Rows 126-128 and 131 a", [126, 127, 128, 131]),
        ] as [(String, Set<Int>)])
    func `rows are found however they are written`(text: String, numbers: Set<Int>) {
        #expect(Self.rows(in: text) == numbers)
    }

    /// Where rows stand in tables, and what stands before and after a number there.
    static let tables = [
        "Tests/EndToEnd/test_corpus.py": #"(?:^|[ ({,])(\d+)(?:: "|, (?:f?"|head|HEAD))"#,
        "Tests/EndToEnd/test_http2_abuse.py": #"\((\d+), ""#,
        "Tests/HTTP2Tests/MalformedTests.swift": #"\("(\d+) - |, (\d+)\)"#,
    ]

    private static func numbers(_ form: String, _ text: String) throws -> Set<Int> {
        let form = try Regex(form).anchorsMatchLineEndings()
        return Set(
            text.matches(of: form).flatMap { match in
                match.output.dropFirst().compactMap { $0.substring.flatMap { Int($0) } }
            }.filter(rows.contains))
    }

    /// `Row 7`, `rows 1, 2 and 4-6`, `Rows 225 to 227`, `test_rows_119_and_123_…`.
    private static func rows(in text: String) -> Set<Int> {
        let form = /(?:\b|_)[Rr]ows?[ _](\d+(?:(?:, | and |_and_| to |-)\d+)*)/
        var found: Set<Int> = []
        for match in text.matches(of: form) {
            var last: Int?
            var isRange = false
            for part in match.1.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "_" }) {
                guard part != "and", part != "to" else {
                    isRange = part == "to"
                    continue
                }
                let ends = part.split(separator: "-").compactMap { Int($0) }
                guard let first = ends.first, let end = ends.last, first <= end else { continue }
                found.formUnion((isRange ? last ?? first : first)...end)
                (last, isRange) = (end, false)
            }
        }
        return found
    }
}
