import Configuration
import HTTP
import Testing

@testable import Ingress

/// Who may send, and how they ask.
@Suite struct HandshakeTests {
    private static func settings(
        _ origins: [String], rate: Int = 0, requires: Bool = false
    ) -> HandshakeSettings {
        var settings = HandshakeSettings()
        settings.origins = origins
        settings.rate = rate
        settings.requiresOrigin = requires
        return settings
    }

    /// Reads a request of these field lines and hands it over.
    private func request<Result>(
        _ lines: [String], _ body: (RequestHead, Span<UInt8>) throws -> Result
    ) throws -> Result {
        let fields = lines.map { $0 + "\r\n" }.joined()
        let octets = Array("OPTIONS /webhook HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        var decoder = RequestHeadDecoder(limits: RequestHeadLimits())
        var head = RequestHead()
        _ = try #require(try decoder.decode(octets.span, into: &head))
        return try body(head, octets.span)
    }

    @Test(
        arguments: [
            (["eventgrid.azure.net"], "eventgrid.azure.net", true),
            (["eventgrid.azure.net"], "EventGrid.Azure.net", true),
            (["eventgrid.azure.net"], "eventgrid.azure.net.evil.com", false),
            (["eventgrid.azure.net"], "xeventgrid.azure.net", false),
            (["*.example.com"], "a.example.com", true),
            (["*.example.com"], "a.b.example.com", true),
            (["*.example.com"], "example.com", false),
            (["*.example.com"], "evilexample.com", false),
            (["*.example.com"], "a.example.com.evil.com", false),
            (["a.example", "*"], "anybody.at.all", true),
        ] as [([String], String, Bool)])
    func `an origin is let in by its whole name or its end`(
        origins: [String], origin: String, isLetIn: Bool
    ) throws {
        let source = bounds(Self.settings(origins, rate: 120))
        let answer = try request(["WebHook-Request-Origin: \(origin)"], source.answer)
        #expect(
            answer
                == (isLetIn
                    ? .granted(origin: origin, rate: 120) : .refused(.originNotAllowed)))
        let refusal = try request(["WebHook-Request-Origin: \(origin)"]) {
            source.origins?.refusal($0, $1, now: 0)
        }
        #expect(refusal == (isLetIn ? nil : .originNotAllowed))
    }

    @Test(
        arguments: [
            (["WebHook-Request-Origin: "], "WebHook-Request-Origin"),
            (["WebHook-Request-Origin: a b"], "WebHook-Request-Origin"),
            (["WebHook-Request-Origin: a", "webhook-request-origin: a"], "WebHook-Request-Origin"),
            (["WebHook-Request-Origin: a", "WebHook-Request-Rate: 0"], "WebHook-Request-Rate"),
            (["WebHook-Request-Origin: a", "WebHook-Request-Rate: -1"], "WebHook-Request-Rate"),
            (["WebHook-Request-Origin: a", "WebHook-Request-Rate: x"], "WebHook-Request-Rate"),
            (
                ["WebHook-Request-Origin: a", "WebHook-Request-Callback: http://a/"],
                "WebHook-Request-Callback"
            ),
        ] as [([String], String)])
    func `a field that can't be read is refused by its name`(lines: [String], field: String) throws
    {
        let answer = try request(lines, bounds(Self.settings(["a"])).answer)
        #expect(answer == .refused(.handshakeMalformed(field)))
    }

