internal import CloudEvents

extension CESQL {
    /// The end of an evaluation that met an error.
    struct Interruption: Error {
        var error: EvaluationError
        /// What the value is all the same, if nothing is around it; else the type's zero value.
        var value: Value?
    }

    /// Computes values for one event.
    ///
    /// Recursive; how deep, ``CESQL/operatorsLimit`` bounds: NOT LIKE is two nodes, the rest one.
    struct Evaluation {
        let event: Event

        func value(of node: Node) throws(Interruption) -> Value {
            switch node {
            case .literal(let value): return value
            case .attribute(let name): return try attribute(name)
            case .exists(let name): return .boolean(event.attribute(name) != nil)
            case .not(let operand): return .boolean(try !boolean(operand))
            case .negate(let operand): return try arithmetic(.difference, 0, integer(operand))
            case .arithmetic(let operation, let left, let right):
                return try arithmetic(operation, integer(left), integer(right))
            case .equal(let left, let right):
                let (left, right) = (try operand(left), try operand(right))
                return .boolean(try cast(left, to: right.kind) == right)
            case .comparison(let comparison, let left, let right):
                return .boolean(compare(comparison, try integer(left), try integer(right)))
            case .logic(let logic, let left, let right):
                return .boolean(try decide(logic, left, right))
            case .like(let operand, let pattern):
                return .boolean(pattern.matches(try string(operand)))
            case .isIn(let operand, let elements):
                return .boolean(try isIn(operand, elements))
            case .call(let function, let arguments): return try call(function, arguments)
            }
        }

        private func attribute(_ name: String) throws(Interruption) -> Value {
            guard let attribute = event.attribute(name) else {
                throw Interruption(error: .missingAttribute(name))
            }
            let text = Value.string(event.octets[attribute.value])
            switch attribute.kind {
            case .string: return text
            case .boolean: return try cast(text, to: .boolean)
            case .integer: return try cast(text, to: .integer)
            }
        }

        private func isIn(_ operand: Node, _ elements: [Node]) throws(Interruption) -> Bool {
            let value = try self.operand(operand)
            for element in elements where try cast(self.operand(element), to: value.kind) == value {
                return true
            }
            return false
        }

        private func compare(_ comparison: Comparison, _ left: Int32, _ right: Int32) -> Bool {
            switch comparison {
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }

        /// An operand that can't matter any more isn't looked at.
        private func decide(
            _ logic: Logic, _ left: Node, _ right: Node
        ) throws(Interruption) -> Bool {
            let value = try boolean(left)
            switch (logic, value) {
            case (.and, false): return false
            case (.or, true): return true
            case (.and, true), (.or, false): return try boolean(right)
            case (.xor, _): return try boolean(right) != value
            }
        }

        private func arithmetic(
            _ operation: Arithmetic, _ left: Int32, _ right: Int32
        ) throws(Interruption) -> Value {
            let result: (partialValue: Int32, overflow: Bool)
            switch operation {
            case .sum: result = left.addingReportingOverflow(right)
            case .difference: result = left.subtractingReportingOverflow(right)
            case .product: result = left.multipliedReportingOverflow(by: right)
            case .quotient, .remainder:
                guard right != 0 else { throw Interruption(error: .divisionByZero) }
                // The least Integer leaves no remainder, but its quotient by -1 has no place.
                if operation == .remainder, right == -1 { return .integer(0) }
                result =
                    operation == .quotient
                    ? left.dividedReportingOverflow(by: right)
                    : left.remainderReportingOverflow(dividingBy: right)
            }
            guard !result.overflow else { throw Interruption(error: .overflow) }
            return .integer(result.partialValue)
        }

        // MARK: Operands

        /// The value of a node inside another: after an error its own value doesn't count.
        func operand(_ node: Node) throws(Interruption) -> Value {
            do throws(Interruption) {
                return try value(of: node)
            } catch {
                throw Interruption(error: error.error)
            }
        }

        func boolean(_ node: Node) throws(Interruption) -> Bool {
            let value = try operand(node)
            do { return try value.boolean() } catch { throw Interruption(error: error) }
        }

        func integer(_ node: Node) throws(Interruption) -> Int32 {
            let value = try operand(node)
            do { return try value.integer() } catch { throw Interruption(error: error) }
        }

        func string(_ node: Node) throws(Interruption) -> ArraySlice<UInt8> {
            try operand(node).string()
        }

        func cast(_ value: Value, to kind: Kind) throws(Interruption) -> Value {
            do { return try value.cast(to: kind) } catch { throw Interruption(error: error) }
        }
    }
}
