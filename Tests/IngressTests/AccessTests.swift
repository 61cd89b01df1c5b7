@testable import Configuration
import HTTP
import Testing

@testable import Ingress

/// Row 176: who fails too often.
@Suite struct FailedAttemptsTests {
    private let second = 1_000_000_000
    private let client: [UInt8] = [192, 0, 2, 1]

    @Test func `a client may fail so often at once, and then waits`() {
        var attempts = FailedAttempts(perMinute: 6)
        #expect(attempts.isEmpty)
        for _ in 0..<6 {
            #expect(attempts.wait(of: client, now: 0) == nil)
            attempts.add(client, now: 0)
        }
        #expect(attempts.wait(of: client, now: 0) == 10)
        #expect(attempts.wait(of: client, now: 9 * second + 1) == 1)
        #expect(attempts.wait(of: client, now: 10 * second) == nil)
        attempts.add(client, now: 10 * second)
        #expect(attempts.wait(of: client, now: 10 * second) == 10)
        #expect(attempts.wait(of: [192, 0, 2, 2], now: 10 * second) == nil)
        #expect(attempts.wait(of: client, now: 200 * second) == nil)
    }

    @Test func `a client has one half of its address of IPv6 to itself`() {
        var attempts = FailedAttempts(perMinute: 1)
        let one = [UInt8](repeating: 1, count: 16)
        attempts.add(one, now: 0)
        #expect(attempts.wait(of: one.dropLast() + [2], now: 0) == 60)
        #expect(attempts.wait(of: [2] + one.dropFirst(), now: 0) == nil)
        attempts.add(nil, now: 0)
        #expect(attempts.wait(of: nil, now: 0) == 60)
    }

    @Test func `without a limit nobody waits`() {
        var attempts = FailedAttempts(perMinute: 0)
        for _ in 0..<1_000 { attempts.add(client, now: 0) }
        #expect(attempts.isEmpty)
        #expect(attempts.wait(of: client, now: 0) == nil)
    }

    @Test func `where too many fail, whoever failed least is forgotten`() {
        var attempts = FailedAttempts(perMinute: 2)
        for _ in 0..<2 { attempts.add(client, now: 0) }
        for number in 0..<FailedAttempts.clientsLimit * 2 {
            attempts.add([10, 1, UInt8(number / 256), UInt8(number % 256)], now: 0)
        }
        #expect(attempts.wait(of: client, now: 0) == 30)
    }

    @Test func `a clock that goes back forgives nothing`() {
        var attempts = FailedAttempts(perMinute: 1)
        attempts.add(client, now: 100 * second)
        #expect(attempts.wait(of: client, now: 0) == 60)
    }
}

/// Row 198: whose word on addresses counts.
@Suite struct ClientAddressTests {
    private let proxies = ["10.0.0.0/8", "2001:db8::/32"]

    private func client(_ fields: [String], from peer: [UInt8] = [10, 0, 0, 1]) throws -> [UInt8]? {
        let lines = ["POST / HTTP/1.1", "Host: h"] + fields.map { "X-Forwarded-For: \($0)" }
        let message = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
        var decoder = RequestHeadDecoder(limits: RequestHeadLimits())
        var head = RequestHead()
        let count = try decoder.decode(message.span, into: &head)
        try #require(count != nil)
        return ClientAddress.find(
            from: peer, head, message.span,
            trustedProxies: try proxies.map { try AddressBlock(configured: $0) })
    }

    @Test(
        arguments: [
            ([], [10, 0, 0, 1]), (["192.0.2.1"], [192, 0, 2, 1]),
            ([" 192.0.2.1\t,10.1.1.1 "], [192, 0, 2, 1]),
            (["192.0.2.9, 192.0.2.1, 10.1.1.1"], [192, 0, 2, 1]),
            (["192.0.2.9", "192.0.2.1", "10.1.1.1, 2001:db8::7"], [192, 0, 2, 1]),
            (["10.2.2.2, 10.1.1.1"], [10, 2, 2, 2]), (["192.0.2.1:8080"], [192, 0, 2, 1]),
            (["::ffff:192.0.2.1"], [192, 0, 2, 1]), (["[::ffff:192.0.2.1]:1"], [192, 0, 2, 1]),
            (["x, 192.0.2.1"], [192, 0, 2, 1]), (["192.0.2.1, x"], nil), (["192.0.2.1,"], nil),
            ([""], nil), (["unknown"], nil), (["192.0.2.256"], nil), (["192.0.2.01"], nil),
            (["1.2.3.4.5"], nil), (["[::1"], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ] as [([String], [UInt8]?)])
    func `the client is the last that isn't trusted`(fields: [String], expected: [UInt8]?) throws {
        #expect(try client(fields) == expected)
        // Nobody else's word counts at all.
        #expect(try client(fields, from: [11, 0, 0, 1]) == [11, 0, 0, 1])
    }
}
