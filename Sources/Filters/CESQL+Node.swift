extension CESQL {
    /// A part of an expression: a value, or an operator or function with its operands.
    indirect enum Node: Sendable {
        case literal(Value)
        case attribute(String)
        case exists(String)
        case not(Node)
        case negate(Node)
        case arithmetic(Arithmetic, Node, Node)
        case equal(Node, Node)
        case comparison(Comparison, Node, Node)
        case logic(Logic, Node, Node)
        case like(Node, LikePattern)
        case isIn(Node, [Node])
        case call(Function, [Node])

        /// The type of its value; a missing attribute's is Boolean.
        var kind: Kind {
            switch self {
            case .literal(let value): value.kind
            case .negate, .arithmetic: .integer
            case .call(let function, _): function.kind
            case .attribute, .exists, .not, .equal, .comparison, .logic, .like, .isIn: .boolean
            }
        }
    }

    /// `+`, `-`, `*`, `/` and `%`.
    enum Arithmetic: Sendable {
        case sum, difference, product, quotient, remainder
    }

    /// `<`, `<=`, `>` and `>=`.
    enum Comparison: Sendable {
        case less, lessOrEqual, greater, greaterOrEqual
    }

    /// AND, OR and XOR.
    enum Logic: Sendable {
        case and, or, xor
    }

    /// The functions, by their names in lower case.
    ///
    /// Spec: CloudEvents SQL §3.5
    enum Function: String, Sendable {
        case length, concat, lower, upper, trim, left, right, substring, abs
        case concatWithSeparator = "concat_ws"
        case int, bool, string

        /// Whether it can be called with so many arguments.
        func takes(_ count: Int) -> Bool {
            switch self {
            case .length, .lower, .upper, .trim, .abs, .int, .bool, .string: count == 1
            case .left, .right: count == 2
            case .substring: 2...3 ~= count
            case .concat: true
            case .concatWithSeparator: count >= 1
            }
        }

        /// The type of its value.
        var kind: Kind {
            switch self {
            case .length, .abs, .int: .integer
            case .bool: .boolean
            case .concat, .concatWithSeparator, .lower, .upper, .trim, .left, .right, .substring,
                .string:
                .string
            }
        }
    }
}
