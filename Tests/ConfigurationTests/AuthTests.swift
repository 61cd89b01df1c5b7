import Testing

@testable import Configuration

/// Who may send to a webhook.
@Suite struct AuthTests {
    private func webhook(_ text: String, files: [String: String] = [:]) -> Outcome {
        read(
            Gateway(sources: "sources: [{name: hooks, webhook: {\(text)}}]\n").text, files: files)
    }

    @Test func `each way is read`() throws {
        let outcome = webhook(
            "auth: [{basic: {username: u, password: old}}, {basic: {username: u, password: new}}, "
                + "{bearer: {tokens: [a, {file: /t}], query: true}}, "
                + "{jwt: {issuer: 'https://i', audience: a, jwks: {file: k}, scopes: [x, y:z]}}, "
                + "{jwt: {issuer: i, audience: a, jwks: {url: 'https://i/k', ca: c}, leeway: 5s}}]",
            files: ["/t": "token\n"])
        var fromFile = TokenSettings(issuer: "https://i", audience: "a", jwks: .file("k"))
        fromFile.scopes = ["x", "y:z"]
        var fetched = TokenSettings(
            issuer: "i", audience: "a", jwks: .url("https://i/k", authorities: "c"))
        fetched.leeway = .seconds(5)
        let webhook = try #require(outcome.settings?.sources[0].webhook, "\(outcome.lines)")
        #expect(
            webhook.auth == [
                .basic(username: "u", password: Secret("old")),
                .basic(username: "u", password: Secret("new")),
                .bearer(tokens: [Secret("a"), Secret("token")], isInQuery: true),
                .jwt(fromFile), .jwt(fetched),
            ])
        guard case .bearer(let tokens, _) = webhook.auth[2] else { return }
        #expect(tokens.map(\.file) == [nil, "/t"])
    }

    @Test func `what is shown is read as the same, but for its masks`() throws {
        let text =
            "allowPeers: [10.0.0.0/8, '::1'], failedAttempts: {perMinute: 0}, "
            + "auth: [{bearer: {tokens: ['***', '***'], query: true}}, "
            + "{jwt: {issuer: i, audience: a, jwks: {url: 'https://i/k', ca: c}, scopes: [s]}}, "
            + "{jwt: {issuer: i, audience: a, jwks: {file: k}, leeway: 0s}}]"
        let settings = try #require(webhook(text).settings)
        #expect(
            settings.sources[0].webhook?.allowPeers.map(\.description) == ["10.0.0.0/8", "::1/128"])
        #expect(settings.sources[0].webhook?.failedAttempts.perMinute == 0)
        #expect(read(settings.maskedYAML).settings == settings)
    }

    @Test func `all addresses are let in, and guesses limited, unless it says otherwise`() throws {
        let settings = try #require(webhook("").settings?.sources[0].webhook)
        #expect(settings.allowPeers == AddressBlock.everyone)
        #expect(settings.allowPeers.map(\.description) == ["0.0.0.0/0", "::/0"])
        #expect(settings.failedAttempts.perMinute == 60)
    }

    /// Row 195.
    @Test(
        arguments: [
            ("auth: [{bearer: {tokens: []}}]", .missingKey), ("auth: [{bearer: {}}]", .missingKey),
            ("auth: [{bearer: {tokens: ['']}}]", .secretUnavailable),
            ("auth: [{bearer: {tokens: [{file: /none}]}}]", .secretUnavailable),
            ("auth: [{bearer: {tokens: [{file: /empty}]}}]", .secretUnavailable),
            ("auth: [{bearer: {tokens: [{env: NONE}]}}]", .secretUnavailable),
            ("auth: [{bearer: {tokens: [a], query: 1}}]", .invalidValue),
            ("auth: [{bearer: {tokens: [a]}, basic: {username: u, password: p}}]", .conflict),
            ("auth: [{jwt: {issuer: i, audience: a}}]", .missingKey),
            ("auth: [{jwt: {issuer: i, jwks: {file: k}}}]", .missingKey),
            ("auth: [{jwt: {issuer: '', audience: a, jwks: {file: k}}}]", .invalidValue),
            ("auth: [{jwt: {issuer: i, audience: a, jwks: {}}}]", .missingKey),
            (
                "auth: [{jwt: {issuer: i, audience: a, jwks: {file: k, url: 'https://k'}}}]",
                .conflict
            ),
            ("auth: [{jwt: {issuer: i, audience: a, jwks: {file: k, ca: c}}}]", .conflict),
            ("auth: [{jwt: {issuer: i, audience: a, jwks: {url: 'http://k'}}}]", .invalidValue),
            (
                "auth: [{jwt: {issuer: i, audience: a, jwks: {url: 'http://127.evil'}}}]",
                .invalidValue
            ),
            ("auth: [{jwt: {issuer: i, audience: a, jwks: {url: k}}}]", .invalidValue),
            ("auth: [{jwt: {issuer: i, audience: a, jwks: {file: k}, leeway: 61s}}]", .outOfRange),
            (
                "auth: [{jwt: {issuer: i, audience: a, jwks: {file: k}, scopes: [a b]}}]",
                .invalidValue
            ),
            (
                "auth: [{jwt: {issuer: i, audience: a, jwks: {file: k}, scopes: ['\"']}}]",
                .invalidValue
            ),
            ("allowPeers: []", .missingKey), ("allowPeers: [a]", .invalidValue),
            ("allowPeers: [10.0.0.1/8]", .invalidValue),
            ("failedAttempts: {perMinute: -1}", .outOfRange),
        ] as [(String, Diagnostic.Code)])
    func `what would let everyone or nobody in is a mistake`(text: String, code: Diagnostic.Code) {
        let outcome = webhook(text, files: ["/empty": "\n"])
        #expect(outcome.codes == [code], "\(outcome.lines)")
    }

    @Test(arguments: ["http://127.0.0.1:1/k", "http://[::1]/k", "http://localhost:8080/k"])
    func `keys come by http from this machine`(url: String) {
        let text = "auth: [{jwt: {issuer: i, audience: a, jwks: {url: '\(url)'}}}]"
        #expect(webhook(text).settings != nil)
    }

    @Test func `operators prove themselves by passwords and texts`() {
        func admin(_ item: String) -> Outcome {
            read(Gateway(rest: "admin: {auth: [\(item)]}\n").text)
        }
        #expect(admin("{bearer: {tokens: [t]}}").codes == [])
        #expect(admin("{jwt: {issuer: i, audience: a, jwks: {file: k}}}").codes == [.conflict])
    }

    @Test func `only trusted proxies speak the PROXY protocol`() {
        func listener(_ rest: String) -> Outcome {
            read(
                Gateway(
                    listeners:
                        "listeners: [{name: local, address: '127.0.0.1:8080', \(rest)}]\n"
                ).text)
        }
        let outcome = listener("proxyProtocol: true, trustedProxies: [10.0.0.0/8]")
        #expect(outcome.settings?.listeners[0].proxyProtocol == true, "\(outcome.lines)")
        #expect(listener("proxyProtocol: true").codes == [.conflict])
        #expect(listener("proxyProtocol: true, trustedProxies: []").codes == [.conflict])
        #expect(listener("proxyProtocol: false").codes == [])
    }

    @Test func `a secret is read again from its file, or stays`() throws {
        let files = ["/a": Array("new\n".utf8), "/b": []]
        func read(_ path: String) throws -> [UInt8] {
            struct Missing: Error {}
            guard let octets = files[path] else { throw Missing() }
            return octets
        }
        #expect(try Secret("old", file: "/a").readAgain(by: read) == Secret("new"))
        #expect(try Secret("old", file: "/a").readAgain(by: read).file == "/a")
        #expect(try Secret("old").readAgain(by: read) == Secret("old"))
        for path in ["/b", "/c"] {
            #expect(throws: SecretUnavailable.self) {
                try Secret("old", file: path).readAgain(by: read)
            }
        }
    }
}
