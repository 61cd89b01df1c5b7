/// The functions.
///
/// Spec: CloudEvents SQL §3.5
extension CESQL.Evaluation {
    /// - Precondition: the function takes so many arguments.
    func call(
        _ function: CESQL.Function, _ arguments: [CESQL.Node]
    ) throws(CESQL.Interruption) -> CESQL.Value {
        switch function {
        case .length: return .integer(Int32(clamping: try string(arguments[0]).characters))
        case .concat: return .string(try joined(arguments[...], separator: []))
        case .concatWithSeparator:
            return .string(try joined(arguments.dropFirst(), separator: string(arguments[0])))
        case .lower: return .string(try string(arguments[0]).mapped { $0.lowercased() })
        case .upper: return .string(try string(arguments[0]).mapped { $0.uppercased() })
        case .trim: return .string(try string(arguments[0]).trimmed)
        case .left: return try left(string(arguments[0]), integer(arguments[1]))
        case .right: return try right(string(arguments[0]), integer(arguments[1]))
        case .substring:
            return try substring(
                string(arguments[0]), integer(arguments[1]),
                arguments.count > 2 ? integer(arguments[2]) : nil)
        case .abs: return try absolute(integer(arguments[0]))
        case .int, .bool, .string: return try cast(operand(arguments[0]), to: function.kind)
        }
    }

    private func joined(
        _ parts: ArraySlice<CESQL.Node>, separator: ArraySlice<UInt8>
    ) throws(CESQL.Interruption) -> ArraySlice<UInt8> {
        var text: ArraySlice<UInt8> = []
        for (number, part) in parts.enumerated() {
            if number > 0 { text += separator }
            text += try string(part)
        }
        return text
    }

    private func left(
        _ text: ArraySlice<UInt8>, _ count: Int32
    ) throws(CESQL.Interruption) -> CESQL.Value {
        guard count >= 0 else { throw outOfRange(.left, .string(text)) }
        return .string(text[..<text.index(ofCharacter: Int(count))])
    }

    private func right(
        _ text: ArraySlice<UInt8>, _ count: Int32
    ) throws(CESQL.Interruption) -> CESQL.Value {
        guard count >= 0 else { throw outOfRange(.right, .string(text)) }
        return .string(text[text.index(ofCharacter: max(0, text.characters - Int(count)))...])
    }

    /// - Parameter position: from 1, or from the end if it's negative; at 0 there is nothing.
    private func substring(
        _ text: ArraySlice<UInt8>, _ position: Int32, _ length: Int32?
    ) throws(CESQL.Interruption) -> CESQL.Value {
        let count = text.characters
        guard -count...count ~= Int(position), length.map({ $0 >= 0 }) ?? true else {
            throw outOfRange(.substring, .string([]))
        }
        guard position != 0 else { return .string([]) }
        let start = position > 0 ? Int(position) - 1 : count + Int(position)
        let rest = text[text.index(ofCharacter: start)...]
        return .string(length.map { rest[..<rest.index(ofCharacter: Int($0))] } ?? rest)
    }

    private func absolute(_ value: Int32) throws(CESQL.Interruption) -> CESQL.Value {
        guard value != .min else {
            throw CESQL.Interruption(error: .overflow, value: .integer(.max))
        }
        return .integer(abs(value))
    }

    private func outOfRange(
        _ function: CESQL.Function, _ value: CESQL.Value
    ) -> CESQL.Interruption {
        CESQL.Interruption(error: .argument(of: function.rawValue.uppercased()), value: value)
    }
}
