/// The date of a response, in the one form that senders may use.
///
/// Spec: RFC 9110 §5.6.7, §6.6.1
public enum HTTPDate {
    /// A whole `Date` field line with its CRLF.
    ///
    /// - Parameter seconds: since 1970, of any year from 1970 to 9999.
    public static func fieldLine(secondsSince1970 seconds: Int) -> [UInt8] {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let days = seconds / 86_400
        let (year, month, day) = civil(daysSince1970: days)
        let time = [seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60].map { two($0) }
        let text =
            "Date: \(weekdays[days % 7]), \(two(day)) \(months[month - 1]) \(year) "
            + "\(time.joined(separator: ":")) GMT\r\n"
        return Array(text.utf8)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The Gregorian date of a day, reckoned in years that begin in March, so that the day that
    /// is sometimes missing is the last.
    private static func civil(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
