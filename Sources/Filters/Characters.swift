// Texts in UTF-8. A character is a Unicode scalar.

extension UInt8 {
    var isDigit: Bool { self &- 0x30 <= 9 }
    var isLetter: Bool { (self | 0x20) &- 0x61 <= 25 }
    var lowercased: UInt8 { self &- 0x41 <= 25 ? self | 0x20 : self }
    /// Whether a character begins here.
    var isCharacterStart: Bool { self & 0xC0 != 0x80 }
}

extension ArraySlice<UInt8> {
    /// Whether this is an ASCII word in letters of either case.
    ///
    /// - Parameter word: in lower case.
    func isWord(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount
            && word.description.utf8.elementsEqual(lazy.map(\.lowercased))
    }

    /// How many characters there are.
    var characters: Int { reduce(0) { $0 + ($1.isCharacterStart ? 1 : 0) } }

    /// Where a character begins, counted from 0; the end if there are no more than so many.
    func index(ofCharacter number: Int) -> Int {
        var left = number
        return firstIndex { octet in
            guard octet.isCharacterStart else { return false }
            left -= 1
            return left < 0
        } ?? endIndex
    }

    /// Without white space at both ends, as Unicode has it.
    var trimmed: Self {
        let scalars = String(decoding: self, as: UTF8.self).unicodeScalars
        let start = scalars.prefix { $0.properties.isWhitespace }
        guard start.endIndex < scalars.endIndex else { return [] }
        let end = scalars.reversed().prefix { $0.properties.isWhitespace }
        let startBytes = start.reduce(0) { $0 + UTF8.width($1) }
        let endBytes = end.reduce(0) { $0 + UTF8.width($1) }
        return dropFirst(startBytes).dropLast(endBytes)
    }

    /// With another spelling of its letters.
    func mapped(_ change: (String) -> String) -> Self {
        ArraySlice(change(String(decoding: self, as: UTF8.self)).utf8)
    }
}
