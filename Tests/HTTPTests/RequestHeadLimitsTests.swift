import Testing

@testable import HTTP

/// Each limit is inclusive: what has exactly as much is taken, and one more is refused.
@Suite struct RequestHeadLimitsTests {
    @Test func `the request line's target may reach its limit`() throws {
        var limits = RequestHeadLimits()
        limits.requestLineBytes = 20
        // "GET " and 16 octets.
        let path = "/" + String(repeating: "a", count: 15)
        try expectHead("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits)
        expectFailure(.targetTooLong, of: "GET \(path)a HTTP/1.1\r\n", limits: limits)
        expectFailure(
            .targetTooLong, of: String(repeating: "A", count: 30) + " / HTTP/1.1\r\n",
            limits: limits)
    }

    @Test func `a line that never ends is refused at its limit`() {
        let line = [UInt8](repeating: 0x41, count: 1024 * 1024)
        #expect(throws: RequestFailure.targetTooLong) { try decodeHead([line]) }
        let start = octets("GET / HTTP/1.1\r\nHost: a\r\n")
        #expect(throws: RequestFailure.headerTooLarge) { try decodeHead([start, line]) }
        #expect(throws: RequestFailure.headerTooLarge) {
            try decodeHead([start, octets("X: "), line])
        }
    }

    @Test func `there may be as many fields as the limit says`() throws {
        var limits = RequestHeadLimits()
        limits.headerFields = 3
        let head = "GET / HTTP/1.1\r\nHost: a\r\na:\r\na:\r\n"
        try expectHead(head + "\r\n", limits: limits)
        expectFailure(.headerTooLarge, of: head + "a:\r\n", limits: limits)
    }

    @Test func `a value may reach its limit`() throws {
        var limits = RequestHeadLimits()
        limits.headerValueBytes = 10
        let head = "GET / HTTP/1.1\r\nHost: a\r\nX:"
        try expectHead(head + "0123456789\r\n\r\n", limits: limits)
        expectFailure(.headerTooLarge, of: head + "0123456789a\r\n", limits: limits)
    }

    @Test func `the fields together may reach their limit`() throws {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n"
        var limits = RequestHeadLimits()
        limits.headerBytes = head.unicodeScalars.count
        try expectHead(head, limits: limits)
        limits.headerBytes -= 1
        expectFailure(.headerTooLarge, of: head, limits: limits)
    }

    @Test func `a body that came along is no part of the head`() throws {
        var limits = RequestHeadLimits()
        limits.headerBytes = 64
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
        let decoded = try decodeHead(
            [octets(head) + [UInt8](repeating: 0, count: 1000)], limits: limits)
        #expect(decoded.bytes == head.unicodeScalars.count)
    }

    @Test(arguments: [
        (RequestFailure.malformedRequestLine, 400), (.unsupportedVersion, 505),
        (.unknownMethod, 501), (.malformedTarget, 400), (.misdirected, 421),
        (.targetTooLong, 414), (.malformedField, 400), (.headerTooLarge, 431),
        (.malformedHost, 400), (.ambiguousFraming, 400), (.malformedLength, 400),
        (.unknownCoding, 501), (.unknownExpectation, 417), (.bodyTooLarge, 413),
        (.malformedChunk, 400), (.chunkOverheadTooLarge, 413),
    ])
    func `each failure has its status and words of its own`(
        failure: RequestFailure, status: Int
    ) {
        #expect(failure.status == status)
        #expect(failure.code.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) })
        #expect(failure.sentence.hasSuffix(".") || failure.sentence.hasSuffix("?"))
        let problem = Problem(failure)
        #expect(problem.status == status)
        #expect(problem.code == failure.code)
    }
}
