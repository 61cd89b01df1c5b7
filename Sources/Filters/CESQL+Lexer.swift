extension CESQL {
    /// A word or sign of an expression.
    struct Token {
        enum Kind: Equatable {
            /// An attribute's or a function's name, in lower case.
            case word(String)
            case literal(Value)
            case and, or, xor, not, like, exists, isIn
            case plus, minus, times, dividedBy, modulo
            case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
            case open, close, comma
            case end
        }

        let kind: Kind
        /// Where it stands in the expression, in octets.
        let range: Range<Int>
    }

    /// Cuts an expression into tokens.
    ///
    /// Spec: CloudEvents SQL §2.2
    struct Lexer {
        let text: [UInt8]
        private var place = 0

        init(_ text: [UInt8]) { self.text = text }

        mutating func next() throws(SyntaxFailure) -> Token {
            while place < text.count, [0x20, 0x09, 0x0D, 0x0A].contains(text[place]) { place += 1 }
            let start = place
            let kind = try kind()
            return Token(kind: kind, range: start..<place)
        }

        /// A failure at this place, in octets.
        func failure(
            _ sentence: String, at place: Int, code: SyntaxFailure.Code = .parse
        ) -> SyntaxFailure {
            let offset = text[..<place].characters
            return SyntaxFailure(
                code: code, offset: offset, sentence: "\(sentence), at character \(offset + 1)")
        }

        private mutating func kind() throws(SyntaxFailure) -> Token.Kind {
            guard place < text.count else { return .end }
            let octet = text[place]
            let isSign = octet == UInt8(ascii: "-") || octet == UInt8(ascii: "+")
            let next = place + 1 < text.count ? text[place + 1] : 0
            // A sign belongs to the digits after it, whatever stands before it.
            if isSign && next.isDigit { return try integer() }
            if octet.isWordOctet { return try word() }
            if octet == UInt8(ascii: "'") || octet == UInt8(ascii: "\"") {
                return try string(octet)
            }
            let (kind, length) = try sign(octet, next)
            place += length
            return kind
        }

        private func sign(
            _ octet: UInt8, _ next: UInt8
        ) throws(SyntaxFailure) -> (Token.Kind, length: Int) {
            switch (octet, next) {
            case (UInt8(ascii: "<"), UInt8(ascii: "=")): (.lessOrEqual, 2)
            case (UInt8(ascii: "<"), UInt8(ascii: ">")): (.notEqual, 2)
            case (UInt8(ascii: ">"), UInt8(ascii: "=")): (.greaterOrEqual, 2)
            case (UInt8(ascii: "!"), UInt8(ascii: "=")): (.notEqual, 2)
            case (UInt8(ascii: "<"), _): (.less, 1)
            case (UInt8(ascii: ">"), _): (.greater, 1)
            case (UInt8(ascii: "="), _): (.equal, 1)
            case (UInt8(ascii: "+"), _): (.plus, 1)
            case (UInt8(ascii: "-"), _): (.minus, 1)
            case (UInt8(ascii: "*"), _): (.times, 1)
            case (UInt8(ascii: "/"), _): (.dividedBy, 1)
            case (UInt8(ascii: "%"), _): (.modulo, 1)
            case (UInt8(ascii: "("), _): (.open, 1)
            case (UInt8(ascii: ")"), _): (.close, 1)
            case (UInt8(ascii: ","), _): (.comma, 1)
            default: throw failure("a character that means nothing here", at: place)
            }
        }

        private mutating func integer() throws(SyntaxFailure) -> Token.Kind {
            let start = place
            place = text[(start + 1)...].firstIndex { !$0.isDigit } ?? text.count
            guard let value = Int32(digits: text[start..<place]) else {
                throw failure("the number is not in the range of an Integer", at: start)
            }
            return .literal(.integer(value))
        }

        private mutating func word() throws(SyntaxFailure) -> Token.Kind {
            let start = place
            let end = text[start...].firstIndex { !$0.isWordOctet } ?? text.count
            if text[start..<end].allSatisfy(\.isDigit) { return try integer() }
            place = end
            let word = String(decoding: text[start..<end].map(\.lowercased), as: UTF8.self)
            return switch word {
            case "true": .literal(.boolean(true))
            case "false": .literal(.boolean(false))
            case "and": .and
            case "or": .or
            case "xor": .xor
            case "not": .not
            case "like": .like
            case "exists": .exists
            case "in": .isIn
            default: .word(word)
            }
        }

        /// A quote in a text is doubled or stands after a `\`; any other `\` is a character of
        /// the text, so that it reaches the pattern of a LIKE.
        private mutating func string(_ quote: UInt8) throws(SyntaxFailure) -> Token.Kind {
            let start = place
            var value: [UInt8] = []
            place += 1
            while place < text.count {
                let octet = text[place]
                let next = place + 1 < text.count ? text[place + 1] : nil
                place += 1
                if octet == quote {
                    guard next == quote else { return .literal(.string(value[...])) }
                    place += 1
                } else if octet == UInt8(ascii: "\\"), let next {
                    if next != quote { value.append(octet) }
                    value.append(next)
                    place += 1
                    continue
                }
                value.append(octet)
            }
            throw failure("the text that begins here has no end", at: start)
        }
    }
}

extension UInt8 {
    fileprivate var isWordOctet: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
}
