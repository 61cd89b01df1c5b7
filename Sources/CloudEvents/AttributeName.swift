/// An attribute's name, and what it means.
///
/// Names of up to 16 octets, which are nearly all, are held in two words: to compare, to check
/// and to write them takes no loop.
struct AttributeName {
    /// What the specification says of a name.
    enum Meaning: UInt8 {
        case id, type, source, specversion
        case datacontenttype, dataschema, time, subject
        /// The JSON format's members that aren't attributes.
        case data, dataBase64
        case `extension`

        /// One bit for each that can be asked for.
        var bit: UInt16 { 1 &<< UInt16(rawValue) }

        /// The bits of what an event must have.
        static var requiredBits: UInt16 { id.bit | type.bit | source.bit | specversion.bit }

        /// Whether not every text is a value.
        var hasSyntax: Bool { Self.source.rawValue...Self.time.rawValue ~= rawValue }
    }

    /// The first eight octets and the next eight, with zeros in the places that are left.
    let first: UInt64
    let second: UInt64
    /// How many octets the name has.
    let count: Int

    init(_ first: UInt64, _ second: UInt64, count: Int) {
        self.first = first
        self.second = second
        self.count = count
    }

    /// The name in this part of the octets.
    @inline(always)
    init(_ octets: Span<UInt8>, _ range: Range<Int>) {
        guard let vector = octets.vectorIfPresent(at: range.lowerBound) else {
            let start = range.lowerBound
            self.init(
                octets.shortWord(at: start, count: min(range.count, 8)),
                octets.shortWord(at: start + 8, count: max(0, min(range.count - 8, 8))),
                count: range.count)
            return
        }
        self.init(vector, count: range.count)
    }

    /// The name of so many octets whose first are these.
    @inline(always)
    private init(_ vector: SIMD16<Int8>, count: Int) {
        let (first, second) = vector.words
        self.init(
            first & .mask(min(count, 8)), count <= 8 ? 0 : second & .mask(min(count &- 8, 8)),
            count: count)
    }

    /// The name in a JSON string's octets from `offset` on, if it's plain, short and ends here.
    @inline(always)
    init?(quotedIn json: Span<UInt8>, at offset: Int) {
        guard let vector = json.vectorIfPresent(at: offset),
            let count = vector.jsonMarks.firstPlace
        else { return nil }
        self.init(vector, count: count)
    }

    /// Whether the two words hold all of it.
    var isShort: Bool { count <= 16 }

    @inline(always)
    var meaning: Meaning {
        // The count is compared too: a NUL is no different from a place that is left.
        switch (count, first) {
        case (2, UInt64(ascii: "id")): .id
        case (4, UInt64(ascii: "type")): .type
        case (4, UInt64(ascii: "time")): .time
        case (4, UInt64(ascii: "data")): .data
        case (6, UInt64(ascii: "source")): .source
        case (7, UInt64(ascii: "subject")): .subject
        case (10...15, _): longMeaning
        default: .extension
        }
    }

    private var longMeaning: Meaning {
        switch (count, first, second) {
        case (10, UInt64(ascii: "datasche"), UInt64(ascii: "ma")): .dataschema
        case (11, UInt64(ascii: "specvers"), UInt64(ascii: "ion")): .specversion
        case (11, UInt64(ascii: "data_bas"), UInt64(ascii: "e64")): .dataBase64
        case (15, UInt64(ascii: "datacont"), UInt64(ascii: "enttype")): .datacontenttype
        default: .extension
        }
    }

    /// A short name in lower case.
    var lowercased: Self {
        Self(first.lowercased, count <= 8 ? 0 : second.lowercased, count: count)
    }

    /// Whether a short name has the characters that an attribute's name can have.
    ///
    /// Spec: CloudEvents §3.1
    var isValid: Bool {
        count > 0 && first.areLowercaseAlphanumeric
            && (count <= 8 || second.areLowercaseAlphanumeric) && !holdsNUL
    }

    /// Whether one of the name's own octets is like a place that is left.
    private var holdsNUL: Bool {
        (first | ~.mask(min(count, 8))).holdsZeroOctet
            || count > 8 && (second | ~.mask(min(count &- 8, 8))).holdsZeroOctet
    }

    /// One of 64 bits, rarely the same for two names.
    var filterBit: UInt64 {
        let mixed = (first ^ second &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        return 1 &<< (mixed &>> 58)
    }
}
