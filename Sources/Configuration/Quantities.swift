/// Reads a whole number: digits and nothing else, `-` only to say that it is out of range.
func wholeNumber(_ scalar: Scalar) throws(Complaint) -> Int {
    let digits = scalar.text.utf8.drop { $0 == UInt8(ascii: "-") }
    let isNegative = digits.count + 1 == scalar.text.utf8.count
    guard !digits.isEmpty, digits.allSatisfy(\.isDigit),
        isNegative || digits.count == scalar.text.utf8.count
    else { throw Complaint("\(quoted(scalar.text)) is not a whole number") }
    guard scalar.isPlain else {
        throw Complaint(
            "expected a whole number, found a text", hint: "remove the quotes", code: .wrongType)
    }
    guard digits.first != UInt8(ascii: "0") || digits.count == 1 else {
        throw Complaint(
            "\(quoted(scalar.text)) begins with a zero",
            hint: "write decimal numbers without leading zeros")
    }
    guard let number = Int(scalar.text) else {
        throw Complaint("\(quoted(scalar.text)) is too large", code: .outOfRange)
    }
    return number
}

/// Reads a size: bytes as a whole number, or with one of the units KiB, MiB and GiB.
func byteCount(_ scalar: Scalar) throws(Complaint) -> Int {
    let text = scalar.text
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count)
    guard !unit.isEmpty, !digits.isEmpty else {
        guard let number = try? wholeNumber(scalar) else {
            throw Complaint(
                "\(quoted(text)) is not a size", hint: "write bytes, or KiB, MiB, GiB: 64KiB")
        }
        return number
    }
    guard let bytes = byteUnits.first(where: { $0.name == unit })?.bytes else {
        let isFraction = unit.first == "."
        throw Complaint(
            "\(quoted(text)) is not a size",
            hint: isFraction ? "write whole numbers" : "the units are KiB, MiB and GiB: 64KiB")
    }
    guard let number = Int(digits),
        case (let size, false) = number.multipliedReportingOverflow(by: bytes)
    else { throw Complaint("\(quoted(text)) is too large", code: .outOfRange) }
    return size
}

/// Writes a size in the largest unit that shows it exactly.
func byteCountText(_ bytes: Int) -> String {
    guard let unit = byteUnits.first(where: { bytes >= $0.bytes && bytes % $0.bytes == 0 }) else {
        return String(bytes)
    }
    return "\(bytes / unit.bytes)\(unit.name)"
}

private let byteUnits = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    .map { (name: $0.0, bytes: $0.1) }

/// Holds a value to its bounds; `show` writes a bound as the operator would.
func bounded<Value: Comparable>(
    _ value: Value, _ range: ClosedRange<Value>, show: (Value) -> String
) throws(Complaint) -> Value {
    guard value >= range.lowerBound else {
        throw Complaint(
            "\(show(value)) is too small", hint: "the least is \(show(range.lowerBound))",
            code: .outOfRange)
    }
    guard value <= range.upperBound else {
        throw Complaint(
            "\(show(value)) is too large", hint: "the most is \(show(range.upperBound))",
            code: .outOfRange)
    }
    return value
}

/// Reads `200ms`, `10s`, `5m`, `24h`, or ISO 8601's `PT0.2S`, `P1DT2H`.
func duration(_ scalar: Scalar) throws(Complaint) -> Duration {
    let text = scalar.text
    if text.hasPrefix("P") {
        guard let duration = isoDuration(text.dropFirst()) else {
            throw Complaint(
                "\(quoted(text)) is not a duration",
                hint: "write days, hours, minutes and seconds: P1DT2H, PT5M, PT0.2S")
        }
        return duration
    }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count)
    guard !digits.isEmpty, let milliseconds = durationUnits.first(where: { $0.name == unit })
    else {
        throw Complaint("\(quoted(text)) is not a duration", hint: durationHint(digits, unit))
    }
    guard let number = Int64(digits),
        case (let total, false) = number.multipliedReportingOverflow(by: milliseconds.count)
    else { throw Complaint("\(quoted(text)) is too long", code: .outOfRange) }
    return .milliseconds(total)
}

/// Writes a duration in the largest unit that shows it exactly.
func durationText(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    guard attoseconds != 0 else {
        if seconds == 0 { return "0s" }
        if seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s"
    }
    let millisecond: Int64 = 1_000_000_000_000_000
    if attoseconds % millisecond == 0 {
        return "\(seconds * 1000 + attoseconds / millisecond)ms"
    }
    let nanoseconds = String(attoseconds / 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - nanoseconds.count)
    return "PT\(seconds).\(zeros)\(nanoseconds)S"
}

private let durationUnits: [(name: String, count: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
]

private func durationHint(_ digits: Substring, _ unit: Substring) -> String {
    switch unit.first {
    case nil where !digits.isEmpty: "add a unit: \(digits)s"
    case "." where !digits.isEmpty, ",": "write whole numbers: 90m, 1500ms"
    case "-": "a duration can't be negative"
    case "d": "write days as hours: 24h"
    default: "write 200ms, 10s, 5m, 24h, or PT0.2S"
    }
}

/// What follows the `P`; years, months and weeks are refused because the first two have no length.
private func isoDuration(_ text: Substring) -> Duration? {
    var rest = text
    var units: [(name: Character, seconds: Int64)] = [("D", 86_400)]
    var total = Duration.zero
    var isEmpty = true
    while let first = rest.first {
        if first == "T" {
            guard units.last?.name != "S", rest.count > 1 else { return nil }
            units = [("H", 3600), ("M", 60), ("S", 1)]
            rest.removeFirst()
            continue
        }
        guard let number = isoNumber(&rest), let name = rest.popFirst(),
            let unit = units.firstIndex(where: { $0.name == name }),
            name == "S" || number.nanoseconds == 0,
            case (let seconds, false) = number.whole.multipliedReportingOverflow(
                by: units[unit].seconds), seconds < Int64.max / 4
        else { return nil }
        total += .seconds(seconds) + .nanoseconds(number.nanoseconds)
        units = Array(units[(unit + 1)...])
        isEmpty = false
        // After the seconds nothing may follow, not even another `T`.
        if units.isEmpty { guard name == "D" || rest.isEmpty else { return nil } }
    }
    return isEmpty ? nil : total
}

private func isoNumber(_ text: inout Substring) -> (whole: Int64, nanoseconds: Int64)? {
    let isDigit = { (character: Character) in character.isASCII && character.isNumber }
    let digits = text.prefix(while: isDigit)
    guard let whole = Int64(digits) else { return nil }
    text = text.dropFirst(digits.count)
    guard text.first == "." else { return (whole, 0) }
    let fraction = text.dropFirst().prefix(while: isDigit)
    guard 1...9 ~= fraction.count,
        let nanoseconds = Int64(fraction + String(repeating: "0", count: 9 - fraction.count))
    else { return nil }
    text = text.dropFirst(fraction.count + 1)
    return (whole, nanoseconds)
}
