import Filters
import Testing

@testable import Configuration

/// The filters of a route: what they say, what they're shown as, and what is wrong with them.
@Suite struct FilterTests {
    static func text(_ filters: String) -> String {
        Gateway(routes: "routes:\n  - name: r\n    to: [console]\n    filters: \(filters)\n").text
    }

    static let type = [FilterExpression.Attribute("type", "a")]

    static let readings: [(String, FilterExpression?)] = [
        ("[]", nil),
        ("[{exact: {type: a}}]", .all([.exact(type)])),
        ("[{prefix: {type: a}}, {suffix: {type: a}}]", .all([.prefix(type), .suffix(type)])),
        ("[{all: [{any: [{exact: {type: a}}]}]}]", .all([.all([.any([.exact(type)])])])),
        ("[{not: {exact: {type: a}}}]", .all([.not(.exact(type))])),
        ("[{cesql: \"type = 'a'\"}]", .all([.cesql("type = 'a'")])),
        ("[{sql: TRUE}]", .all([.cesql("TRUE")])),
        ("\n      - cesql: >-\n          type =\n          'a'", .all([.cesql("type = 'a'")])),
        ("{type: a, subject: ''}", .attributes(type + [.init("subject", "")])),
        (
            "[{exact: {urgent: true, hops: 3}}]",
            .all([
                .exact([
                    .init("urgent", "true"),
                    .init("hops", "3"),
                ])
            ])
        ),
    ]

    @Test(arguments: readings)
    func `filters are read and shown`(filters: String, expected: FilterExpression?) throws {
        let outcome = read(Self.text(filters))
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings)
        #expect(settings.routes[0].filter?.expression == expected)
        let shown = read(settings.maskedYAML)
        #expect(shown.settings == settings, "\(shown.lines)\n\(settings.maskedYAML)")
    }

    /// Filters that stand in line 9 from column 14 on, and all that is said about them.
    static let mistakes: [(String, [String])] = [
        ("x", ["14: error: expected a list, found a text at routes[0].filters [wrong-type]"]),
        ("{}", ["14: error: no attribute is given at routes[0].filters [invalid-value]"]),
        (
            "{cesql: 'TRUE'}",
            [
                "15: error: 'cesql' belongs in a list of filters at routes[0].filters;"
                    + " write '- cesql: …' [wrong-type]"
            ]
        ),
        (
            "[{prefx: {type: a}}]",
            [
                "16: error: unknown key 'prefx' at routes[0].filters[0]; did you mean 'prefix'?"
                    + " [unknown-key]"
            ]
        ),
        (
            "[{exact: {type: a}, prefix: {type: a}}, {}]",
            [
                "15: error: a filter is exactly one of exact, prefix, suffix, all, any, not, cesql,"
                    + " sql at routes[0].filters[0] [conflict]",
                "54: error: a filter is exactly one of exact, prefix, suffix, all, any, not, cesql,"
                    + " sql at routes[0].filters[1] [conflict]",
            ]
        ),
        (
            "[{exact: {type: ''}}, {any: []}, {not: {suffix: {Type: a}}}]",
            [
                "30: error: the text to compare 'type' with is empty at"
                    + " routes[0].filters[0].exact.type [invalid-value]",
                "42: error: the list is empty at routes[0].filters[1].any; add an item"
                    + " [missing-key]",
                "69: error: an attribute's name is a lower case letter, then such letters and"
                    + " digits at routes[0].filters[2].not.suffix.Type [invalid-value]",
            ]
        ),
        (
            "[{exact: {type: [a]}}, {cesql: }, {exact: a}]",
            [
                "30: error: expected a single value, found a list at"
                    + " routes[0].filters[0].exact.type [wrong-type]",
                "45: error: expected an expression, found nothing at routes[0].filters[1].cesql"
                    + " [wrong-type]",
                "56: error: expected a mapping, found a text at routes[0].filters[2].exact"
                    + " [wrong-type]",
            ]
        ),
        // The place is in the expression where that stands as it's read.
        (
            "[{cesql: \"type = 'a' AND\"}]",
            [
                "38: error: expected a value, found the end, at character 15 at"
                    + " routes[0].filters[0].cesql [invalid-value]"
            ]
        ),
        (
            "[{cesql: type == 1}]",
            [
                "29: error: expected a value, found =, at character 7 at"
                    + " routes[0].filters[0].cesql [invalid-value]"
            ]
        ),
        (
            "[{cesql: \"type\\u0020== 1\"}]",
            [
                "23: error: expected a value, found =, at character 7 at"
                    + " routes[0].filters[0].cesql [invalid-value]"
            ]
        ),
        (
            "[{not: {cesql: SIZE(type) = 1}}]",
            [
                "29: error: there is no function SIZE, at character 1 at"
                    + " routes[0].filters[0].not.cesql [invalid-value]"
            ]
        ),
        (
            "[{cesql: a AND b OR c}]",
            [
                "31: warning: AND, OR and XOR are of one precedence and group from the right;"
                    + " parentheses make it clear, at character 9 at routes[0].filters[0].cesql"
                    + " [ambiguous]"
            ]
        ),
    ]

    @Test(arguments: mistakes)
    func `a mistake in a filter is named with its place`(filters: String, expected: [String]) {
        #expect(read(Self.text(filters)).lines == expected.map { "f:9:\($0)" })
    }

    @Test func `a filter has its limits`() {
        let deep =
            String(repeating: "{not: ", count: 16) + "{cesql: 'TRUE'}"
            + String(repeating: "}", count: 16)
        #expect(
            read(Self.text("[\(deep)]")).lines == [
                "f:9:14: error: filters are nested deeper than 16 at routes[0].filters"
                    + " [invalid-value]"
            ])
    }
}
