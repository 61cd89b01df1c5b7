import Testing

@testable import Configuration

/// Durations, sizes and numbers are read from their text alone; nothing is guessed.
@Suite struct QuantityTests {
    @Test(arguments: [
        ("0s", Duration.zero), ("200ms", .milliseconds(200)), ("10s", .seconds(10)),
        ("5m", .seconds(300)), ("24h", .seconds(86_400)), ("007s", .seconds(7)),
        ("PT0.2S", .milliseconds(200)), ("PT10S", .seconds(10)), ("PT5M", .seconds(300)),
        ("P1D", .seconds(86_400)), ("P1DT2H", .seconds(93_600)), ("PT1H30M", .seconds(5_400)),
        ("P1DT2H3M4.000000005S", .seconds(93_784) + .nanoseconds(5)), ("PT0S", .zero),
    ])
    func `a duration has a unit`(text: String, expected: Duration) throws {
        #expect(try duration(Scalar(text: text, isPlain: true)) == expected)
        #expect(try duration(Scalar(text: text, isPlain: false)) == expected)
    }

    /// Row 244.
    @Test(arguments: [
        ("10", "add a unit: 10s"), ("0", "add a unit: 0s"), ("1.5h", "write whole numbers"),
        ("-1s", "can't be negative"), ("1d", "write days as hours"), ("s", "write 200ms"),
        ("10 s", "write 200ms"), ("10S", "write 200ms"), ("1h30m", "write 200ms"),
        ("1e3s", "write 200ms"), ("1:30", "write 200ms"), ("١s", "write 200ms"),
        (".inf", "write 200ms"), ("", "write 200ms"), ("10us", "write 200ms"),
    ])
    func `what is no duration says what to write`(text: String, hint: String) {
        let complaint = #expect(throws: Complaint.self) {
            try duration(Scalar(text: text, isPlain: true))
        }
        #expect(complaint?.hint?.contains(hint) == true, "\(complaint as Any)")
    }

    @Test(arguments: [
        "P", "PT", "P1DT", "P1M", "P1Y", "P1W", "PT1H1H", "PT1M1H", "P1H", "PT1D", "PTS", "PT1.5H",
        "PT.5S", "PT1.S", "PT1.1234567890S", "PT-1S", "PT1ST1S", "PTT1S", "PT1S ", "P1DT1D",
        "PT99999999999999999999S", "PT9223372036854775807H", "PT1,5S", "pt1s",
    ])
    func `ISO 8601 is read strictly`(text: String) {
        #expect(throws: Complaint.self) { try duration(Scalar(text: text, isPlain: true)) }
    }

    @Test(arguments: ["99999999999999999999s", "9223372036854775807h"])
    func `a duration that overflows is too long`(text: String) {
        let complaint = #expect(throws: Complaint.self) {
            try duration(Scalar(text: text, isPlain: true))
        }
        #expect(complaint?.code == .outOfRange)
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.milliseconds(200), "200ms"), (.milliseconds(1_500), "1500ms"),
        (.seconds(75), "75s"), (.seconds(120), "2m"), (.seconds(7_200), "2h"),
        (.nanoseconds(1_000_000_005), "PT1.000000005S"), (.nanoseconds(5), "PT0.000000005S"),
    ])
    func `a duration is shown as it would be read`(value: Duration, text: String) throws {
        #expect(durationText(value) == text)
        #expect(try duration(Scalar(text: text, isPlain: true)) == value)
    }

    @Test(arguments: [
        ("0", 0), ("1048576", 1 << 20), ("64KiB", 64 << 10), ("1MiB", 1 << 20), ("3GiB", 3 << 30),
    ])
    func `a size is bytes or has a unit`(text: String, expected: Int) throws {
        #expect(try byteCount(Scalar(text: text, isPlain: true)) == expected)
    }

    @Test(arguments: [
        "64KB", "64K", "64k", "64 KiB", "1.5MiB", "-1", "-1KiB", "KiB", "", "0x10", "1e3", "1_000",
        "64kib", "99999999999GiB", "99999999999999999999", "0o17", "٦KiB", "01",
    ])
    func `what is no size is refused`(text: String) throws {
        let size = try? byteCount(Scalar(text: text, isPlain: true))
        #expect(size == nil || size == -1, "a negative size is left to the bounds")
    }

    @Test(arguments: [(0, "0"), (240, "240"), (1024, "1KiB"), (1025, "1025"), (3 << 30, "3GiB")])
    func `a size is shown as it would be read`(bytes: Int, text: String) {
        #expect(byteCountText(bytes) == text)
    }

    /// Row 241.
    @Test(arguments: [
        "0o17", "0x1F", "1e3", "1:30", "+1", "1_000", "yes", ".nan", "1.0", "017", "--1", "-",
        "99999999999999999999", "", "٣", "1 ",
    ])
    func `only decimal digits are a number`(text: String) {
        #expect(throws: Complaint.self) { try wholeNumber(Scalar(text: text, isPlain: true)) }
    }

    @Test func `a number in quotes is a text`() {
        let complaint = #expect(throws: Complaint.self) {
            try wholeNumber(Scalar(text: "10", isPlain: false))
        }
        #expect(complaint?.code == .wrongType)
    }
}
