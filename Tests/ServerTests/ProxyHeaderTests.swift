import Testing

@testable import Server

/// Version 2 of the PROXY protocol.
@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8)

    private func header(
        _ command: UInt8, _ family: UInt8, _ rest: [UInt8], count: Int? = nil
    ) -> [UInt8] {
        let count = count ?? rest.count
        return Self.signature + [command, family, UInt8(count >> 8), UInt8(count & 0xFF)] + rest
    }

    /// What is read of all octets; nothing while they aren't complete.
    private func read(_ octets: [UInt8]) throws -> ProxyHeader? { try ProxyHeader(octets.span) }

    private let v4: [UInt8] = [192, 0, 2, 1, 10, 0, 0, 1, 0x1F, 0x90, 0x00, 0x50]
    private let v6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [UInt8](repeating: 2, count: 16) + [0, 1, 0, 2]

    @Test func `a header names the client, wherever it is cut`() throws {
        for (octets, client) in [
            (header(0x21, 0x11, v4), "192.0.2.1:8080"), (header(0x21, 0x21, v6), "[2001:db8::1]:1"),
            // What follows the addresses is passed over.
            (header(0x21, 0x11, v4 + [0x04, 0, 1, 7]), "192.0.2.1:8080"),
            (header(0x21, 0x21, v6 + [UInt8](repeating: 4, count: 4_000)), "[2001:db8::1]:1"),
        ] {
            for count in octets.indices { #expect(try read(Array(octets[..<count])) == nil) }
            let whole = try #require(try read(octets))
            #expect(whole.client?.description == client)
            #expect(whole.bytes == octets.count)
            // What comes behind it is the client's.
            #expect(try read(octets + Array("GET / HTTP/1.1".utf8)) == whole)
        }
    }

    @Test func `an address of IPv4 is one, however it is written`() throws {
        let mapped =
            [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1]
            + [UInt8](repeating: 0, count: 16) + [0, 9, 0, 2]
        #expect(try read(header(0x21, 0x21, mapped))?.client?.description == "192.0.2.1:9")
    }

    @Test func `a proxy may speak for itself`() throws {
        for octets in [
            header(0x20, 0x00, []), header(0x20, 0x11, v4), header(0x21, 0x00, [1, 2, 3]),
            header(0x21, 0x31, [UInt8](repeating: 0, count: 216)), header(0x20, 0xFF, []),
        ] {
            let header = try #require(try read(octets))
            #expect(header.client == nil)
            #expect(header.bytes == octets.count)
        }
    }

    @Test func `what is no header is refused as soon as it can be told`() {
        var damaged = header(0x21, 0x11, v4)
        damaged[11] = 0x0D
        for octets in [
            Array("GET".utf8), Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n".utf8), [0x16, 3, 1],
            [0x0A],
            damaged, header(0x11, 0x11, v4), header(0x22, 0x11, v4), header(0x31, 0x11, v4),
            header(0x21, 0x12, v4), header(0x21, 0x22, v6), header(0x21, 0x41, v4),
            header(0x21, 0x11, Array(v4.dropLast())), header(0x21, 0x21, v4),
            header(0x21, 0x11, []),
            header(0x21, 0x11, v4, count: 4_081), header(0x21, 0x11, v4, count: 65_535),
        ] {
            #expect(throws: ProxyHeader.Malformed.self) { try read(octets) }
        }
    }
}
