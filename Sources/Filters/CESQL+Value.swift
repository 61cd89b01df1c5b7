extension CESQL {
    /// The types of values; attributes of all other types are Strings.
    ///
    /// Spec: CloudEvents SQL §3.1
    public enum Kind: String, Sendable {
        /// `true` or `false`.
        case boolean = "Boolean"
        /// A number of 32 bits.
        case integer = "Integer"
        /// A text.
        case string = "String"

        /// What stands for a value where there is none.
        var zero: Value {
            switch self {
            case .boolean: .boolean(false)
            case .integer: .integer(0)
            case .string: .string([])
            }
        }
    }

    /// A value; a String is a part of the event or the expression where nothing had to be made.
    public enum Value: Equatable, Sendable, CustomStringConvertible {
        /// `true` or `false`.
        case boolean(Bool)
        /// A number of 32 bits.
        case integer(Int32)
        /// A text in UTF-8.
        case string(ArraySlice<UInt8>)

        /// The value's type.
        public var kind: Kind {
            switch self {
            case .boolean: .boolean
            case .integer: .integer
            case .string: .string
            }
        }

        /// The value as a text.
        public var description: String {
            switch self {
            case .boolean(let value): "\(value)"
            case .integer(let value): "\(value)"
            case .string(let text): String(decoding: text, as: UTF8.self)
            }
        }
    }

    /// Why an expression has no proper value for an event.
    ///
    /// Spec: CloudEvents SQL §3.3
    public enum EvaluationError: Error, Equatable, Sendable {
        /// The event has no attribute of this name.
        case missingAttribute(String)
        /// The text is no value of this type.
        case cast(ArraySlice<UInt8>, to: Kind)
        /// The right operand of `/` or `%` is zero.
        case divisionByZero
        /// The result isn't in the range of Integers.
        case overflow
        /// An argument isn't in the range that this function takes.
        case argument(of: String)

        /// A stable word for machines, from the specification's.
        public var code: String {
            switch self {
            case .missingAttribute: "missing_attribute"
            case .cast: "cast"
            case .divisionByZero, .overflow: "math"
            case .argument: "function_evaluation"
            }
        }

        /// What went wrong, without a full stop.
        public var sentence: String {
            switch self {
            case .missingAttribute(let name): "the event has no attribute '\(name)'"
            case .cast(let text, let kind):
                "'\(String(decoding: text, as: UTF8.self))' is no \(kind.rawValue)"
            case .divisionByZero: "division by zero"
            case .overflow: "the result is not in the range of an Integer"
            case .argument(let function): "an argument of \(function) is out of range"
            }
        }
    }
}

/// Casts.
///
/// Spec: CloudEvents SQL §3.7
extension CESQL.Value {
    func cast(to kind: CESQL.Kind) throws(CESQL.EvaluationError) -> Self {
        switch kind {
        case .boolean: .boolean(try boolean())
        case .integer: .integer(try integer())
        case .string: .string(string())
        }
    }

    func boolean() throws(CESQL.EvaluationError) -> Bool {
        switch self {
        case .boolean(let value): return value
        case .integer(let value): return value != 0
        case .string(let text):
            if text.isWord("true") { return true }
            guard text.isWord("false") else { throw .cast(text, to: .boolean) }
            return false
        }
    }

    func integer() throws(CESQL.EvaluationError) -> Int32 {
        switch self {
        case .boolean(let value): return value ? 1 : 0
        case .integer(let value): return value
        case .string(let text):
            guard let value = Int32(digits: text) else { throw .cast(text, to: .integer) }
            return value
        }
    }

    func string() -> ArraySlice<UInt8> {
        switch self {
        case .boolean(let value): Self.words[value ? 1 : 0]
        case .integer(let value): ArraySlice("\(value)".utf8)
        case .string(let text): text
        }
    }

    private static let words = [ArraySlice("false".utf8), ArraySlice("true".utf8)]
}

extension Int32 {
    /// Reads digits with a sign or without.
    init?(digits text: ArraySlice<UInt8>) {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        guard !digits.isEmpty else { return nil }
        var value: Int32 = 0
        for octet in digits {
            guard octet.isDigit else { return nil }
            let digit = Int32(octet - 0x30)
            let (tens, isTooLong) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) =
                isNegative
                ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            guard !isTooLong, !isTooLarge else { return nil }
            value = sum
        }
        self = value
    }
}
