/// An instant, as RFC 3339 writes it.
///
/// Spec: RFC 3339 §5.6. Events keep the text they came with; this is for those who check it,
/// compare instants, or have an instant to write down.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var seconds: Int64
    /// What is to be added to the seconds; 0 to 999,999,999.
    public var nanoseconds: Int32

    /// An instant, by its distance from 1970 as the system's clock tells it.
    ///
    /// - Precondition: `nanoseconds` is less than a second, and the year is 0 to 9999.
    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        precondition(0..<1_000_000_000 ~= nanoseconds)
        precondition(Self.firstSecond...Self.lastSecond ~= seconds)
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads a timestamp; digits of the fraction beyond the ninth are cut.
    ///
    /// A second 60 is taken only where it is a minute before midnight in UTC, and is the same
    /// instant as the second after it.
    ///
    /// - Returns: nothing if it isn't one, of the first octet to the last.
    public init?(_ text: Span<UInt8>) {
        guard text.count >= 20,
            let date = text.word(at: 0).pairs(of: "0000-00-", upTo: "9999-99-"),
            let dayAndT = (text.word(at: 8) & ~Self.lowercaseT).pairs(
                of: "00T00:00", upTo: "99T99:99"),
            let time = text.word(at: 11).pairs(of: "00:00:00", upTo: "29:59:69"),
            let day = Date(year: date[0] * 100 + date[2], month: date[5], day: dayAndT[0]),
            let (nanoseconds, end) = text.fraction(at: 19),
            let offsetMinutes = text.offsetMinutes(at: end), time[0] < 24, time[6] <= 60
        else { return nil }
        let minutes = day.daysSince1970 * 1440 + time[0] * 60 + time[3] - offsetMinutes
        guard time[6] < 60 || (minutes % 1440 + 1440) % 1440 == 1439 else { return nil }
        seconds = Int64(minutes * 60 + time[6])
        self.nanoseconds = nanoseconds
    }

    /// The bit that the third octet has if it is a `t` and not a `T`.
    private static var lowercaseT: UInt64 { 0x20 << 16 }

    /// The instant in UTC, with as many groups of three digits of its fraction as it needs.
    public var text: String {
        let secondsOfDay = Int((seconds % 86400 + 86400) % 86400)
        let date = Date(daysSince1970: (Int(seconds) - secondsOfDay) / 86400)
        var text = date.text + "T" + Self.digits(secondsOfDay / 3600, 2) + ":"
        text += Self.digits(secondsOfDay / 60 % 60, 2) + ":" + Self.digits(secondsOfDay % 60, 2)
        if nanoseconds > 0 {
            var fraction = Self.digits(Int(nanoseconds), 9)
            while fraction.hasSuffix("000") { fraction.removeLast(3) }
            text += "." + fraction
        }
        return text + "Z"
    }

    /// The earlier instant is the lesser.
    public static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    private static let firstSecond: Int64 = -62_167_219_200
    private static let lastSecond: Int64 = 253_402_300_799

    fileprivate static func digits(_ number: Int, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: count - digits.count) + digits
    }
}

/// A day of the Gregorian calendar, years 0 to 9999.
private struct Date {
    var year: Int
    var month: Int
    var day: Int

    init?(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
        guard 1...12 ~= month, 1...31 ~= day, day <= daysInMonth else { return nil }
    }

    private var daysInMonth: Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    // In both directions years begin in March, so that a leap day is the last of its year, and
    // 400 years, which have 146,097 days, are one era. The 719,468 days are those before 1970.

    init(daysSince1970: Int) {
        let days = daysSince1970 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int {
        let monthFromMarch = (month + 9) % 12
        let yearFromMarch = year - (month <= 2 ? 1 : 0) + 400
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let leapDays = yearFromMarch / 4 - yearFromMarch / 100 + yearFromMarch / 400
        return 365 * yearFromMarch + leapDays + dayOfYear - 146_097 - 719_468
    }

    var text: String {
        Timestamp.digits(year, 4) + "-" + Timestamp.digits(month, 2) + "-"
            + Timestamp.digits(day, 2)
    }
}

/// The numbers that pairs of digits make, each in the place of its first digit.
private struct DigitPairs {
    var word: UInt64

    subscript(place: Int) -> Int { Int(truncatingIfNeeded: word &>> (8 &* place) & 0xFF) }
}

extension UInt64 {
    /// Reads eight octets of digits and of others that are fixed.
    ///
    /// - Parameters:
    ///   - least: the octets with zeros for all digits.
    ///   - most: the octets with the highest digit in each place.
    @inline(always)
    fileprivate func pairs(of least: StaticString, upTo most: StaticString) -> DigitPairs? {
        let digits = self ^ UInt64(ascii: least)
        let slack = UInt64(repeating: 0x7F) &- (UInt64(ascii: most) ^ UInt64(ascii: least))
        guard (digits | digits &+ slack) & UInt64(repeating: 0x80) == 0 else { return nil }
        return DigitPairs(word: digits &* 10 &+ digits >> 8)
    }
}

extension Span<UInt8> {
    /// The nanoseconds, and where the offset begins.
    fileprivate func fraction(at offset: Int) -> (Int32, Int)? {
        guard self[offset] == UInt8(ascii: ".") else { return (0, offset) }
        var nanoseconds: Int32 = 0
        var unit: Int32 = 100_000_000
        var end = offset + 1
        while end < count, self[end].isDigit {
            nanoseconds += Int32(self[end] - 0x30) * unit
            unit /= 10
            end += 1
        }
        return end > offset + 1 ? (nanoseconds, end) : nil
    }

    /// `Z`, or hours and minutes with a sign; to the end.
    fileprivate func offsetMinutes(at offset: Int) -> Int? {
        guard offset < count else { return nil }
        if self[offset].lowercased == UInt8(ascii: "z") { return offset + 1 == count ? 0 : nil }
        let isNegative = self[offset] == UInt8(ascii: "-")
        guard isNegative || self[offset] == UInt8(ascii: "+"), offset + 6 == count,
            let numbers = (word(at: count - 8) >> 24).pairs(of: "00:00", upTo: "29:59"),
            numbers[0] < 24
        else { return nil }
        return (isNegative ? -1 : 1) * (numbers[0] * 60 + numbers[3])
    }
}
