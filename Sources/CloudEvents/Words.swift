// Eight or sixteen octets at a time, and copies from span to span. This is the target's only file
// that says `unsafe`, for what 6.3's spans offer in no other way: a load and a store that needn't
// be aligned, a copy from one span to another, seeing a vector as two words, and the octets of a
// literal. All that touches memory checks its bounds first.

extension Span<UInt8> {
    /// The eight octets from `offset` on, the first in the lowest place.
    @inline(always)
    func word(at offset: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// As ``word(at:)``, or nothing where fewer than eight octets are left.
    @inline(always)
    func wordIfPresent(at offset: Int) -> UInt64? {
        guard UInt(bitPattern: offset) < count.wordPlaces else { return nil }
        return unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The sixteen octets from `offset` on, or nothing where fewer are left.
    @inline(always)
    func vectorIfPresent(at offset: Int) -> SIMD16<Int8>? {
        guard UInt(bitPattern: offset) < count.vectorPlaces else { return nil }
        return unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: SIMD16<Int8>.self)
    }

    /// The octet in this place, or 0 where there is none.
    @inline(always)
    func octetIfPresent(at offset: Int) -> UInt8 {
        guard UInt(bitPattern: offset) < UInt(bitPattern: count) else { return 0 }
        return unsafe self[unchecked: offset]
    }

    /// As ``word(at:)`` of 0 to 8 octets, with zeros in the places that are left.
    @inline(always)
    func word(at offset: Int, count: Int) -> UInt64 {
        guard let word = wordIfPresent(at: offset) else {
            return shortWord(at: offset, count: count)
        }
        return word & .mask(count)
    }

    /// What comes after a literal of at most seven octets, if that stands in this place, in which
    /// a word can stand.
    @inline(always)
    func octet(after literal: StaticString, at offset: Int) -> UInt8? {
        guard let word = wordIfPresent(at: offset),
            word & .mask(literal.utf8CodeUnitCount) == UInt64(ascii: literal)
        else { return nil }
        return UInt8(truncatingIfNeeded: word &>> UInt64(8 &* literal.utf8CodeUnitCount))
    }

    /// As ``word(at:)``, with letters in lower case; some controls become punctuation.
    @inline(always)
    func foldedWord(at offset: Int) -> UInt64 { word(at: offset) | .folding }

    /// Whether it is this literal of at most eight octets, with letters in either case.
    ///
    /// Folding takes some controls for punctuation; no field value or media type has controls.
    @inline(always)
    func equals(_ lowercase: StaticString) -> Bool {
        count == lowercase.utf8CodeUnitCount
            && word(at: 0, count: count) | .folding & .mask(count) == UInt64(ascii: lowercase)
    }

    /// As ``word(at:count:)``, octet by octet.
    func shortWord(at offset: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for place in stride(from: count &- 1, through: 0, by: -1) {
            word = word << 8 | UInt64(self[offset &+ place])
        }
        return word
    }
}

extension MutableSpan<UInt8> {
    /// Replaces the octets of a number from `offset` on, the first by its lowest place.
    @inline(always)
    mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, at offset: Int
    ) {
        precondition(UInt(bitPattern: offset) < count.wordPlaces)
        var bytes = unsafe mutableBytes
        unsafe bytes.storeBytes(
            of: number.littleEndian, toUncheckedByteOffset: offset, as: Number.self)
    }

    /// Replaces the sixteen octets from `offset` on.
    @inline(always)
    mutating func store(_ vector: SIMD16<Int8>, at offset: Int) {
        precondition(UInt(bitPattern: offset) < count.vectorPlaces)
        var bytes = unsafe mutableBytes
        unsafe bytes.storeBytes(
            of: vector, toUncheckedByteOffset: offset, as: SIMD16<Int8>.self)
    }

    /// Replaces octets from `offset` on by those of `source`.
    mutating func store(_ source: Span<UInt8>, at offset: Int) {
        let target = offset..<offset + source.count
        unsafe source.withUnsafeBytes { source in
            unsafe withUnsafeMutableBytes {
                unsafe UnsafeMutableRawBufferPointer(rebasing: $0[target]).copyMemory(
                    from: source)
            }
        }
    }
}

extension [UInt8] {
    /// Appends all octets of a span.
    mutating func append(_ source: Span<UInt8>) {
        unsafe source.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension UInt64 {
    /// Whether one of the eight octets is 0.
    var holdsZeroOctet: Bool {
        (self &- 0x0101_0101_0101_0101) & ~self & 0x8080_8080_8080_8080 != 0
    }

    /// The octets of a literal of at most eight, the first in the lowest place.
    @inline(always)
    init(ascii text: StaticString) {
        precondition(text.utf8CodeUnitCount <= 8)
        self = 0
        for place in 0..<text.utf8CodeUnitCount {
            unsafe self |= UInt64(text.utf8Start[place]) &<< (8 &* UInt64(place))
        }
    }

    /// The same octet in all eight places.
    @inline(always)
    init(repeating octet: UInt8) { self = UInt64(octet) &* 0x0101_0101_0101_0101 }

    /// The bit that makes a letter a lower case letter, in all eight places.
    @inline(always)
    static var folding: UInt64 { UInt64(repeating: 0x20) }

    /// All bits of the lowest 0 to 8 octets.
    @inline(always)
    static func mask(_ count: Int) -> UInt64 { count == 0 ? 0 : ~0 &>> UInt64(64 &- 8 &* count) }
}

extension SIMDMask<SIMD16<Int8>> {
    /// A word for each eight octets, all bits of an octet set where the mask is.
    @inline(always)
    private var words: SIMD2<UInt64> { unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self) }

    @inline(always)
    var isEmpty: Bool { words[0] | words[1] == 0 }

    /// The place of the first octet that is set, of those from `start` on, which is 0 to 15.
    @inline(always)
    func firstPlace(from start: Int) -> Int? {
        let first = UInt128(UInt64(littleEndian: words[0]))
        let set = UInt128(UInt64(littleEndian: words[1])) &<< 64 | first
        let left = set &>> UInt128(8 &* start)
        return left == 0 ? nil : start &+ left.trailingZeroBitCount &>> 3
    }

    /// The place of the first octet that is set, if one is.
    @inline(always)
    var firstPlace: Int? {
        let first = UInt64(littleEndian: words[0])
        guard first == 0 else { return first.trailingZeroBitCount &>> 3 }
        let second = UInt64(littleEndian: words[1])
        guard second == 0 else { return 8 &+ second.trailingZeroBitCount &>> 3 }
        return nil
    }
}

extension SIMD16<Int8> {
    /// The first eight octets and the next eight, the first of each in the lowest place.
    @inline(always)
    var words: (UInt64, UInt64) {
        let words = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return (UInt64(littleEndian: words[0]), UInt64(littleEndian: words[1]))
    }
}

extension Int {
    /// In how many places a word can stand among so many octets; no negative offset is one.
    @inline(always)
    fileprivate var wordPlaces: UInt { UInt(bitPattern: Swift.max(self &- 7, 0)) }

    /// As ``wordPlaces``, of a vector.
    @inline(always)
    fileprivate var vectorPlaces: UInt { UInt(bitPattern: Swift.max(self &- 15, 0)) }
}
