/// The parts of a timestamp, as it is written.
///
/// Spec: RFC 3339 §5.6
struct TimestampSpelling {
    var date: CalendarDate
    /// In UTC; less than 0 or more than 1439 where that is another day.
    var minuteOfDay: Int
    var second: Int
    /// Where the fraction's digits stand.
    var fraction: Range<Int>

    /// - Returns: nothing if this isn't a timestamp, of the first octet to the last.
    init?(_ text: Span<UInt8>) {
        guard text.count >= 20,
            let date = text.word(at: 0).pairs(of: "0000-00-", upTo: "9999-99-"),
            let dayAndT = (text.word(at: 8) & ~Self.lowercaseT).pairs(
                of: "00T00:00", upTo: "99T99:99"),
            let time = text.word(at: 11).pairs(of: "00:00:00", upTo: "29:59:69"),
            let day = CalendarDate(
                year: date[0] * 100 + date[2], month: date[5], day: dayAndT[0]),
            let fraction = text.fraction(at: 19),
            let offsetMinutes = text.offsetMinutes(at: fraction.upperBound),
            time[0] < 24, time[6] <= 60
        else { return nil }
        self.date = day
        self.fraction = fraction
        second = time[6]
        minuteOfDay = time[0] * 60 + time[3] - offsetMinutes
        guard second < 60 || (minuteOfDay + 1440) % 1440 == 1439 else { return nil }
    }

    /// The bit that the third octet has if it is a `t` and not a `T`.
    private static var lowercaseT: UInt64 { 0x20 << 16 }
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
    /// Where the fraction's digits stand, which is nowhere if there is no point.
    fileprivate func fraction(at offset: Int) -> Range<Int>? {
        guard self[offset] == UInt8(ascii: ".") else { return offset..<offset }
        var end = offset + 1
        while octetIfPresent(at: end).isDigit { end &+= 1 }
        return end > offset + 1 ? offset + 1..<end : nil
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

/// A day of the Gregorian calendar, years 0 to 9999.
struct CalendarDate {
    var year: Int
    var month: Int
    var day: Int

    init?(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
        guard 1...12 ~= month, 1...28 ~= day || 1...daysInMonth ~= day else { return nil }
    }

    private var daysInMonth: Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    // In both directions years begin in March, so that a leap day is the last of its year, and
    // 400 years, which have 146,097 days, are one era. 719,468 days lie between March of year 0
    // and 1970; an era is added to them, so that January of year 0 isn't a negative number.

    init(daysSince1970: Int) {
        let days = daysSince1970 + 719_468 + 146_097
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0) - 400
    }

    var daysSince1970: Int {
        let monthFromMarch = (month + 9) % 12
        let yearFromMarch = year - (month <= 2 ? 1 : 0) + 400
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let leapDays = yearFromMarch / 4 - yearFromMarch / 100 + yearFromMarch / 400
        return 365 * yearFromMarch + leapDays + dayOfYear - 146_097 - 719_468
    }
}
