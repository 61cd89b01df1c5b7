extension CESQL {
    /// How tightly an operator binds; prefix operators bind tighter than all of these.
    private enum Precedence: Int, Comparable {
        case logic, comparison, sum, product, isIn, like

        /// The next tighter one.
        var next: Precedence { Precedence(rawValue: rawValue + 1) ?? .like }

        static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    /// Makes a tree of an expression, by precedence climbing.
    ///
    /// Every operator, call and parenthesis is counted, so that ``CESQL/operatorsLimit`` bounds the
    /// depth of the parser and of who walks its tree.
    ///
    /// Spec: CloudEvents SQL §2.1
    struct Parser {
        private(set) var doubts: [Doubt] = []
        private var lexer: Lexer
        private var token: Token
        private var operatorsLeft = CESQL.operatorsLimit
        /// The operator of the AND, OR or XOR before this, in the same parentheses.
        private var lastLogic: Token.Kind?

        init(_ text: [UInt8]) throws(SyntaxFailure) {
            lexer = Lexer(text)
            token = try lexer.next()
        }

        mutating func parse() throws(SyntaxFailure) -> Node {
            let node = try whole()
            guard token.kind == .end else { throw unexpected("an operator or the end") }
            return node
        }

        /// An expression on its own: all of it, in parentheses, or an argument.
        private mutating func whole() throws(SyntaxFailure) -> Node {
            let outer = lastLogic
            lastLogic = nil
            let node = try expression(.logic)
            lastLogic = outer
            return node
        }

        /// An operand and the operators after it that bind at least so tightly.
        private mutating func expression(_ least: Precedence) throws(SyntaxFailure) -> Node {
            var node = try operand()
            while let precedence = precedence(of: token.kind), precedence >= least {
                node = try operation(on: node, precedence)
            }
            return node
        }

        private func precedence(of kind: Token.Kind) -> Precedence? {
            switch kind {
            case .and, .or, .xor: .logic
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: .comparison
            case .plus, .minus: .sum
            case .times, .dividedBy, .modulo: .product
            case .isIn: .isIn
            case .like: .like
            // After an operand only as a part of NOT LIKE and NOT IN.
            case .not: isBeforeLike ? .like : .isIn
            default: nil
            }
        }

        private var isBeforeLike: Bool {
            var lexer = lexer
            return (try? lexer.next())?.kind == .like
        }

        private mutating func operation(
            on left: Node, _ precedence: Precedence
        ) throws(SyntaxFailure) -> Node {
            let sign = token
            try countOperator()
            try advance()
            switch sign.kind {
            case .like: return try like(left)
            case .isIn: return try isIn(left)
            case .not:
                let word = token
                guard word.kind == .like || word.kind == .isIn else {
                    throw unexpected("LIKE or IN")
                }
                try advance()
                return .not(word.kind == .like ? try like(left) : try isIn(left))
            default:
                if precedence == .logic { doubt(mixing: sign) }
                let right = try expression(precedence == .logic ? .logic : precedence.next)
                return node(sign.kind, left, right)
            }
        }

        private func node(_ sign: Token.Kind, _ left: Node, _ right: Node) -> Node {
            switch sign {
            case .and: .logic(.and, left, right)
            case .or: .logic(.or, left, right)
            case .xor: .logic(.xor, left, right)
            case .less: .comparison(.less, left, right)
            case .lessOrEqual: .comparison(.lessOrEqual, left, right)
            case .greater: .comparison(.greater, left, right)
            case .greaterOrEqual: .comparison(.greaterOrEqual, left, right)
            case .plus: .arithmetic(.sum, left, right)
            case .minus: .arithmetic(.difference, left, right)
            case .times: .arithmetic(.product, left, right)
            case .dividedBy: .arithmetic(.quotient, left, right)
            case .modulo: .arithmetic(.remainder, left, right)
            case .notEqual: .not(.equal(left, right))
            default: .equal(left, right)
            }
        }

        private mutating func like(_ operand: Node) throws(SyntaxFailure) -> Node {
            guard case .literal(.string(let pattern)) = token.kind else {
                throw unexpected("a text in quotes")
            }
            try advance()
            return .like(operand, LikePattern(Array(pattern)))
        }

        private mutating func isIn(_ operand: Node) throws(SyntaxFailure) -> Node {
            guard token.kind == .open else { throw unexpected("'('") }
            let start = token.range.lowerBound
            let elements = try list()
            guard !elements.isEmpty else { throw lexer.failure("the set is empty", at: start) }
            return .isIn(operand, elements)
        }

        // MARK: Operands

        private mutating func operand() throws(SyntaxFailure) -> Node {
            let first = token
            try advance()
            switch first.kind {
            case .literal(let value): return .literal(value)
            case .word(let name):
                return token.kind == .open
                    ? try call(name, first) : .attribute(try attributeName(first))
            case .exists:
                let word = token
                try advance()
                return .exists(try attributeName(word))
            case .minus:
                try countOperator()
                return .negate(try operand())
            case .not:
                try countOperator()
                let node = try operand()
                doubt(negating: first)
                return .not(node)
            case .open:
                try countOperator()
                let node = try whole()
                guard token.kind == .close else { throw unexpected("an operator or ')'") }
                try advance()
                return node
            default: throw unexpected("a value", found: first)
            }
        }

        private func attributeName(_ word: Token) throws(SyntaxFailure) -> String {
            guard case .word(let name) = word.kind, !name.utf8.contains(UInt8(ascii: "_")) else {
                throw unexpected("an attribute's name", found: word)
            }
            return name
        }

        private mutating func call(_ name: String, _ word: Token) throws(SyntaxFailure) -> Node {
            try countOperator()
            let arguments = try list()
            guard let function = Function(rawValue: name), function.takes(arguments.count) else {
                let name = name.uppercased()
                throw lexer.failure(
                    Function(rawValue: name.lowercased()) == nil
                        ? "there is no function \(name)"
                        : "\(name) takes another number of arguments",
                    at: word.range.lowerBound, code: .missingFunction)
            }
            return .call(function, arguments)
        }

        /// Expressions in parentheses, with commas between them.
        private mutating func list() throws(SyntaxFailure) -> [Node] {
            try advance()
            var nodes: [Node] = []
            while token.kind != .close {
                if !nodes.isEmpty {
                    guard token.kind == .comma else { throw unexpected("',' or ')'") }
                    try advance()
                }
                nodes.append(try whole())
            }
            try advance()
            return nodes
        }

        private mutating func advance() throws(SyntaxFailure) { token = try lexer.next() }

        private mutating func countOperator() throws(SyntaxFailure) {
            operatorsLeft -= 1
            guard operatorsLeft >= 0 else {
                throw lexer.failure(
                    "more than \(CESQL.operatorsLimit) operators, calls and parentheses",
                    at: token.range.lowerBound)
            }
        }

        private func unexpected(_ expected: String, found token: Token? = nil) -> SyntaxFailure {
            let token = token ?? self.token
            let text = String(decoding: lexer.text[token.range].prefix(40), as: UTF8.self)
            let found = token.kind == .end ? "the end" : text
            return lexer.failure("expected \(expected), found \(found)", at: token.range.lowerBound)
        }

        // MARK: Doubts

        private mutating func doubt(mixing sign: Token) {
            if let lastLogic, lastLogic != sign.kind {
                doubt(
                    sign,
                    "AND, OR and XOR are of one precedence and group from the right;"
                        + " parentheses make it clear")
            }
            lastLogic = sign.kind
        }

        private mutating func doubt(negating sign: Token) {
            guard let precedence = precedence(of: token.kind), precedence > .logic else { return }
            doubt(sign, "NOT binds tighter than the operator after its operand")
        }

        private mutating func doubt(_ sign: Token, _ sentence: String) {
            let failure = lexer.failure(sentence, at: sign.range.lowerBound)
            doubts.append(Doubt(offset: failure.offset, sentence: failure.sentence))
        }
    }
}
