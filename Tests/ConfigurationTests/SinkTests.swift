import Testing
import Webhooks

@testable import Configuration

@Suite struct SinkTests {
    private static let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test func `a sink's every key is read`() throws {
        let outcome = sink(
            """
            uri: 'https://a.example/in', contentMode: structured,
            auth: {oauth2: {tokenURL: 'https://b.example/token', clientID: c,
              clientSecret: {env: SECRET}, scope: 'a b', audience: d, clientAuthentication: body,
              ca: ca.crt}},
            signing: {secrets: [\(Self.key)]}, allowPrivateAddresses: false,
            webhook: {origin: Veer.Example, rate: 120, validity: 1h}, ordering: partitionkey,
            retryBudget: {percent: 50, perSecond: 5}
            """, environment: ["SECRET": "s3"])
        #expect(outcome.lines == [])
        let settings = try #require(outcome.http)
        var oauth2 = OAuth2Settings()
        oauth2.tokenURL = "https://b.example/token"
        (oauth2.clientID, oauth2.clientSecret) = ("c", Secret("s3"))
        (oauth2.scope, oauth2.audience, oauth2.ca) = ("a b", "d", "ca.crt")
        oauth2.clientAuthentication = .body
        #expect(settings.auth == .oauth2(oauth2))
        #expect(settings.signing?.preset == .standardWebhooks)
        #expect(settings.signing?.keys.count == 1)
        #expect(!settings.allowPrivateAddresses)
        #expect(settings.webhook?.origin == "veer.example")
        #expect(settings.webhook?.rate == 120)
        #expect(settings.webhook?.validity == .seconds(3600))
        #expect(settings.ordering == "partitionkey")
        #expect(settings.retryBudget.percent == 50)
        #expect(settings.retryBudget.perSecond == 5)
    }

    @Test func `passwords and tokens stand there, in files or in the environment`() throws {
        let basic = sink("uri: 'https://a', auth: {basic: {username: u, password: p}}")
        #expect(basic.http?.auth == .basic(username: "u", password: Secret("p")))
        let bearer = sink("uri: 'https://a', auth: {bearer: {file: t}}", files: ["t": "abc\n"])
        #expect(bearer.http?.auth == .bearer(Secret("abc")))
        #expect(bearer.http?.secrets.map(\.file) == ["t"])
    }

    @Test func `batches are read, and their defaults`() {
        let outcome = sink("uri: 'https://a', batch: {}")
        #expect(outcome.lines == [])
        #expect(outcome.http?.batch == BatchSettings())
        #expect(outcome.http?.batch?.events == 100)
        #expect(sink("uri: 'https://a'").http?.batch == nil)
    }

    @Test func `no secret is ever shown`() throws {
        for auth in [
            "{basic: {username: u, password: s3cret}}", "{bearer: s3cret}",
            "{oauth2: {tokenURL: 'https://b?key=s3cret', clientID: c, clientSecret: s3cret}}",
        ] {
            let outcome = sink("uri: 'https://a?x=s3cret', auth: \(auth)")
            let shown = try #require(outcome.settings).maskedYAML
            #expect(!shown.contains("s3cret"), "\(shown)")
            #expect(shown.contains("***"))
        }
    }

    @Test func `a way that sinks can't be convinced in is refused, and not repeated`() {
        let outcome = sink("uri: 'https://a', auth: {digest: {}}")
        #expect(outcome.codes == [.missingKey, .unknownKey], "\(outcome.lines)")
        #expect(!outcome.lines.joined().contains("digest"))
    }

    @Test(arguments: [
        ("auth: {}", "auth needs one of 'basic', 'bearer', 'oauth2'"),
        ("auth: {bearer: a, basic: {username: u, password: p}}", "can't be both"),
        ("auth: {basic: {username: u}}", "the key 'password' is missing"),
        ("auth: {bearer: {env: NONE}}", "the environment variable 'NONE' is not set"),
        ("auth: {oauth2: {tokenURL: nowhere, clientID: a, clientSecret: b}}", "not absolute"),
        ("contentMode: structured, signing: {secrets: []}", "the list is empty"),
        ("batch: {}, signing: {secrets: ['whsec_?']}", "isn't written as standard-webhooks has it"),
        ("batch: {}, signing: {preset: twilio, secrets: [a]}", "signed to as twilio does"),
        ("webhook: {}", "the key 'origin' is missing"),
        ("webhook: {origin: 'a b'}", "is not a name of a system"),
        ("webhook: {origin: a, rate: -1}", "too small"),
        ("ordering: 'Data!'", "is no attribute of an event"),
        ("ordering: data", "is no attribute of an event"),
        ("batch: {events: 0}", "too small"),
        ("batch: {}, contentMode: binary", "'contentMode' has no meaning beside 'batch'"),
        ("retryBudget: {perSecond: 0}", "too small"),
        ("allowPrivateAddresses: maybe", "is not a boolean"),
    ])
    func `what can't be meant is refused`(keys: String, sentence: String) {
        let outcome = sink("uri: 'https://a', \(keys)")
        #expect(outcome.settings == nil)
        #expect(outcome.lines.count == 1, "\(outcome.lines)")
        #expect(outcome.lines.first?.contains(sentence) == true, "\(outcome.lines)")
    }

