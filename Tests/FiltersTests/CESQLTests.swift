import CloudEvents
import Testing

@testable import Filters

/// What the compatibility kit leaves open.
@Suite struct CESQLTests {
    static let sample = event(
        ["subject": "Zürich", "number": "0012", "least": "-2147483648"],
        booleans: ["urgent": true], integers: ["hops": 3])

    /// An expression, the value it comes to as a text, and its error.
    static let values: [(String, String, String?)] = [
        // Precedence, from the grammar.
        ("FALSE AND TRUE OR TRUE", "false", nil),
        ("(FALSE AND TRUE) OR TRUE", "true", nil),
        ("TRUE XOR TRUE AND FALSE", "true", nil),
        ("NOT hops = 4", "false", nil),
        ("NOT (hops = 4)", "true", nil),
        ("1 < 2 = TRUE", "true", nil),
        ("8 - 2 - 1", "5", nil),
        ("8 / 2 * 4", "16", nil),
        ("1 + 2 * 3 = 7 AND 2 IN (1, 2)", "true", nil),
        ("- 2 + 5", "3", nil),
        ("4 + -1", "3", nil),
        ("+5", "5", nil),
        ("NOT NOT TRUE", "true", nil),
        // Casts.
        ("number = 12", "true", nil),
        ("12 = number", "false", nil),
        ("hops = '3'", "true", nil),
        ("urgent = 'true'", "true", nil),
        ("urgent = 1", "true", nil),
        ("subject = 1", "false", "cast"),
        ("subject <> 1", "false", "cast"),
        ("subject AND TRUE", "false", "cast"),
        ("'2147483648' + 0", "0", "cast"),
        ("'' + 1", "0", "cast"),
        ("'-' + 1", "0", "cast"),
        ("NOT 10", "false", nil),
        // Errors and what is around them.
        ("missing", "false", "missing_attribute"),
        ("missing OR TRUE", "false", "missing_attribute"),
        ("TRUE OR missing", "true", nil),
        ("FALSE AND missing", "false", nil),
        ("LENGTH(missing)", "0", "missing_attribute"),
        ("CONCAT('a', missing)", "", "missing_attribute"),
        ("CONCAT(LEFT('abc', -1))", "", "function_evaluation"),
        ("1 IN (missing, 1)", "false", "missing_attribute"),
        ("1 IN (1, missing)", "true", nil),
        ("missing IN (1)", "false", "missing_attribute"),
        ("1 NOT IN ('x')", "false", "cast"),
        ("missing NOT LIKE 'x'", "false", "missing_attribute"),
        // Arithmetic at the ends of its range.
        ("2147483647 + 1", "0", "math"),
        ("-2147483648 - 1", "0", "math"),
        ("least / -1", "0", "math"),
        ("least % -1", "0", nil),
        ("-least", "0", "math"),
        ("65536 * 65536", "0", "math"),
        ("-7 / 2", "-3", nil),
        ("-7 % 2", "-1", nil),
        ("7 % -2", "1", nil),
        // Characters are not octets.
        ("LENGTH(subject)", "6", nil),
        ("LEFT(subject, 2)", "Zü", nil),
        ("RIGHT(subject, 5)", "ürich", nil),
        ("RIGHT(subject, 0)", "", nil),
        ("SUBSTRING(subject, 2, 1)", "ü", nil),
        ("SUBSTRING(subject, -5)", "ürich", nil),
        ("SUBSTRING(subject, 1, 0)", "", nil),
        ("SUBSTRING(subject, 1, -1)", "", "function_evaluation"),
        ("UPPER(subject)", "ZÜRICH", nil),
        ("LOWER('ZÜRICH')", "zürich", nil),
        ("TRIM(' \t\u{A0}\u{2003} ü \u{2003}')", "ü", nil),
        ("TRIM('  ')", "", nil),
        ("subject LIKE 'Z_rich'", "true", nil),
        ("subject LIKE 'Z__rich'", "false", nil),
        ("subject LIKE '%_rich'", "true", nil),
        ("subject LIKE '______'", "true", nil),
        ("subject LIKE '%'", "true", nil),
        ("subject LIKE ''", "false", nil),
        ("'' LIKE '%'", "true", nil),
        ("'aab' LIKE '%ab'", "true", nil),
        ("'abcabd' LIKE '%ab_'", "true", nil),
        ("'a\\b' LIKE 'a\\b'", "true", nil),
        ("'%' LIKE '\\%'", "true", nil),
        ("'x' LIKE '\\%'", "false", nil),
        // Words and texts.
        ("'it''s'", "it's", nil),
        ("\"say \"\"x\"\"\"", "say \"x\"", nil),
        ("'it\\'s'", "it's", nil),
        ("'a\\nb'", "a\\nb", nil),
        ("''", "", nil),
        ("SUBJECT", "Zürich", nil),
        ("concat_WS ( '-' , 1 , TRUE )", "1-true", nil),
        ("\tTRUE\r\n", "true", nil),
    ]

