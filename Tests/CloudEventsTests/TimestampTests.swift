import Foundation
import Testing

@testable import CloudEvents

/// Which timestamps are some, and when they are.
///
/// Spec: RFC 3339 §5.6
///
/// R-30.
@Suite struct TimestampTests {
    static func timestamp(_ text: String) -> Timestamp? { Timestamp(Array(text.utf8).span) }

    @Test func `timestamps are told from other texts`() throws {
        let accepted = try Vectors.read().timestampAccept
        let rejected = try Vectors.read().timestampReject
        #expect(accepted.count == 26)
        #expect(rejected.count == 28)
        for text in accepted {
            #expect(Self.timestamp(text) != nil, "\(text)")
            #expect(try event(minimal(#""time":"\#(text)""#))["time"] == text)
        }
        for text in rejected {
            #expect(Self.timestamp(text) == nil, "\(text)")
            #expect(failure(minimal(#""time":"\#(text)""#))?.attribute == "time", "\(text)")
        }
    }

    @Test(arguments: [
        "2021-01-18t14:52:01z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59",
        "2024-02-29T00:00:00Z", "2016-12-31T23:59:60.5Z", "2017-01-01T05:29:60+05:30",
        "2016-12-31T18:29:60-05:30",
    ])
    func `unusual timestamps are timestamps`(text: String) {
        #expect(Self.timestamp(text) != nil)
    }

    @Test(arguments: [
        "2021-01-18T14:52:01.Z", "2021-01-18T14:52:01,5Z", "2021-01-18T14:52:01Z ",
        " 2021-01-18T14:52:01Z", "2021-00-18T14:52:01Z", "2021-01-00T14:52:01Z",
        "2021-02-29T14:52:01Z", "1900-02-29T14:52:01Z", "2021-04-31T00:00:00Z",
        "2021-01-18T14:52:61Z", "2021-01-18T14:52:60Z", "2016-12-31T23:59:60+00:01",
        "2021-01-18T14:52:01+24:00", "2021-01-18T14:52:01+0100", "2021-01-18T14:52:01+01:60",
        "２021-01-18T14:52:01Z", "2021-01-18T14:52:01\u{0}Z", "20210118T145201Z",
        "2021:01:18T14-52-01Z", "-021-01-18T14:52:01Z", "2021-01-18T29:52:01Z",
        "2021-01-18T14:52:01*01:00", "2021/01/18T14:52:01Z",
    ])
    func `what only looks like one isn't`(text: String) {
        #expect(Self.timestamp(text) == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0), ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
        ("2021-01-18T14:52:01+05:00", 1_610_963_521, 0),
        ("2000-02-29T01:23:45.678-01:30", 951_792_825, 678_000_000),
        ("2038-01-19T03:14:08.000000001Z", 2_147_483_648, 1),
        ("2021-01-18T14:52:01.12345678912345Z", 1_610_981_521, 123_456_789),
        ("2016-12-31T23:59:60Z", 1_483_228_800, 0), ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
    ])
    func `a timestamp is an instant`(text: String, seconds: Int64, nanoseconds: Int32) {
        #expect(Self.timestamp(text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00Z"), (-1, 500_000_000, "1969-12-31T23:59:59.500Z"),
        (951_782_399, 1_000, "2000-02-28T23:59:59.000001Z"),
        (951_782_400, 0, "2000-02-29T00:00:00Z"),
        (1_610_981_521, 7, "2021-01-18T14:52:01.000000007Z"),
        (-62_167_219_200, 0, "0000-01-01T00:00:00Z"), (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
    ])
    func `an instant is written in UTC with no more digits than it needs`(
        seconds: Int64, nanoseconds: Int32, text: String
    ) {
        #expect(Timestamp(seconds: seconds, nanoseconds: nanoseconds).text == text)
    }

    @Test func `each day's timestamp is read back as the same instant`() {
        var seconds: Int64 = -62_167_219_200
        while seconds <= 253_402_300_799 {
            let timestamp = Timestamp(seconds: seconds)
            #expect(Self.timestamp(timestamp.text) == timestamp)
            seconds += 86_400 * 367 + 3_661  // Meets each day of a month and of a year.
        }
    }

    @Test func `instants have an order`() {
        let first = Timestamp(seconds: 1, nanoseconds: 5)
        #expect(first < Timestamp(seconds: 1, nanoseconds: 6))
        #expect(first < Timestamp(seconds: 2))
        #expect(!(first < first))
    }
}
