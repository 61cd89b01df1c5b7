import Testing
import Webhooks

@testable import Configuration

/// How a webhook's sender signs and what makes events of its requests.
@Suite struct WebhookTests {
    static func text(_ webhook: String) -> String {
        Gateway(sources: "sources: [{name: hooks, webhook: \(webhook)}]\n").text
    }

    static func read(_ webhook: String) -> Outcome {
        ConfigurationTests.read(
            text(webhook), environment: ["KEY": "whsec_c2VjcmV0", "EMPTY": ""],
            files: ["key": "from a file\n", "empty": "\n"])
    }

    @Test(arguments: [
        "{}",
        "{adapter: none}",
        "{adapter: github, signature: {preset: github, secrets: [a, {file: key}, {env: KEY}]}}",
        "{signature: {preset: svix, secrets: [{env: KEY}], tolerance: 30s}}",
        "{signature: {preset: twilio, secrets: [a], publicUrl: 'https://a.example/x'}}",
        "{signature: {preset: grafana, secrets: [a], timestampHeader: X-Time}}",
        "{signature: {secrets: [a], header: X, algorithm: token}}",
        "{signature: {preset: custom, secrets: ['0aff'], secretEncoding: hex, header: X-Sign,"
            + " algorithm: hmac-sha512, encoding: base64url, prefix: 'v2=', separator: space,"
            + " payload: '{id}.{timestamp}.{header:X-Topic}.{body}', idHeader: X-Id,"
            + " timestampHeader: X-Time, timestampUnit: milliseconds}}",
        "{adapter: sns, signature: {preset: sns, sns: {topics: ['arn:aws:sns:eu-west-1:1:*'],"
            + " confirmation: auto, hosts: ['localhost:4566'], ca: key, certificate: key}}}",
        "{handshake: {origins: [a], callback: auto, callbackHosts: [a.example, 'b:8443'],"
            + " ca: key, allowPrivateAddresses: true}}",
        "{adapter: {template: {type: 'a.{header:X}[.{json:/b}]', source: /s, subject: '{uuid}'}}}",
        "{adapter: {each: /items, template: {source: '{path}', type: \"{item:/t|'x'}\"}}}",
        "{adapter: {each: '', template: {source: a, type: b}}}",
    ])
    func `what is said is read and shown`(_ webhook: String) throws {
        let outcome = Self.read(webhook)
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings)
        let shown = settings.maskedYAML
        for secret in ["whsec", "from a file", "0aff"] { #expect(!shown.contains(secret)) }
        // The mask is no secret, so it's replaced by one of the encoding.
        let secret = shown.contains("secretEncoding: hex") ? "0aff" : "c2VjcmV0"
        var again = ConfigurationTests.read(shown.replacing("\"***\"", with: "'\(secret)'"))
        let secrets = settings.sources[0].webhook?.signature?.secrets
        if let secrets { again.settings?.sources[0].webhook?.signature?.secrets = secrets }
        #expect(again.settings == settings, "\(again.lines)\n\(shown)")
    }

