public import CloudEvents

/// An expression in the CloudEvents SQL Expression Language, parsed once.
///
/// It computes a value of an event's attributes, and perhaps an error. Evaluation stops at the
/// first error; then each operator and function around it has the zero value of its type.
///
/// Two things in which the texts leave a choice, or contradict each other: AND, OR and XOR are
/// of one precedence and group from the right, as in the published grammar, and so in Knative;
/// and arithmetic that leaves the range of Integers is a math error, never another number.
///
/// Spec: CloudEvents SQL §2
public struct CESQL: Sendable {
    /// The most octets of an expression.
    public static let bytesLimit = 8 * 1024
    /// The most operators, function calls and parentheses; none can be nested deeper.
    public static let operatorsLimit = 256

    /// Why a text is no expression; or why it calls a function that doesn't exist.
    public struct SyntaxFailure: Error, Equatable, Sendable {
        /// The kind of mistake, in the specification's words.
        public enum Code: String, Sendable {
            /// The text isn't in the grammar, or is larger than allowed.
            case parse
            /// No function has that name and takes so many arguments.
            case missingFunction = "missing_function"
        }

        /// The kind of mistake.
        public var code: Code
        /// Where it was found, in Unicode scalars from the expression's begin.
        public var offset: Int
        /// What is wrong and where, without a full stop.
        public var sentence: String
    }

    /// Something that may mean another thing than its author thinks.
    public struct Doubt: Equatable, Sendable {
        /// Where it is, in Unicode scalars from the expression's begin.
        public var offset: Int
        /// What it means, without a full stop.
        public var sentence: String
    }

    /// What an expression came to.
    public struct Outcome: Equatable, Sendable {
        /// Always there: the type's zero value after most errors.
        public var value: Value
        /// What went wrong first.
        public var error: EvaluationError?

        /// Whether, as a filter, the expression lets the event pass.
        public var isMatch: Bool { error == nil && value == .boolean(true) }
    }

    /// What deserves a second look.
    public let doubts: [Doubt]
    private let root: Node

    /// Parses an expression.
    ///
    /// - Parameter text: at most ``bytesLimit`` octets in UTF-8.
    public init(_ text: String) throws(SyntaxFailure) {
        guard text.utf8.count <= Self.bytesLimit else {
            throw SyntaxFailure(
                code: .parse, offset: 0,
                sentence: "the expression is longer than \(Self.bytesLimit) octets")
        }
        var parser = try Parser(Array(text.utf8))
        root = try parser.parse()
        doubts = parser.doubts
    }

    /// Computes the value for an event.
    ///
    /// Allocates nothing but the texts that functions and casts make.
    public func evaluate(_ event: Event) -> Outcome {
        do throws(Interruption) {
            return Outcome(value: try Evaluation(event: event).value(of: root))
        } catch {
            return Outcome(value: error.value ?? root.kind.zero, error: error.error)
        }
    }

    /// Whether, as a filter, the expression lets the event pass: it's `true`, without an error.
    public func matches(_ event: Event) -> Bool { evaluate(event).isMatch }
}
