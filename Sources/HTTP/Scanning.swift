/// The comparisons and searches that a decoder makes in the octets of a message.
///
/// The one file of this target that says `unsafe`: it reads several octets at a time, and those of
/// a `StaticString`, which has them only as a pointer. Each read is checked against the bounds.
extension Span<UInt8> {
    // MARK: - Comparisons

    /// Whether the octets in `range` are those of `text`.
    @inline(__always)
    public func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        equals(text, in: range) { $0 }
    }

    /// Whether the octets in `range` are these.
    public func equals(_ octets: [UInt8], in range: Range<Int>) -> Bool {
        let other = octets.span
        let count = other.count
        guard range.count == count else { return false }
        var place = 0
        while place &+ 8 <= count {
            guard word(at: range.lowerBound + place) == other.word(at: place)
            else { return false }
            place &+= 8
        }
        while place < count {
            guard self[range.lowerBound + place] == other[place] else { return false }
            place &+= 1
        }
        return true
    }

    /// Whether the first octets are these, which are some.
    ///
    /// All are looked at, so that the time it takes doesn't tell how many somebody guessed right.
    func begins(with octets: [UInt8]) -> Bool {
        let known = octets.span
        guard !known.isEmpty, count >= known.count else { return false }
        let first = extracting(first: known.count)
        var difference: UInt8 = 0
        for place in known.indices { difference |= first[place] ^ known[place] }
        return difference == 0
    }

    /// Whether the octets in `range` are those of `text` in any case.
    ///
    /// - Parameter text: without upper case letters.
    public func equalsIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
        equals(text, in: range) { word in
            // In each octet the highest bit, where the lower seven are `A` or more, up to `Z`.
            let sevenBits = word & 0x7F7F_7F7F_7F7F_7F7F
            let upperCase =
                (sevenBits &+ 0x3F3F_3F3F_3F3F_3F3F) & ~(sevenBits &+ 0x2525_2525_2525_2525)
                & ~word & 0x8080_8080_8080_8080
            return word | upperCase &>> 2
        }
    }

    /// The same for a field's name, which can't have the octets that would be mistaken for letters,
    /// digits or a hyphen.
    ///
    /// - Parameter name: of lower case letters, digits and hyphens.
    @inline(__always)
    func isName(_ name: StaticString, in range: Range<Int>) -> Bool {
        equals(name, in: range) { $0 | 0x2020_2020_2020_2020 }
    }

    @inline(__always)
    private func equals(
        _ text: StaticString, in range: Range<Int>, _ change: (UInt64) -> UInt64
    ) -> Bool {
        let count = text.utf8CodeUnitCount
        guard range.count == count else { return false }
        var place = 0
        switch count {
        case 8...:
            while true {
                guard change(word(at: range.lowerBound + place)) == text.word(at: place)
                else { return false }
                guard place + 8 < count else { return true }
                // The last may have octets of the one before.
                place = Swift.min(place + 8, count - 8)
            }
        case 4...:
            return change(halves(at: range.lowerBound, range.upperBound - 4))
                == text.halves(at: 0, count - 4)
        default:
            while place < count {
                let octet = change(UInt64(self[range.lowerBound + place]))
                guard UInt8(truncatingIfNeeded: octet) == text.octet(at: place)
                else { return false }
                place += 1
            }
            return true
        }
    }

    /// Four octets at one place and four at another, which may overlap.
    @inline(__always)
    private func halves(at first: Int, _ second: Int) -> UInt64 {
        unsafe UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: first, as: UInt32.self)) << 32
            | UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: second, as: UInt32.self))
    }

    private func word(at place: Int) -> UInt64 {
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
    }

    /// Whether two hosts are the same but for the case.
    func isSameHost(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
        guard first.count == second.count else { return false }
        for (one, other) in zip(first, second) {
            guard self[one].lowercased == self[other].lowercased else { return false }
        }
        return true
    }

    // MARK: - Searches

    /// The first place from `start` on whose octet can't be in a field value: the line's end, where
    /// all is well.
    @inline(__always)
    func endOfFieldContent(from start: Int) -> Int {
        end(from: start, skipping: { .!$0.controls }, isMember: { $0.isFieldContent })
    }

    /// The first place from `start` on whose octet can't be in a method or a field's name.
    @inline(__always)
    func endOfToken(from start: Int) -> Int {
        end(from: start, skipping: { $0.alphanumericsAndHyphens }, isMember: { $0.isToken })
    }

    /// The first place from `start` on whose octet can't be in a request target.
    func endOfTarget(from start: Int) -> Int {
        end(from: start, skipping: { $0.alphanumericsAndHyphens }, isMember: { $0.isTarget })
    }

    /// A place from `start` on up to which everything is what most paths consist of.
    @inline(__always)
    func endOfPlainPath(from start: Int) -> Int {
        end(
            from: start, skipping: { $0.alphanumericsAndHyphens .| $0.octets(equalTo: .slash) },
            isMember: { _ in false })
    }

    /// The first place from `start` on whose octet can't be in a host's name.
    @inline(__always)
    func endOfHostName(from start: Int) -> Int {
        end(
            from: start, skipping: { $0.alphanumericsAndHyphens .| $0.octets(equalTo: .dot) },
            isMember: { $0.isHostName })
    }

    /// The first place from `start` on whose octet is no member of a class.
    ///
    /// - Parameter members: finds most members of the class, sixteen at a time.
    @inline(__always)
    private func end(
        from start: Int, skipping members: (SixteenOctets) -> OctetSet,
        isMember: (UInt8) -> Bool
    ) -> Int {
        var place = start
        while place < count {
            if let octets = sixteenIfPresent(at: place) {
                let found = (.!members(octets)).firstPlace
                place &+= found
                if found == 16 { continue }
            }
            guard isMember(self[place]) else { break }
            place &+= 1
        }
        return place
    }

    /// The first place of an octet within `range`, or its end.
    func firstPlace(of octet: UInt8, in range: Range<Int>) -> Int {
        var place = range.lowerBound
        while place < range.upperBound {
            if let octets = sixteenIfPresent(at: place) {
                place += octets.octets(equalTo: octet).firstPlace
            } else {
                guard self[place] != octet else { break }
                place += 1
            }
            if place < range.upperBound, self[place] == octet { return place }
        }
        return Swift.min(place, range.upperBound)
    }

    @inline(__always)
    private func sixteenIfPresent(at place: Int) -> SixteenOctets? {
        guard UInt(bitPattern: place) < UInt(bitPattern: Swift.max(count &- 15, 0))
        else { return nil }
        return unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: place, as: SixteenOctets.self)
    }

    /// Calls `body` for each member of a comma-separated list, also for those that are empty.
    ///
    /// Spec: RFC 9110 §5.6.1
    func forEachListMember(of list: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = list.lowerBound
        while start <= list.upperBound {
            let end = firstPlace(of: .comma, in: start..<list.upperBound)
            var member = start..<end
            while let first = member.first, self[first].isBlank { member.removeFirst() }
            while let last = member.last, self[last].isBlank { member.removeLast() }
            body(member)
            start = end + 1
        }
    }
}

