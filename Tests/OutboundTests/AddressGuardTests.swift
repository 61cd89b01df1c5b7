import EventLoops
import Glibc
import ScriptedPeer
import Testing

@testable import Outbound

@Suite(.timeLimit(.minutes(1))) struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "168.63.129.16",
        "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "2001::1", "2001:10::1", "3fff::1", "100::1", "5f00::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a9fe:a9fe::1", "::127.0.0.1", "::8.8.8.8",
    ])
    func `an address of a network, a machine or nobody isn't public`(text: String) throws {
        #expect(!PublicAddress.contains(try octets(text)))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.0.1",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
        "2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1", "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8", "2002:808:808::1", "2a00::1",
    ])
    func `an address of the Internet is public`(text: String) throws {
        #expect(PublicAddress.contains(try octets(text)))
    }

    @Test(arguments: [0, 1, 3, 5, 15, 17])
    func `what is no address isn't public`(count: Int) {
        #expect(!PublicAddress.contains([UInt8](repeating: 8, count: count)))
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
    func `no connection is made to this machine, however it's spelled`(host: String) throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let responses = try responses([guarded("http://\(host):\(peer.port)/")])
        #expect(responses[0].status == nil)
        #expect(responses[0].error?.kind == .forbidden, "\(responses[0])")
        #expect(responses[0].error?.kind.rawValue == "forbidden_address")
        peer.stop()
        #expect(peer.connectionsCount == 0)
    }

    @Test func `another endpoint's open connection isn't used either`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(202) }
        defer { peer.stop() }
        let url = "http://127.0.0.1:\(peer.port)/"
        let responses = try responses([HTTPEndpoint.Options(url: url), guarded(url)])
        #expect(responses.map(\.status) == [202, nil])
        #expect(responses[1].error?.kind == .forbidden)
        #expect(peer.requests.count == 1)
    }

    @Test func `OPTIONS has no body`() throws {
        let peer = try ScriptedPeer { _, _ in ScriptedPeer.status(200) }
        defer { peer.stop() }
        let options = HTTPEndpoint.Options(url: "http://127.0.0.1:\(peer.port)/a?b")
        let statuses = try responses([options, options], methods: ["OPTIONS", "POST"]).map(\.status)
        #expect(statuses == [200, 200])
        #expect(
            peer.requests.map(\.line) == ["OPTIONS /a?b HTTP/1.1", "POST /a?b HTTP/1.1"])
        #expect(peer.requests[0]["Content-Length"] == nil)
    }

    // MARK: - Helpers

    private func guarded(_ url: String) -> HTTPEndpoint.Options {
        var options = HTTPEndpoint.Options(url: url)
        options.allowsPrivateAddresses = false
        return options
    }

    /// What comes of a request to each endpoint, one after the other.
    private func responses(
        _ options: [HTTPEndpoint.Options], methods: [String] = []
    ) throws -> [HTTPResponse] {
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop, userAgent: "test")
        let endpoints = options.map { client.endpoint($0) }
        var responses: [HTTPResponse] = []
        func send(_ place: Int) {
            guard place < endpoints.count else { return loop.stop() }
            let request = HTTPRequest(
                method: place < methods.count ? methods[place] : "POST", fields: HTTPFields(),
                octets: [], body: 0..<0, timeout: .seconds(10))
            client.send(request, to: endpoints[place]) {
                responses.append($0)
                send(place + 1)
            }
        }
        loop.schedule(after: .zero) { send(0) }
        try loop.run()
        client.close()
        return responses
    }

    private func octets(_ text: String) throws -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, text, &octets) == 1 { return octets }
        try #require(inet_pton(AF_INET, text, &octets) == 1)
        return Array(octets.prefix(4))
    }
}
