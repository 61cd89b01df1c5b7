public import CloudEvents

/// Says of each event whether it's wanted.
///
/// A filter is made once and can then be asked by any thread; asking allocates nothing, but for
/// what a CESQL expression's functions make. An attribute that isn't there matches no text.
public struct Filter: Sendable, Equatable {
    /// How deep expressions may be nested in each other.
    public static let depthLimit = 16
    /// How many expressions and attributes a filter may have in all.
    public static let nodesLimit = 256

    /// What the filter was made of.
    public let expression: FilterExpression
    /// What deserves a second look; of CESQL expressions, in the order they stand in.
    public let doubts: [CESQL.Doubt]
    private let test: Test

    /// Checks an expression.
    ///
    /// - Throws: the first thing in it that isn't allowed.
    public init(_ expression: FilterExpression) throws(FilterFailure) {
        var compiler = Compiler()
        self.expression = expression
        test = try compiler.test(expression, depth: 1)
        doubts = compiler.doubts
    }

    /// Whether the event is wanted.
    public func matches(_ event: Event) -> Bool { test.matches(event) }

    /// Whether two filters were made of the same expression.
    public static func == (one: Filter, other: Filter) -> Bool {
        one.expression == other.expression
    }
}

/// Why an expression is no filter.
public struct FilterFailure: Error, Equatable, Sendable {
    /// What is wrong, without a full stop.
    public var sentence: String
    /// Where in a CESQL expression, in Unicode scalars from its begin; else nothing.
    public var offset: Int?
}

/// An expression that was checked.
private indirect enum Test: Sendable {
    case attribute(Comparison, name: String, value: [UInt8])
    case all([Test])
    case any([Test])
    case not(Test)
    case cesql(CESQL)

    enum Comparison {
        case exact, prefix, suffix
        /// As `exact`, but only a String.
        case string
        /// There and not empty.
        case present
    }

    /// Recursive, but no deeper than ``Filter/depthLimit``.
    func matches(_ event: Event) -> Bool {
        switch self {
        case .attribute(let comparison, let name, let value):
            guard let attribute = event.attribute(name) else { return false }
            let text = event.octets.span.extracting(attribute.value)
            return switch comparison {
            case .exact: text.count == value.count && text.begins(with: value)
            case .prefix: text.begins(with: value)
            case .suffix: text.extracting(last: value.count).begins(with: value)
            case .string:
                attribute.kind == .string && text.count == value.count && text.begins(with: value)
            case .present: !text.isEmpty
            }
        case .all(let tests): return tests.allSatisfy { $0.matches(event) }
        case .any(let tests): return tests.contains { $0.matches(event) }
        case .not(let test): return !test.matches(event)
        case .cesql(let expression): return expression.matches(event)
        }
    }
}

extension Span<UInt8> {
    fileprivate func begins(with prefix: [UInt8]) -> Bool {
        guard count >= prefix.count else { return false }
        for place in prefix.indices where self[place] != prefix[place] { return false }
        return true
    }
}

private struct Compiler {
    var doubts: [CESQL.Doubt] = []
    private var nodesLeft = Filter.nodesLimit

    mutating func test(
        _ expression: FilterExpression, depth: Int
    ) throws(FilterFailure) -> Test {
        guard depth <= Filter.depthLimit else {
            throw FilterFailure(sentence: "filters are nested deeper than \(Filter.depthLimit)")
        }
        try countNode()
        switch expression {
        case .exact(let attributes): return try tests(.exact, attributes)
        case .prefix(let attributes): return try tests(.prefix, attributes)
        case .suffix(let attributes): return try tests(.suffix, attributes)
        case .attributes(let attributes): return try tests(.string, attributes)
        case .all(let parts): return .all(try tests(parts, depth))
        case .any(let parts): return .any(try tests(parts, depth))
        case .not(let part): return .not(try test(part, depth: depth + 1))
        case .cesql(let text):
            do throws(CESQL.SyntaxFailure) {
                let expression = try CESQL(text)
                doubts += expression.doubts
                return .cesql(expression)
            } catch {
                throw FilterFailure(sentence: error.sentence, offset: error.offset)
            }
        }
    }

    private mutating func tests(
        _ expressions: [FilterExpression], _ depth: Int
    ) throws(FilterFailure) -> [Test] {
        guard !expressions.isEmpty else { throw FilterFailure(sentence: "no filter is given") }
        var tests: [Test] = []
        for expression in expressions {
            tests.append(try test(expression, depth: depth + 1))
        }
        return tests
    }

    private mutating func tests(
        _ comparison: Test.Comparison, _ attributes: [FilterExpression.Attribute]
    ) throws(FilterFailure) -> Test {
        var tests: [Test] = []
        for attribute in attributes {
            try countNode()
            tests.append(try test(comparison, attribute))
        }
        guard let first = tests.first else {
            throw FilterFailure(sentence: "no attribute is given")
        }
        return tests.count == 1 ? first : .all(tests)
    }

    private func test(
        _ comparison: Test.Comparison, _ attribute: FilterExpression.Attribute
    ) throws(FilterFailure) -> Test {
        let (name, value) = (attribute.name, attribute.value)
        guard name.utf8.first.map({ 0x61...0x7A ~= $0 }) == true,
            name.utf8.allSatisfy({ 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 })
        else {
            throw FilterFailure(
                sentence: "an attribute's name is a lower case letter, then such letters and digits"
            )
        }
        guard value.isEmpty else {
            return .attribute(comparison, name: name, value: Array(value.utf8))
        }
        guard comparison == .string else {
            throw FilterFailure(sentence: "the text to compare '\(name)' with is empty")
        }
        return .attribute(.present, name: name, value: [])
    }

    private mutating func countNode() throws(FilterFailure) {
        nodesLeft -= 1
        guard nodesLeft >= 0 else {
            throw FilterFailure(
                sentence: "a filter has more than \(Filter.nodesLimit) expressions and attributes")
        }
    }
}
