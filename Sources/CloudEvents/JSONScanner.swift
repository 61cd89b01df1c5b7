/// Walks over a JSON text and checks its grammar, value by value; builds nothing.
///
/// Spec: RFC 8259 §2. It keeps no stack but a bit for each open array or object, so a text can't
/// make it use memory, and takes time in proportion to the text's length. Numbers aren't read,
/// only their spelling is checked; names that occur twice are allowed here.
struct JSONScanner {
    /// How deep arrays and objects may nest; as many as the stack has bits.
    static let depthLimit = UInt128.bitWidth

    /// The next octet to look at.
    var offset = 0

    /// The next octet, or 0 at the end, which has no place in JSON's grammar.
    @inline(always)
    func next(in json: Span<UInt8>) -> UInt8 { json.octetIfPresent(at: offset) }

    /// Passes over blanks and tells what comes after them.
    @inline(always)
    mutating func nextAfterBlanks(in json: Span<UInt8>) -> UInt8 {
        let octet = next(in: json)
        guard octet <= 0x20 else { return octet }
        skipBlanks(in: json)
        return next(in: json)
    }

    private mutating func skipBlanks(in json: Span<UInt8>) {
        while offset < json.count {
            switch json[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset &+= 1
            default: return
            }
        }
    }

    /// Passes over blanks and one octet that must come after them.
    @inline(always)
    mutating func expect(_ octet: UInt8, in json: Span<UInt8>) throws(EventFailure.Code) {
        guard nextAfterBlanks(in: json) == octet else { throw .jsonMalformed }
        offset &+= 1
    }

    /// As ``expect(_:in:)``, but tells whether the octet came, and stays where it is if not.
    @inline(always)
    mutating func accepts(_ octet: UInt8, in json: Span<UInt8>) -> Bool {
        guard nextAfterBlanks(in: json) == octet else { return false }
        offset &+= 1
        return true
    }

    /// Blanks, and then nothing.
    mutating func expectEnd(of json: Span<UInt8>) throws(EventFailure.Code) {
        skipBlanks(in: json)
        guard offset == json.count else { throw .jsonMalformed }
    }

    /// Passes over one value with all that is in it.
    mutating func skipValue(in json: Span<UInt8>) throws(EventFailure.Code) {
        var open = Containers()
        var first = nextAfterBlanks(in: json)
        while true {
            var isOpened = false
            switch first {
            case .quote:
                offset = json.endOfPlain(from: offset &+ 1)
                try skipEndOfString(in: json)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                offset &+= 1
                isOpened = !accepts(first.closing, in: json)
                if isOpened { try open.push(isObject: first == UInt8(ascii: "{")) }
            default: try skipScalar(beginning: first, in: json)
            }
            if !isOpened {
                // The value may be the last of what it is in, and that the last of its own.
                while open.depth > 0, !accepts(UInt8(ascii: ","), in: json) {
                    try expect(open.closing, in: json)
                    open.pop()
                }
                guard open.depth > 0 else { return }
            }
            first = nextAfterBlanks(in: json)
            guard open.isObject else { continue }
            guard first == .quote else { throw .jsonMalformed }
            first = try skipName(in: json)
        }
    }

    /// Passes over a name up to its value, and tells what that begins with.
    ///
    /// The next octet is the name's first quote.
    @inline(always)
    private mutating func skipName(in json: Span<UInt8>) throws(EventFailure.Code) -> UInt8 {
        offset = json.endOfPlain(from: offset &+ 1)
        return try skipEndOfName(in: json)
    }

    /// Passes over a name's last quote or rest, the colon and blanks, and tells what comes then.
    @inline(always)
    mutating func skipEndOfName(in json: Span<UInt8>) throws(EventFailure.Code) -> UInt8 {
        if let first = json.octet(after: "\":", at: offset) {
            offset &+= 2
            return first > 0x20 ? first : nextAfterBlanks(in: json)
        }
        try skipEndOfString(in: json)
        try expect(UInt8(ascii: ":"), in: json)
        return nextAfterBlanks(in: json)
    }

    /// Passes over a literal or number, whose first octet this is.
    private mutating func skipScalar(
        beginning octet: UInt8, in json: Span<UInt8>
    ) throws(EventFailure.Code) {
        switch octet {
        case UInt8(ascii: "t"): try skipLiteral("true", in: json)
        case UInt8(ascii: "f"): try skipLiteral("false", in: json)
        case UInt8(ascii: "n"): try skipLiteral("null", in: json)
        default: try skipNumber(in: json)
        }
    }

    /// Passes over `true`, `false` or `null`.
    @inline(always)
    mutating func skipLiteral(
        _ literal: StaticString, in json: Span<UInt8>
    ) throws(EventFailure.Code) {
        let bytes = literal.utf8CodeUnitCount
        guard bytes <= json.count - offset,
            json.word(at: offset, count: bytes) == UInt64(ascii: literal)
        else { throw .jsonMalformed }
        offset += bytes
    }

    private struct Containers {
        private(set) var depth = 0
        private var objects: UInt128 = 0

        var isObject: Bool { objects & 1 == 1 }

