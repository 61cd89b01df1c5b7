/// The text of a configuration file, by lines.
struct SourceText {
    static let bytesLimit = 1024 * 1024

    private(set) var scalars: [Unicode.Scalar]
    private let lineStarts: [Int]

    /// Refuses what is too large, no UTF-8, empty, or holds characters that text has no use for.
    ///
    /// Control characters, U+2028 and U+2029 are refused everywhere: parsers disagree on which of
    /// them end a line, and in messages they could forge lines.
    init?(_ bytes: [UInt8], reader: Reader) {
        guard bytes.count <= Self.bytesLimit else {
            reader.error(.tooLarge, at: Place(), "the file is larger than 1 MiB")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
            reader.error(
                .notText, at: Place(line: (line ?? 0) + 1), "the file is not UTF-8 text",
                hint: "save it as UTF-8")
            return nil
        }
        scalars = Array(text.unicodeScalars)
        lineStarts = Self.lineStarts(of: scalars)
        guard scalars.first != "\u{FEFF}" else {
            reader.error(
                .notText, at: Place(), "the file begins with a byte order mark",
                hint: "save it as UTF-8 without one")
            return nil
        }
        let refused = scalars.indices.lazy.filter { [scalars] in scalars[$0].isRefused }.prefix(20)
        for index in refused {
            let code = String(scalars[index].value, radix: 16, uppercase: true)
            let digits = String(repeating: "0", count: max(0, 4 - code.count)) + code
            reader.error(
                .notText, at: place(of: index), "the character U+\(digits) is not allowed",
                hint: "remove it, or write it as an escape in double quotes")
        }
        guard refused.isEmpty else { return nil }
    }

    /// A line without its end, counted from 1.
    func line(_ number: Int) -> String? {
        guard lineStarts.indices.contains(number - 1) else { return nil }
        let end = lineStarts.indices.contains(number) ? lineStarts[number] : scalars.count
        let line = scalars[lineStarts[number - 1]..<end]
        return String(line.prefix { $0 != "\n" && $0 != "\r" })
    }

    /// The index of a place, if it is inside the text.
    func index(line: Int, column: Int) -> Int? {
        guard lineStarts.indices.contains(line - 1), column >= 1 else { return nil }
        let index = lineStarts[line - 1] + column - 1
        return scalars.indices.contains(index) ? index : nil
    }

    /// Puts another character in the place of one; the places of all others stay as they are.
    mutating func replace(_ index: Int, with scalar: Unicode.Scalar) {
        scalars[index] = scalar
    }

    private func place(of index: Int) -> Place {
        let line = lineStarts.lastIndex { $0 <= index } ?? 0
        return Place(line: line + 1, column: index - lineStarts[line] + 1)
    }

    private static func lineStarts(of scalars: [Unicode.Scalar]) -> [Int] {
        var starts = [0]
        for (index, scalar) in scalars.enumerated() {
            let isInsideCRLF =
                scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n"
            if scalar == "\n" || scalar == "\r" && !isInsideCRLF { starts.append(index + 1) }
        }
        return starts
    }
}

extension Unicode.Scalar {
    fileprivate var isRefused: Bool {
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}
