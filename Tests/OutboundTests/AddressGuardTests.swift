import EventLoops
import ScriptedPeer
import Testing

@testable import Outbound

@Suite(.timeLimit(.minutes(10))) struct AddressGuardTests {
    @Test func `the host's own service in Azure isn't public`() {
        #expect(!PublicAddress.isPublic([168, 63, 129, 16]))
        #expect(PublicAddress.isPublic([168, 63, 129, 15]))
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
}