    @Test func `whoever isn't let in may wait for an operator, where that is wanted`() throws {
        let lines = [
            "WebHook-Request-Origin: b", "WebHook-Request-Rate: 10",
            "WebHook-Request-Callback: https://b.example/consent?id=1",
        ]
        var settings = Self.settings(["a"])
        #expect(
            try request(lines, bounds(settings).answer)
                == .undecided(origin: "b", callback: "https://b.example/consent?id=1"))
        settings.callback = .off
        #expect(try request(lines, bounds(settings).answer) == .refused(.originNotAllowed))
    }

    @Test(
        arguments: [
            ("a", "https://hooks.example/in?id=1", true), ("a", "https://HOOKS.example/", true),
            ("a", "https://other.example/", false), ("a", "https://hooks.example:8443/", false),
            ("a", "https://hooks.example.evil.example/", false),
            ("b", "https://hooks.example/in?id=1", false),
        ] as [(String, String, Bool)])
    func `only who is let in is called by itself, and only at a host that is named`(
        origin: String, callback: String, isCalled: Bool
    ) throws {
        var settings = Self.settings(["a"], rate: 60)
        (settings.callback, settings.callbackHosts) = (.auto, ["hooks.example"])
        let answer = try request(
            ["WebHook-Request-Origin: \(origin)", "WebHook-Request-Callback: \(callback)"],
            bounds(settings).answer)
        let other: Handshake.Answer =
            origin == "a"
            ? .granted(origin: "a", rate: 60) : .undecided(origin: origin, callback: callback)
        #expect(
            answer
                == (isCalled ? .calledBack(origin: "a", rate: 60, callback: callback) : other))
    }

    @Test(arguments: [
        "http://a/", "https://", "https://user@a/", "https://user:pass@a/", "https://a b/",
        "https://a\\@b/", "ftp://a/", "//a/", "https://ä/",
    ])
    func `an address that could be read in two ways is no callback`(callback: String) throws {
        let answer = try request(
            ["WebHook-Request-Origin: b", "WebHook-Request-Callback: \(callback)"],
            bounds(Self.settings(["a"])).answer)
        #expect(answer == .refused(.handshakeMalformed("WebHook-Request-Callback")))
    }

    @Test func `an operator's consent lets an origin in, at the rate of the others`() throws {
        let source = bounds(Self.settings(["a"], rate: 2)).admitting(origin: "New.Org")
        let lines = ["WebHook-Request-Origin: new.org"]
        #expect(try request(lines, source.answer) == .granted(origin: "new.org", rate: 2))
        func refusal(_ origin: String) throws -> BoundRefusal? {
            try request(["WebHook-Request-Origin: \(origin)"]) {
                source.origins?.refusal($0, $1, now: 0)
            }
        }
        #expect(try ["NEW.org", "new.org"].map(refusal) == [nil, nil])
        #expect(try refusal("new.org") == .rateLimited(30_000_000_000))
        #expect(try refusal("other.org") == .originNotAllowed)
    }

    @Test func `without the setting nothing is granted, and other questions are others`() throws {
        let origin = ["WebHook-Request-Origin: a"]
        #expect(try request(origin, bounds(nil).answer) == .refused(.handshakeOff))
        #expect(try request([], bounds(Self.settings(["a"])).answer) == nil)
    }

    @Test func `the rate that is granted holds for a whole item of the list`() throws {
        let origins = Origins(Self.settings(["a", "*.b"], rate: 2))
        func refusal(_ origin: String) throws -> BoundRefusal? {
            try request(["WebHook-Request-Origin: \(origin)"]) {
                origins.refusal($0, $1, now: 0)
            }
        }
        #expect(try ["a", "x.b", "y.b"].map(refusal) == [nil, nil, nil])
        #expect(try refusal("z.b") == .rateLimited(30_000_000_000))
        #expect(try ["a", "a"].map(refusal) == [nil, .rateLimited(30_000_000_000)])
    }

    @Test func `who must say where it's from has to, once`() throws {
        let origins = Origins(Self.settings(["a"], requires: true))
        let field = "WebHook-Request-Origin: a"
        for (lines, refusal) in [
            ([], .originMissing), ([field], nil), ([field, field], .originMissing),
        ] as [([String], BoundRefusal?)] {
            #expect(try request(lines) { origins.refusal($0, $1, now: 0) } == refusal)
        }
    }

    @Test func `a wait is told in whole seconds, and never as none`() {
        for (wait, seconds) in [(1, 1), (1_000_000_000, 1), (1_000_000_001, 2)] {
            var response = Response(status: 429)
            BoundRefusal.rateLimited(wait).addFields(to: &response)
            #expect(response.fieldLines == Array("Retry-After: \(seconds)\r\n".utf8))
        }
    }

    private func bounds(_ handshake: HandshakeSettings?) -> SourceBounds {
        var webhook = WebhookSettings(listeners: [0])
        webhook.handshake = handshake
        return SourceBounds(SourceSettings(name: "a", webhook: webhook))
    }
}
