/// Reads the `Retry-After` field.
///
/// Spec: RFC 9110 §10.2.3
enum RetryAfter {
    /// How long to wait.
    ///
    /// - Parameters:
    ///   - text: the field's value: seconds, or a date.
    ///   - now: seconds since 1970.
    /// - Returns: nothing where the value is neither; zero for a date that has passed.
    static func wait(_ text: String, now: Int) -> Duration? {
        let octets = Array(text.utf8)
        if octets.allSatisfy({ 0x30...0x39 ~= $0 }) {
            guard !octets.isEmpty else { return nil }
            // A number that doesn't fit is longer than any limit, too.
            return .seconds(octets.count > 12 ? 1_000_000_000_000 : Int(text) ?? 0)
        }
        return HTTPDate.seconds(octets, now: now).map { .seconds(max(0, $0 - now)) }
    }
}

/// Reads the three forms of a date in HTTP.
///
/// Spec: RFC 9110 §5.6.7. A recipient must take the two obsolete forms as well. Names of days are
/// checked to be such, but not whether the day was one.
enum HTTPDate {
    /// Seconds since 1970, or nothing where the octets are no date.
    ///
    /// - Parameter now: tells the century of a year of two digits.
    static func seconds(_ octets: [UInt8], now: Int) -> Int? {
        fixed(octets) ?? obsolete(octets, now: now) ?? asctime(octets)
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func fixed(_ octets: [UInt8]) -> Int? {
        var reader = Reader(octets)
        guard reader.name(of: days) != nil, reader.skip(", "), let day = reader.number(2),
            reader.skip(" "), let month = reader.name(of: months), reader.skip(" "),
            let year = reader.number(4), reader.skip(" "), let time = reader.time(),
            reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        return seconds(year, month, day, time)
    }

    /// Reads `Sunday, 06-Nov-94 08:49:37 GMT`.
    private static func obsolete(_ octets: [UInt8], now: Int) -> Int? {
        var reader = Reader(octets)
        guard reader.name(of: longDays) != nil, reader.skip(", "), let day = reader.number(2),
            reader.skip("-"), let month = reader.name(of: months), reader.skip("-"),
            let shortYear = reader.number(2), reader.skip(" "), let time = reader.time(),
            reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        // No year is more than 50 years ahead.
        let firstYear = 1970 + now / 31_556_952 - 49
        let year = firstYear + (shortYear - firstYear % 100 + 100) % 100
        return seconds(year, month, day, time)
    }

    /// Reads `Sun Nov  6 08:49:37 1994`.
    private static func asctime(_ octets: [UInt8]) -> Int? {
        var reader = Reader(octets)
        guard reader.name(of: days) != nil, reader.skip(" "),
            let month = reader.name(of: months), reader.skip(" "),
            let day = reader.skip(" ") ? reader.number(1) : reader.number(2), reader.skip(" "),
            let time = reader.time(), reader.skip(" "), let year = reader.number(4),
            reader.isAtEnd
        else { return nil }
        return seconds(year, month, day, time)
    }

    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ time: Int) -> Int? {
        guard 1...31 ~= day else { return nil }
        // Days before the month, in a year that begins in March so that it ends with the leap day.
        let (march, years) = month < 2 ? (month + 10, year - 1) : (month - 2, year)
        let daysBefore = years * 365 + years / 4 - years / 100 + years / 400 + (153 * march + 2) / 5
        return (daysBefore + day - 719_469) * 86_400 + time
    }

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private struct Reader {
        private var octets: ArraySlice<UInt8>

        init(_ octets: [UInt8]) { self.octets = octets[...] }

        var isAtEnd: Bool { octets.isEmpty }

        mutating func skip(_ text: String) -> Bool {
            guard octets.starts(with: text.utf8) else { return false }
            octets = octets.dropFirst(text.utf8.count)
            return true
        }

        /// The place of the name that stands here.
        mutating func name(of names: [String]) -> Int? {
            for (place, name) in names.enumerated() where skip(name) { return place }
            return nil
        }

        mutating func number(_ digits: Int) -> Int? {
            let text = octets.prefix(digits)
            guard text.count == digits, text.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            octets = octets.dropFirst(digits)
            return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        /// `08:49:37` in seconds; a minute may have a leap second.
        mutating func time() -> Int? {
            guard let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60,
                skip(":"), let second = number(2), second <= 60
            else { return nil }
            return hour * 3600 + minute * 60 + second
        }
    }
}
