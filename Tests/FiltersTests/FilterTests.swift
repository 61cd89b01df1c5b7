import CloudEvents
import Testing

@testable import Filters

@Suite struct FilterTests {
    static let sample = event(
        ["subject": "vm-1", "empty": "", "tenant": "blü"], booleans: ["urgent": true],
        integers: ["hops": -3])

    /// An attribute and a text, and how many of exact, prefix, suffix and a Trigger's map match.
    static let comparisons: [(String, String, [Bool])] = [
        ("type", "com.example.made", [true, true, true, true]),
        ("type", "com.example", [false, true, false, false]),
        ("type", "com.example.made.more", [false, false, false, false]),
        ("type", "made", [false, false, true, false]),
        ("type", "Made", [false, false, false, false]),
        ("type", "example", [false, false, false, false]),
        ("subject", "vm-1", [true, true, true, true]),
        ("subject", "vm-2", [false, false, false, false]),
        ("tenant", "blü", [true, true, true, true]),
        ("tenant", "ü", [false, false, true, false]),
        ("urgent", "true", [true, true, true, false]),
        ("urgent", "TRUE", [false, false, false, false]),
        ("hops", "-3", [true, true, true, false]),
        ("hops", "-", [false, true, false, false]),
        ("empty", "x", [false, false, false, false]),
        ("missing", "x", [false, false, false, false]),
    ]

    @Test(arguments: comparisons)
    func `an attribute's canonical string is compared`(
        name: String, value: String, expected: [Bool]
    ) throws {
        let attributes = [FilterExpression.Attribute(name, value)]
        let expressions: [FilterExpression] = [
            .exact(attributes), .prefix(attributes), .suffix(attributes), .attributes(attributes),
        ]
        let found = try expressions.map { try Filter($0).matches(Self.sample) }
        #expect(found == expected)
        let inverted = try expressions.map { try Filter(.not($0)).matches(Self.sample) }
        #expect(inverted == expected.map { !$0 })
    }

    @Test(arguments: [
        ("subject", true), ("urgent", true), ("empty", false), ("missing", false),
    ])
    func `an empty text in a Trigger's map wants any value`(name: String, expected: Bool) throws {
        let filter = try Filter(.attributes([.init(name, "")]))
        #expect(filter.matches(Self.sample) == expected)
    }

    static let yes = FilterExpression.exact([.init("subject", "vm-1")])
    static let no = FilterExpression.exact([.init("subject", "vm-2")])

    static let compositions: [(FilterExpression, Bool)] = [
        (.all([yes, yes]), true), (.all([yes, no]), false), (.all([no]), false),
        (.any([no, yes]), true), (.any([no, no]), false), (.not(no), true), (.not(yes), false),
        (.not(.any([no, .not(yes)])), true), (.all([.any([no, yes]), .not(no)]), true),
        (.exact([.init("subject", "vm-1"), .init("type", "other")]), false),
        (.prefix([.init("subject", "vm"), .init("type", "com.")]), true),
        (.suffix([.init("subject", "-1"), .init("missing", "x")]), false),
        (.cesql("type LIKE 'com.%' AND EXISTS subject"), true),
        (.cesql("urgent"), true), (.cesql("hops"), false), (.cesql("'true'"), false),
        (.cesql("missing"), false), (.cesql("NOT missing"), false),
        (.not(.cesql("missing = 1")), true),
    ]

    @Test(arguments: compositions)
    func `filters are put together`(expression: FilterExpression, expected: Bool) throws {
        #expect(try Filter(expression).matches(Self.sample) == expected)
    }

    static let mistakes: [(FilterExpression, String)] = [
        (.exact([]), "no attribute is given"),
        (.all([]), "no filter is given"),
        (.any([]), "no filter is given"),
        (.not(.any([yes, .all([])])), "no filter is given"),
        (.exact([.init("type", "")]), "the text to compare 'type' with is empty"),
        (
            .prefix([.init("Type", "x")]),
            "an attribute's name is a lower case letter, then such letters and digits"
        ),
        (
            .attributes([.init("1st", "x")]),
            "an attribute's name is a lower case letter, then such letters and digits"
        ),
        (
            .suffix([.init("", "x")]),
            "an attribute's name is a lower case letter, then such letters and digits"
        ),
        (.cesql("type ="), "expected a value, found the end, at character 7"),
        (.not(.cesql("")), "expected a value, found the end, at character 1"),
    ]

    @Test(arguments: mistakes)
    func `an expression with a mistake is no filter`(
        expression: FilterExpression, sentence: String
    ) {
        let failure = #expect(throws: FilterFailure.self) { try Filter(expression) }
        #expect(failure?.sentence == sentence)
    }

    @Test func `depth and size have their limits`() throws {
        func nested(_ depth: Int) -> FilterExpression {
            (1..<depth).reduce(Self.yes) { inner, _ in .not(inner) }
        }
        #expect(try Filter(nested(16)).matches(Self.sample) == false)
        #expect(throws: FilterFailure.self) { try Filter(nested(17)) }

        // The list is one, and each of its items two.
        func wide(_ count: Int) -> FilterExpression {
            .any([FilterExpression](repeating: Self.no, count: count))
        }
        #expect(try Filter(wide(127)).matches(Self.sample) == false)
        #expect(throws: FilterFailure.self) { try Filter(wide(128)) }
    }
}
