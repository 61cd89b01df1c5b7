import Testing

@testable import Delivery

@Suite struct RetryAfterTests {
    /// This is Sun, 06 Nov 1994 08:49:37 GMT.
    private static let moment = 784_111_777

    @Test(arguments: [
        ("0", 0),
        ("7", 7),
        ("007", 7),
        ("315360000", 315_360_000),
        ("99999999999999999999999", 1_000_000_000_000),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10),
        ("Sun Nov  6 08:49:47 1994", 10),
        ("Mon Nov 07 08:49:37 1994", 86_400),
        ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400 - moment),
        ("Tue, 01 Mar 2044 00:00:00 GMT", 2_340_403_200 - moment),
        ("Tuesday, 01-Mar-44 00:00:00 GMT", 2_340_403_200 - moment),
        ("Sun, 06 Nov 1894 08:49:37 GMT", 0),
        ("Wednesday, 01-Mar-45 00:00:00 GMT", 0),
        ("Fri, 31 Dec 1999 23:59:60 GMT", 946_684_800 - moment),
    ])
    func `seconds and the three forms of a date are understood`(text: String, seconds: Int) {
        #expect(RetryAfter.wait(text, now: Self.moment) == .seconds(seconds))
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "1.5", "1s", "1 ", "soon", "0x10", "١",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sum, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "1994-11-06T08:49:37Z",
    ])
    func `anything else is ignored`(text: String) {
        #expect(RetryAfter.wait(text, now: Self.moment) == nil)
    }
}
