/// A pattern of the LIKE operator.
///
/// Spec: CloudEvents SQL §3.4.3
struct LikePattern: Sendable, Equatable {
    private enum Element: Equatable {
        case octet(UInt8)
        /// `_`, one character.
        case one
        /// `%`, any number of characters.
        case many
    }

    private let elements: [Element]

    /// - Parameter text: where `\` makes a literal of the `%` or `_` after it, and is one itself
    ///   before anything else.
    init(_ text: [UInt8]) {
        var elements: [Element] = []
        var isEscaped = false
        for octet in text {
            switch octet {
            case UInt8(ascii: "%"), UInt8(ascii: "_"):
                let isMany = octet == UInt8(ascii: "%")
                if isEscaped { elements.removeLast() }
                elements.append(isEscaped ? .octet(octet) : isMany ? .many : .one)
                isEscaped = false
            default:
                elements.append(.octet(octet))
                isEscaped = octet == UInt8(ascii: "\\")
            }
        }
        self.elements = elements
    }

    /// Whether all of the text is as the pattern says.
    ///
    /// Goes back to the last `%` only, which is enough: what came before it matched at the
    /// earliest place. So it takes at most as many steps as text and pattern multiplied.
    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        var (place, element) = (text.startIndex, 0)
        var retry: (place: Int, element: Int)?
        while place < text.endIndex {
            if element < elements.count, elements[element] == .many {
                element += 1
                retry = (place, element)
            } else if element < elements.count,
                let next = end(of: elements[element], at: place, in: text)
            {
                place = next
                element += 1
            } else if let last = retry {
                retry = (last.place + 1, last.element)
                (place, element) = (last.place + 1, last.element)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .many }
    }

    /// Where the text goes on if it has this element here.
    private func end(of element: Element, at place: Int, in text: ArraySlice<UInt8>) -> Int? {
        switch element {
        case .octet(let octet): return text[place] == octet ? place + 1 : nil
        case .one:
            guard text[place].isCharacterStart else { return nil }
            return text[(place + 1)...].firstIndex(where: \.isCharacterStart) ?? text.endIndex
        case .many: return place
        }
    }
}
