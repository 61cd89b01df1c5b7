import EventLoops
import Glibc
import ScriptedPeer
import Testing

@testable import Outbound

/// Where an address that a stranger names may lead.
@Suite(.timeLimit(.minutes(10))) struct PublicAddressTests {
    private func octets(_ text: String) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: 16)
        let family = text.contains(":") ? AF_INET6 : AF_INET
        precondition(inet_pton(family, text, &room) == 1)
        return family == AF_INET ? Array(room.prefix(4)) : room
    }

    /// Row 213.
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1",
        "::127.0.0.1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
        "2001:db8::1", "2001::1", "2002:7f00:1::1", "3fff::1", "64:ff9b:1::1", "100::1",
    ])
    func `an address of here or nearby is not public`(_ address: String) {
        #expect(!PublicAddress.isPublic(octets(address)))
    }

    @Test(arguments: [
        "1.1.1.1", "9.9.9.9", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.0.0.1",
        "128.0.0.1", "169.253.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "192.167.0.1",
        "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "::ffff:1.1.1.1",
        "64:ff9b::101:101", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1",
    ])
    func `an address of the Internet is public`(_ address: String) {
        #expect(PublicAddress.isPublic(octets(address)))
    }

    @Test(arguments: [0, 3, 5, 15, 17]) func `other octets are no address`(_ count: Int) {
        #expect(!PublicAddress.isPublic([UInt8](repeating: 1, count: count)))
    }

    /// Rows 213 and 214: the address counts that is connected to, and not the one looked up before.
    @Test(arguments: [true, false])
    func `a guarded endpoint isn't connected to nearby, whatever its name is`(
        isAllowed: Bool
    ) throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(200) }
        defer { peer.stop() }
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"] {
            let response = try get("http://\(host):\(peer.port)/", isAllowed: isAllowed)
            if isAllowed, host == "127.0.0.1" { #expect(response.status == 200) }
            if !isAllowed { #expect(response.status == nil && response.error != nil, "\(host)") }
        }
        #expect(isAllowed == (peer.connectionsCount > 0))
    }

    private func get(_ url: String, isAllowed: Bool) throws -> HTTPResponse {
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop, userAgent: "veer/test")
        var options = HTTPEndpoint.Options(url: url)
        options.concurrency = 1
        options.sendsOnce = true
        options.allowsPrivateAddresses = isAllowed
        var response: HTTPResponse?
        let request = HTTPRequest(
            method: "GET", fields: HTTPFields(), octets: [], body: 0..<0, timeout: .seconds(10))
        client.send(request, to: client.endpoint(options)) {
            response = $0
            loop.stop()
        }
        try loop.run()
        client.close()
        return try #require(response)
    }
}