    @Test(arguments: [
        ("http://a.example", true), ("http://localhost.example", true),
        ("https://a.example", false),
        ("http://localhost:1/x", false), ("http://127.1.2.3", false), ("http://[::1]:80", false),
    ])
    func `credentials in clear are warned of, but not on this machine`(uri: String, warns: Bool) {
        let outcome = sink("uri: '\(uri)', auth: {bearer: abc}")
        #expect(outcome.settings != nil)
        #expect(outcome.codes == (warns ? [.insecure] : []), "\(outcome.lines)")
    }

    @Test func `a token's server in clear and a half signature are warned of`() {
        let oauth2 = "{oauth2: {tokenURL: 'http://b', clientID: c, clientSecret: d}}"
        #expect(sink("uri: 'https://a', auth: \(oauth2)").codes == [.insecure])
        let signing = "signing: {secrets: [\(Self.key)]}"
        #expect(sink("uri: 'https://a', \(signing)").codes == [.insecure])
        #expect(sink("uri: 'https://a', contentMode: structured, \(signing)").codes == [])
        #expect(sink("uri: 'https://a', batch: {}, \(signing)").codes == [])
    }

    @Test func `secrets are read from their files again`() throws {
        let before = try #require(
            sink(
                "uri: 'https://a', auth: {bearer: {file: t}}, signing: {secrets: [{file: k}]}, "
                    + "contentMode: structured", files: ["t": "old", "k": Self.key]
            ).http)
        struct Gone: Error {}
        let after = try before.readingSecretsAgain { path in
            Array((path == "t" ? "new" : Self.key).utf8)
        }
        #expect(after.auth == .bearer(Secret("new")))
        #expect(after.signing == before.signing)
        #expect(throws: SecretUnavailable.self) {
            try before.readingSecretsAgain { _ in throw Gone() }
        }
        #expect(throws: SecretUnavailable.self) {
            try before.readingSecretsAgain { _ in Array("whsec_%".utf8) }
        }
    }

    // MARK: - Delivery

    @Test func `a route's statuses, age and jitter are read`() throws {
        let outcome = delivery(
            "{statuses: {409: deliver, 404: deadLetter}, maxAge: 24h, jitter: full}")
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings?.routes[0].delivery)
        #expect(settings.statuses == [409: .deliver, 404: .deadLetter])
        #expect(settings.maxAge == .seconds(86_400))
        #expect(settings.jitter == .full)
        let shown = try #require(outcome.settings).maskedYAML
        #expect(read(shown).settings == outcome.settings, "\(shown)")
    }

    @Test(arguments: [
        ("{statuses: {99: retry}}", "'99' is not a status"),
        ("{statuses: {4xx: retry}}", "'4xx' is not a status"),
        ("{statuses: {400: drop}}", "'drop' is not one of deliver, retry, deadLetter"),
        ("{statuses: [400]}", "expected a mapping"),
        ("{maxAge: 100000h}", "too large"),
        ("{jitter: some}", "'some' is not one of none, fifth, full"),
    ])
    func `a delivery that can't be meant is refused`(text: String, sentence: String) {
        let outcome = delivery(text)
        #expect(outcome.settings == nil)
        #expect(outcome.lines.first?.contains(sentence) == true, "\(outcome.lines)")
    }

    // MARK: - Helpers

    private func sink(
        _ keys: String, environment: [String: String] = [:], files: [String: String] = [:]
    ) -> Outcome {
        read(
            Gateway(sinks: "sinks: [{name: console, \(keys)}]\n").text, environment: environment,
            files: files)
    }

    private func delivery(_ text: String) -> Outcome {
        read(Gateway(routes: "routes: [{name: all, to: [console], delivery: \(text)}]\n").text)
    }
}

extension Outcome {
    fileprivate var http: HTTPSinkSettings? {
        guard case .uri(let http)? = settings?.sinks.first?.target else { return nil }
        return http
    }
}