        /// What ends the one that was opened last.
        var closing: UInt8 { isObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }

        mutating func push(isObject: Bool) throws(EventFailure.Code) {
            guard depth < JSONScanner.depthLimit else { throw .jsonTooDeep }
            depth &+= 1
            objects = objects &<< 1 | (isObject ? 1 : 0)
        }

        mutating func pop() {
            depth &-= 1
            objects = objects &>> 1
        }
    }
}

// Strings and numbers.
extension JSONScanner {
    /// Passes over a string's last quote, or over its rest.
    @inline(always)
    private mutating func skipEndOfString(in json: Span<UInt8>) throws(EventFailure.Code) {
        guard next(in: json) == .quote else { return try skipRestOfString(in: json) }
        offset &+= 1
    }

    /// Passes over a string from somewhere in its middle.
    private mutating func skipRestOfString(in json: Span<UInt8>) throws(EventFailure.Code) {
        while offset < json.count {
            switch json[offset] {
            case .quote:
                offset += 1
                return
            case .backslash: try skipEscape(in: json)
            case ..<0x20: throw .jsonMalformed
            case 0x80...:
                guard let scalar = json.scalar(at: offset) else { throw .jsonMalformed }
                offset += UTF8.width(scalar)
            default: offset = json.endOfPlain(from: offset)
            }
        }
        throw .jsonMalformed
    }

    /// Surrogates aren't looked at: in `data` they pass through as they came, as all does.
    private mutating func skipEscape(in json: Span<UInt8>) throws(EventFailure.Code) {
        offset += 1
        switch next(in: json) {
        case .quote, .backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
        case UInt8(ascii: "u"):
            guard json.hexNumber(at: offset + 1) != nil else { throw .jsonMalformed }
            offset += 5
        default: throw .jsonMalformed
        }
    }

    /// Passes over a number; the next octet is its minus sign or first digit.
    mutating func skipNumber(in json: Span<UInt8>) throws(EventFailure.Code) {
        if next(in: json) == UInt8(ascii: "-") { offset += 1 }
        if next(in: json) == UInt8(ascii: "0") {
            offset += 1
        } else {
            try skipDigits(in: json)
        }
        if next(in: json) == UInt8(ascii: ".") {
            offset += 1
            try skipDigits(in: json)
        }
        if next(in: json) | 0x20 == UInt8(ascii: "e") {
            offset += 1
            let sign = next(in: json)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
            try skipDigits(in: json)
        }
    }

    private mutating func skipDigits(in json: Span<UInt8>) throws(EventFailure.Code) {
        let start = offset
        var end = start
        while json.octetIfPresent(at: end).isDigit { end &+= 1 }
        guard end > start else { throw .jsonMalformed }
        offset = end
    }
}

extension Span<UInt8> {
    /// The first octet from `offset` on that ends a string or needs a closer look, or the end.
    @inline(always)
    func endOfPlain(from offset: Int) -> Int {
        var offset = offset
        while let vector = vectorIfPresent(at: offset) {
            if let place = vector.jsonMarks.firstPlace { return offset &+ place }
            offset &+= 16
            // What is longer than that is often much longer.
            while areNext64Plain(at: offset) { offset &+= 64 }
        }
        // Most texts end so soon after their last string that only octets before it fill a vector.
        if offset < count, let last = vectorIfPresent(at: count &- 16) {
            let start = count &- 16
            return start &+ (last.jsonMarks.firstPlace(from: offset &- start) ?? 16)
        }
        while offset < count, !self[offset].isJSONMark { offset &+= 1 }
        return offset
    }

    /// Whether 64 octets are left of which none ends a string or needs a closer look.
    @inline(always)
    private func areNext64Plain(at offset: Int) -> Bool {
        guard let first = vectorIfPresent(at: offset),
            let second = vectorIfPresent(at: offset &+ 16),
            let third = vectorIfPresent(at: offset &+ 32),
            let fourth = vectorIfPresent(at: offset &+ 48)
        else { return false }
        return (first.jsonMarks .| second.jsonMarks .| third.jsonMarks .| fourth.jsonMarks).isEmpty
    }

    /// The number that four hex digits make.
    func hexNumber(at offset: Int) -> UInt16? {
        guard offset + 4 <= count else { return nil }
        var number: UInt16 = 0
        for place in offset..<offset + 4 {
            guard let value = self[place].hexDigitValue else { return nil }
            number = number << 4 | UInt16(value)
        }
        return number
    }

    /// Whether it is one JSON text in UTF-8, no deeper than the limit.
    public var isJSON: Bool {
        var scanner = JSONScanner()
        do throws(EventFailure.Code) {
            try scanner.skipValue(in: self)
            try scanner.expectEnd(of: self)
            return true
        } catch {
            return false
        }
    }
}

extension UInt8 {
    /// What ends an object or array that begins with this octet.
    fileprivate var closing: UInt8 { self + 2 }

    /// As `SIMD16.jsonMarks`, for one octet.
    fileprivate var isJSONMark: Bool {
        self < 0x20 || self >= 0x80 || self == .quote || self == .backslash
    }
}
