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
        guard let spelling = TimestampSpelling(text) else { return nil }
        let minutes = spelling.date.daysSince1970 * 1440 + spelling.minuteOfDay
        seconds = Int64(minutes * 60 + spelling.second)
        nanoseconds = 0
        var unit: Int32 = 100_000_000
        for place in spelling.fraction {
            nanoseconds += Int32(text[place] - 0x30) * unit
            unit /= 10
        }
    }

    /// The instant in UTC, with as many groups of three digits of its fraction as it needs.
    public var text: String {
        let secondsOfDay = Int((seconds % 86400 + 86400) % 86400)
        let date = CalendarDate(daysSince1970: (Int(seconds) - secondsOfDay) / 86400)
        var text = Self.digits(date.year, 4) + "-" + Self.digits(date.month, 2) + "-"
        text += Self.digits(date.day, 2) + "T" + Self.digits(secondsOfDay / 3600, 2) + ":"
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

    private static func digits(_ number: Int, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: count - digits.count) + digits
    }
}