    @Test(arguments: values)
    func `an expression comes to a value`(text: String, value: String, error: String?) throws {
        let outcome = try CESQL(text).evaluate(Self.sample)
        #expect(outcome.value.description == value)
        #expect(outcome.error?.code == error)
    }

    /// A text that is no expression, where that was found and what is said.
    static let mistakes: [(String, Int, String)] = [
        ("", 0, "expected a value, found the end, at character 1"),
        ("4 -1", 2, "expected an operator or the end, found -1, at character 3"),
        ("4-1", 1, "expected an operator or the end, found -1, at character 2"),
        ("'ü' = = 1", 6, "expected a value, found =, at character 7"),
        ("(1", 2, "expected an operator or ')', found the end, at character 3"),
        ("1)", 1, "expected an operator or the end, found ), at character 2"),
        ("1 IN ()", 5, "the set is empty, at character 6"),
        ("1 IN 1", 5, "expected '(', found 1, at character 6"),
        ("1 IN (1 2)", 8, "expected ',' or ')', found 2, at character 9"),
        ("1 IN (1,)", 8, "expected a value, found ), at character 9"),
        ("type LIKE subject", 10, "expected a text in quotes, found subject, at character 11"),
        ("type NOT = 1", 9, "expected LIKE or IN, found =, at character 10"),
        ("EXISTS 'a'", 7, "expected an attribute's name, found 'a', at character 8"),
        ("an_attribute", 0, "expected an attribute's name, found an_attribute, at character 1"),
        ("type = 'x", 7, "the text that begins here has no end, at character 8"),
        ("'x\\", 0, "the text that begins here has no end, at character 1"),
        ("type == 1", 6, "expected a value, found =, at character 7"),
        ("type ! 1", 5, "a character that means nothing here, at character 6"),
        ("type = ü", 7, "a character that means nothing here, at character 8"),
        ("2147483648", 0, "the number is not in the range of an Integer, at character 1"),
        ("SIZE(type)", 0, "there is no function SIZE, at character 1"),
        ("TRUE OR LEFT('a')", 8, "LEFT takes another number of arguments, at character 9"),
    ]

    @Test(arguments: mistakes)
    func `a text that is no expression is told where`(
        text: String, offset: Int, sentence: String
    ) {
        let failure = #expect(throws: CESQL.SyntaxFailure.self) { try CESQL(text) }
        #expect(failure?.offset == offset)
        #expect(failure?.sentence == sentence)
    }

    @Test(arguments: [
        ("a = 1 AND b = 2 OR c = 3", [16]),
        ("a = 1 AND (b = 2 OR c = 3)", []),
        ("a AND b AND c", []),
        ("a XOR b AND c OR d", [8, 14]),
        ("a IN (b AND c, d OR e) AND f", []),
        ("NOT a = 1", [0]),
        ("NOT a LIKE 'x' AND NOT b IN (1)", [0, 19]),
        ("NOT (a = 1) AND NOT EXISTS b", []),
    ])
    func `what may be misread is doubted`(text: String, offsets: [Int]) throws {
        #expect(try CESQL(text).doubts.map(\.offset).sorted() == offsets)
    }

    /// Whatever makes an expression deep, it's refused before anything is as deep as that.
    @Test(arguments: [
        ("(", "1", ")"), ("NOT ", "TRUE", ""), ("- ", "x", ""), ("ABS(", "1", ")"),
        ("", "1", " + 1"), ("", "1", " AND 1"), ("", "x", " LIKE 'a'"), ("1 IN (", "1", ")"),
    ])
    func `nesting has its limit`(before: String, middle: String, after: String) throws {
        func text(_ count: Int) -> String {
            String(repeating: before, count: count) + middle
                + String(repeating: after, count: count)
        }
        _ = try CESQL(text(256)).evaluate(Self.sample)
        #expect(throws: CESQL.SyntaxFailure.self) { try CESQL(text(257)) }
    }

    @Test func `length has its limit`() throws {
        let blanks = String(repeating: " ", count: CESQL.bytesLimit - 4)
        #expect(try CESQL("TRUE" + blanks).matches(Self.sample))
        #expect(throws: CESQL.SyntaxFailure.self) { try CESQL("TRUE " + blanks) }
    }

    @Test func `a pattern that could be matched in many ways doesn't take long`() throws {
        let long = event(["subject": String(repeating: "a", count: 4_000)])
        let pattern = String(repeating: "%a", count: 1_000)
        #expect(try CESQL("subject LIKE '\(pattern)'").matches(long))
        #expect(try !CESQL("subject LIKE '\(pattern)b'").matches(long))
    }
}
