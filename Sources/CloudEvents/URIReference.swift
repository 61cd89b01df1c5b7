/// The check of URIs, by their grammar alone; nothing is resolved or normalized.
///
/// Spec: RFC 3986 §4.1
extension Span<UInt8> {
    /// Whether a part of it is known to be a relative reference, because it has nothing but what
    /// most paths consist of.
    ///
    /// Looks at sixteen octets at a time, also at some behind the part, which don't count.
    func isPlainPath(in range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        while let vector = vectorIfPresent(at: offset) {
            let place = vector.pathMarks.firstPlace
            offset &+= place ?? 16
            if offset >= range.upperBound { return true }
            guard place == nil else { return false }
        }
        return false
    }

    /// Whether it is a URI or a relative reference; an empty one is.
    var isURIReference: Bool {
        guard let start = endOfScheme else { return false }
        return isHierarchy(from: start)
    }

    /// Whether it is a URI with a scheme.
    ///
    /// RFC 3986 §4.3 has no fragment in an absolute URI. One is taken all the same, because
    /// schemas are named with it, and refusing the name would lose the event.
    var isAbsoluteURI: Bool {
        guard let start = endOfScheme, start > 0 else { return false }
        return isHierarchy(from: start)
    }

    /// What comes after the scheme's colon: 0 where there is no scheme, and nothing where what
    /// stands before the first colon is neither a scheme nor a path of several segments.
    private var endOfScheme: Int? {
        var offset = 0
        while octetIfPresent(at: offset).isSchemeCharacter { offset &+= 1 }
        if octetIfPresent(at: offset) == UInt8(ascii: ":") {
            return offset > 0 && self[0].isLetter ? offset + 1 : nil
        }
        return hasColonInFirstSegment(from: offset) ? nil : 0
    }

    private func hasColonInFirstSegment(from offset: Int) -> Bool {
        for offset in offset..<count {
            switch self[offset] {
            case UInt8(ascii: ":"): return true
            case let octet where octet.endsAuthority: return false
            default: continue
            }
        }
        return false
    }

    private func isHierarchy(from start: Int) -> Bool {
        guard count - start >= 2, self[start] == UInt8(ascii: "/"),
            self[start + 1] == UInt8(ascii: "/")
        else { return isPath(from: start) }
        var end = start + 2
        while vectorIfPresent(at: end)?.uriMarks.isEmpty == true { end &+= 16 }
        while end < count, self[end].isUnreservedOrDelimiter { end &+= 1 }
        if end == count || self[end].endsAuthority { return isPath(from: end) }
        while end < count, !self[end].endsAuthority { end &+= 1 }
        return isAuthority(start + 2..<end) && isPath(from: end)
    }

    /// Path, query and fragment, which differ in where `?` and `#` may stand.
    private func isPath(from start: Int) -> Bool {
        var isInFragment = false
        var offset = start
        while offset < count {
            switch self[offset] {
            case let octet where octet.isPathCharacter: break
            case .percent where isEscape(at: offset): offset &+= 2
            case UInt8(ascii: "#") where !isInFragment: isInFragment = true
            default: return false
            }
            offset &+= 1
        }
        return true
    }

    /// User information, host and port; not called for a host that is only a name.
    private func isAuthority(_ range: Range<Int>) -> Bool {
        let at = range.last { self[$0] == UInt8(ascii: "@") }
        if let at, !isName(range.lowerBound..<at, allowsColon: true) { return false }
        let host = (at.map { $0 + 1 } ?? range.lowerBound)..<range.upperBound
        if !host.isEmpty, self[host.lowerBound] == UInt8(ascii: "[") {
            guard let end = host.last(where: { self[$0] == UInt8(ascii: "]") }) else {
                return false
            }
            return isAddress(host.lowerBound + 1..<end) && isPort(end + 1..<host.upperBound)
        }
        let colon = host.first { self[$0] == UInt8(ascii: ":") } ?? host.upperBound
        return isName(host.lowerBound..<colon, allowsColon: false)
            && isPort(colon..<host.upperBound)
    }

    /// Nothing, or a colon and digits.
    private func isPort(_ range: Range<Int>) -> Bool {
        range.isEmpty
            || self[range.lowerBound] == UInt8(ascii: ":")
                && range.dropFirst().allSatisfy { self[$0].isDigit }
    }

    /// An IPv6 address or one of a future version, by its characters only.
    private func isAddress(_ range: Range<Int>) -> Bool {
        !range.isEmpty
            && range.allSatisfy { self[$0].isUnreservedOrDelimiter || self[$0] == 0x3A }
    }

    private func isName(_ range: Range<Int>, allowsColon: Bool) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound {
            switch self[offset] {
            case let octet where octet.isUnreservedOrDelimiter: break
            case UInt8(ascii: ":") where allowsColon: break
            case .percent where offset + 2 < range.upperBound && isEscape(at: offset):
                offset += 2
            default: return false
            }
            offset += 1
        }
        return true
    }

    private func isEscape(at offset: Int) -> Bool {
        offset + 2 < count && self[offset + 1].hexDigitValue != nil
            && self[offset + 2].hexDigitValue != nil
    }
}

extension UInt8 {
    @inline(always)
    fileprivate var isSchemeCharacter: Bool {
        // + - . 0-9 and A-Z a-z.
        isMember(of: (0x03FF_6800_0000_0000, 0x07FF_FFFE_07FF_FFFE))
    }

    fileprivate var endsAuthority: Bool {
        self == UInt8(ascii: "/") || self == UInt8(ascii: "?") || self == UInt8(ascii: "#")
    }

    /// `unreserved` and `sub-delims`.
    @inline(always)
    fileprivate var isUnreservedOrDelimiter: Bool {
        // !$&'()*+,-. 0-9 ;= and A-Z _ a-z ~, a bit for each octet.
        isMember(of: (0x2BFF_7FD2_0000_0000, 0x47FF_FFFE_87FF_FFFE))
    }

    /// `pchar` without escapes, and what separates path, segments and query.
    @inline(always)
    fileprivate var isPathCharacter: Bool {
        // As above, and / : ? @.
        isMember(of: (0xAFFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF))
    }

    /// Whether its bit is set, in the first word below 64 and in the second below 128.
    @inline(always)
    private func isMember(of set: (UInt64, UInt64)) -> Bool {
        let word = self < 0x40 ? set.0 : set.1
        return self < 0x80 && word &>> UInt64(self) & 1 == 1
    }
}