    @Test func `a preset is what the other keys don't say otherwise`() throws {
        let settings = try #require(
            Self.read("{signature: {preset: stripe, secrets: [a], tolerance: 10s, prefix: v9=}}")
                .settings)
        let signature = try #require(settings.sources[0].webhook?.signature)
        var scheme = SignatureScheme(.stripe)
        (scheme.prefix, scheme.tolerance) = ("v9=", .seconds(10))
        #expect(signature.scheme == scheme)
        _ = try signature.key(of: signature.secrets[0])
    }

    static let mistakes: [(String, String)] = [
        ("{signature: {}}", "the key 'secrets' is missing"),
        ("{signature: {preset: github}}", "the key 'secrets' is missing"),
        ("{signature: {preset: github, secrets: []}}", "the list is empty"),
        ("{signature: {preset: github, secrets: ['']}}", "the text is empty"),
        ("{signature: {preset: github, secrets: [{env: EMPTY}]}}", "'EMPTY' is empty"),
        ("{signature: {preset: github, secrets: [{env: NONE}]}}", "'NONE' is not set"),
        ("{signature: {preset: github, secrets: [{file: empty}]}}", "'empty' is empty"),
        ("{signature: {preset: github, secrets: [{file: none}]}}", "'none' can't be read"),
        ("{signature: {preset: github, secrets: [ChangeMe]}}", "one that anyone would try"),
        ("{signature: {preset: github, secrets: ['***']}}", "one that anyone would try"),
        ("{signature: {preset: svix, secrets: [whsec_]}}", "the secret is empty"),
        ("{signature: {preset: svix, secrets: ['a b']}}", "the secret isn't written in whsec"),
        ("{signature: {preset: svix, secrets: [whpk_c2VjcmV0]}}", "no public key of 32 octets"),
        ("{signature: {preset: gihub, secrets: [a]}}", "did you mean 'github'?"),
        ("{signature: {secrets: [a]}}", "the key 'header' is missing"),
        ("{signature: {secrets: [a], header: 'X Y'}}", "'X Y' is not a field's name"),
        ("{signature: {preset: twilio, secrets: [a]}}", "the key 'publicUrl' is missing"),
        (
            "{signature: {preset: twilio, secrets: [a], publicUrl: 'https://a/?b'}}",
            "the URI has a query"
        ),
        ("{signature: {preset: github, secrets: [a], payload: x}}", "doesn't cover the body"),
        (
            "{signature: {preset: github, secrets: [a], payload: '{url}'}}",
            "doesn't cover the body"
        ),
        (
            "{signature: {preset: github, secrets: [a], payload: '{timestamp}{body}'}}",
            "the payload has {timestamp}, but there is no 'timestampHeader'"
        ),
        (
            "{signature: {preset: github, secrets: [a], timestampHeader: X-Time}}",
            "the payload has no {timestamp}, so anyone could change what 'timestampHeader' names"
        ),
        (
            "{signature: {preset: github, secrets: [a], idHeader: X-Id}}",
            "the payload has no {id}, so anyone could change what 'idHeader' names"
        ),
        ("{signature: {preset: github, secrets: [a], payload: '{bdy}'}}", "'{bdy}' is not known"),
        ("{signature: {preset: github, secrets: [a], payload: '{'}}", "a half of a pair"),
        ("{signature: {preset: github, secrets: [a], algorithm: md5}}", "'md5' is not one of"),
        ("{signature: {preset: github, secrets: [a], tolerance: 2h}}", "too large"),
        ("{signature: {preset: sns}}", "the key 'sns' is missing"),
        ("{signature: {preset: sns, sns: {}}}", "the key 'topics' is missing"),
        ("{signature: {preset: sns, sns: {topics: []}}}", "the list is empty"),
        ("{signature: {preset: sns, sns: {topics: [alarms]}}}", "'alarms' is not a topic's name"),
        (
            "{signature: {preset: sns, sns: {topics: ['arn:aws:sns:*']}}}",
            "'arn:aws:sns:*' is not a topic's name"
        ),
        (
            "{signature: {preset: sns, sns: {topics: ['arn:aws:sns:*:1:t']}}}",
            "is not a topic's name"
        ),
        (
            "{signature: {preset: sns, secrets: [a], sns: {topics: ['arn:aws:sns:r:1:t']}}}",
            "'secrets' has no meaning for Amazon SNS"
        ),
        (
            "{signature: {preset: sns, sns: {topics: ['arn:aws:sns:r:1:t'], hosts: ['a/b']}}}",
            "'a/b' is not a host"
        ),
        (
            "{signature: {preset: github, secrets: [a], sns: {topics: ['arn:aws:sns:r:1:t']}}}",
            "'sns' has no meaning without 'preset: sns'"
        ),
        (
            "{handshake: {origins: [a], callback: auto}}",
            "'callback: auto' and 'callbackHosts' need each other"
        ),
        (
            "{handshake: {origins: [a], callbackHosts: [b]}}",
            "'callback: auto' and 'callbackHosts' need each other"
        ),
        ("{adapter: gitea}", "'gitea' is not one of none, github"),
        ("{adapter: {}}", "the key 'template' is missing"),
        ("{adapter: {template: {}}}", "the keys 'source' and 'type' are missing"),
        ("{adapter: {template: {type: a, source: b}, each: x}}", "'x' is not a JSON pointer"),
        ("{adapter: {template: {type: a, source: b, data: c}}}", "'data' is no attribute"),
        ("{adapter: {template: {type: a, source: b, my-ext: c}}}", "'my-ext' is no attribute"),
        ("{adapter: {template: {type: '{json:a}', source: b}}}", "'{json:a}' is not known here"),
        ("{adapter: {template: {type: '[a', source: b}}}", "a half of a pair"),
        ("{adapter: {templat: {}}}", "did you mean 'template'?"),
        ("{adapter: [github]}", "expected a single value, found a list"),
    ]

    @Test(arguments: mistakes) func `a mistake is told`(_ webhook: String, _ text: String) {
        let outcome = Self.read(webhook)
        #expect(outcome.settings == nil)
        #expect(outcome.lines.contains { $0.contains(text) }, "\(outcome.lines)")
    }

    @Test func `no mistake tells a secret`() {
        let outcome = Self.read("{signature: {preset: svix, secrets: ['my own key', whsec_?x]}}")
        #expect(outcome.lines.count == 2)
        #expect(!outcome.lines.joined().contains("my own"))
        #expect(!outcome.lines.joined().contains("?x"))
    }

    @Test func `a webhook with signatures is not open`() {
        let listeners = "listeners: [{name: all, address: '0.0.0.0:8080'}]\n"
        for (signature, isOpen) in [("{}", true), ("{preset: github, secrets: [a]}", false)] {
            let webhook = isOpen ? "{}" : "{signature: \(signature)}"
            let outcome = ConfigurationTests.read(
                Gateway(
                    listeners: listeners,
                    sources: "sources: [{name: hooks, webhook: \(webhook)}]\n"
                ).text)
            #expect(outcome.codes.contains(.openEndpoint) == isOpen)
        }
    }
}