extension OctetSet {
    /// Where the first member is; 16 where there's none.
    @inline(__always)
    fileprivate var firstPlace: Int {
        let words = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        if words[0] != 0 { return words[0].littleEndian.trailingZeroBitCount &>> 3 }
        return 8 &+ words[1].littleEndian.trailingZeroBitCount &>> 3
    }
}

extension UInt8 {
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension StaticString {
    @inline(__always)
    func octet(at place: Int) -> UInt8 {
        precondition(0..<utf8CodeUnitCount ~= place)
        return unsafe utf8Start[place]
    }

    @inline(__always)
    fileprivate func halves(at first: Int, _ second: Int) -> UInt64 {
        precondition(0...utf8CodeUnitCount - 4 ~= first && 0...utf8CodeUnitCount - 4 ~= second)
        let octets = unsafe UnsafeRawPointer(utf8Start)
        return unsafe UInt64((octets + first).loadUnaligned(as: UInt32.self)) << 32
            | UInt64((octets + second).loadUnaligned(as: UInt32.self))
    }

    @inline(__always)
    fileprivate func word(at place: Int) -> UInt64 {
        precondition(0...utf8CodeUnitCount - 8 ~= place)
        return unsafe UnsafeRawPointer(utf8Start + place).loadUnaligned(as: UInt64.self)
    }
}

extension [UInt8] {
    mutating func append(_ octets: Span<UInt8>) {
        unsafe octets.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
