import HTTP
import Testing

@testable import Webhooks

/// Signatures that vendors publish or that were computed with other programs.
struct SignatureVectorTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        var name: String
        var preset: SignatureScheme.Preset
        var secret: String
        var fields: [String: String]
        var body = fixture
        var now: Int64 = 1_700_000_000
        var query: String?
        var publicURL = ""
        var change: @Sendable (inout SignatureScheme) -> Void = { _ in }

        var testDescription: String { name }

        var scheme: SignatureScheme {
            var scheme = SignatureScheme(preset)
            scheme.publicURL = publicURL
            change(&scheme)
            return scheme
        }

        var request: WebhookRequest {
            WebhookRequest(
                query: query, fields: fields.map { ($0.key, $0.value) }, body: Array(body.utf8))
        }
    }

    static let fixture = #"{"hello":"world","n":1}"#
    static let secret = "test-secret-please-ignore"
    static let code = "d30673289119ecaae4915de387b0eec7d1c86a495afc13bdebc8b91ffb1a6ed2"
    static let gitHub = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    static let slackBody =
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        + "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        + "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        + "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    static let twilioForm =
        "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309"
        + "&CallSid=CA1234567890ABCDE"
    static let form = "application/x-www-form-urlencoded; charset=UTF-8"

    static let vectors = [
        Vector(
            name: "GitHub", preset: .github, secret: "It's a Secret to Everybody",
            fields: ["X-Hub-Signature-256": "sha256=\(gitHub)"], body: "Hello, World!"),
        Vector(
            name: "GitLab's token", preset: .gitlab, secret: secret,
            fields: ["X-Gitlab-Token": secret]),
        Vector(
            name: "Jira", preset: .jira, secret: "It's a Secret to Everybody",
            fields: [
                "X-Hub-Signature":
                    "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
            ], body: "Hello World!"),
        Vector(
            name: "Standard Webhooks", preset: .standardWebhooks,
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            fields: [
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ], body: #"{"test": 2432232314}"#, now: 1_614_265_330),
        Vector(
            name: "Standard Webhooks without a secret's prefix", preset: .standardWebhooks,
            secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            fields: [
                "webhook-id": "msg_1", "webhook-timestamp": "1700000000",
                "webhook-signature": "v1,x6wxym7lQ3TUDdUd1sPFXFybu60jbhzRc2Y4iz0k6kE=",
            ]),
        Vector(
            name: "Svix, more than ASCII", preset: .svix,
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            fields: [
                "svix-id": "msg_2", "svix-timestamp": "1700000000",
                "svix-signature": "v1,n843xcpKCNTftUYPNAA21FbPSbMc6+x7X+GGayY/vBY=",
            ], body: #"{"name":"Zoë 😀"}"#),
        Vector(
            name: "Standard Webhooks, asymmetric", preset: .standardWebhooks,
            secret: "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            fields: [
                "webhook-id": "msg_1", "webhook-timestamp": "1700000000",
                "webhook-signature":
                    "v1,AAAA v1a,mXhJVzL9MgWh2FQim+GiDOgESP1MyyJX/xQjslMUmDiWXC6GFknUMAlD0C0fySQ"
                    + "b4pC5neeXxycDhq6fZyC6Bg==",
            ]),
        Vector(
            name: "Stripe", preset: .stripe, secret: "whsec_test_stripe",
            fields: [
                "Stripe-Signature":
                    "t=1700000000,v1=95dbea35f2a422b7170cbf1e33527895bde73527d1c5f16fb0d24dd0"
                    + "c695188b,v0=00"
            ]),
        Vector(
            name: "Slack, public", preset: .slack, secret: "8f742231b10e8888abcd99yyyzzz85a5",
            fields: [
                "X-Slack-Request-Timestamp": "1531420618", "Content-Type": form,
                "X-Slack-Signature":
                    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ], body: slackBody, now: 1_531_420_618),
        Vector(
            name: "Slack, computed", preset: .slack, secret: secret,
            fields: [
                "X-Slack-Request-Timestamp": "1700000000",
                "X-Slack-Signature":
                    "v0=cc4fcfc1885ad7f3bf2a3c53555d9457a3f99d9ed37154cf648f076df41f1976",
            ]),
        Vector(
            name: "Shopify", preset: .shopify, secret: secret,
            fields: ["X-Shopify-Hmac-SHA256": "0wZzKJEZ7KrkkV3jh7Dux9HIakla/BO968i5H/sabtI="]),
        Vector(
            name: "PagerDuty", preset: .pagerduty, secret: secret,
            fields: ["X-PagerDuty-Signature": "v1=\(code)"]),
        Vector(
            name: "PagerDuty, rotating", preset: .pagerduty, secret: "old-secret",
            fields: [
                "X-PagerDuty-Signature":
                    "v1=\(code),v1=1e1ec07f5d06c237510d64afac729f2e98c455f0ffcb5518886eb3a5cbea96"
                    + "a0"
            ]),
        Vector(
            name: "Grafana", preset: .grafana, secret: secret,
            fields: ["X-Grafana-Alerting-Signature": code]),
        Vector(
            name: "Grafana with a time", preset: .grafana, secret: secret,
            fields: [
                "X-Grafana-Alerting-Signature":
                    "9037f635c63bbf1c7baa6dfd96335a7a8f0eb1f1a26cd277ed751ced69e3d795",
                "X-Grafana-Time": "1700000000",
            ],
            change: {
                $0.timestampHeader = "x-grafana-time"
                $0.signTimestampAsGrafana()
            }),
        Vector(
            name: "Gitea", preset: .gitea, secret: secret, fields: ["X-Gitea-Signature": code]),
        Vector(
            name: "Forgejo, upper case", preset: .forgejo, secret: secret,
            fields: ["X-Forgejo-Signature": code.uppercased()]),
        Vector(
            name: "Twilio's form", preset: .twilio, secret: "12345",
            fields: [
                "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "Content-Type": form,
            ], body: twilioForm, query: "foo=1&bar=2",
            publicURL: "https://mycompany.com/myapp.php"),
        Vector(
            name: "Twilio's other form", preset: .twilio, secret: "12345",
            fields: [
                "X-Twilio-Signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", "Content-Type": form,
            ],
            body:
                "Digits=1234&To=%2B18005551212&From=%2B12349013030&Caller=%2B12349013030"
                + "&CallSid=CA1234567890ABCDE", query: "foo=1&bar=2",
            publicURL: "https://mycompany.com/myapp.php"),
        Vector(
            name: "Twilio's JSON", preset: .twilio, secret: "12345",
            fields: ["X-Twilio-Signature": "w/wpTbWWrSVRt1oDHbYsLkT2GRI="],
            query: "bodySHA256=32b769982a3a6e2df120530b06dcbaf1e8f75e004ceea92ac3e91bd7a248d728",
            publicURL: "https://hooks.example.com/twilio"),
    ]

    private func verify(
        _ vector: Vector, _ request: WebhookRequest? = nil, now: Int64? = nil
    ) throws -> SignatureVerifier.Proof {
        let scheme = vector.scheme
        let keys = ["not-this-one-whsec_AAAA", vector.secret].compactMap {
            secret in try? SignatureKey(secret, for: scheme)
        }
        try #require(!keys.isEmpty)
        return try SignatureVerifier(scheme, keys: keys)
            .verify(request ?? vector.request, now: now ?? vector.now)
    }

    @Test(arguments: vectors) func `a published signature is good`(_ vector: Vector) throws {
        _ = try verify(vector)
    }

    @Test(arguments: vectors) func `of another body it's not`(_ vector: Vector) throws {
        guard vector.scheme.algorithm != .token else { return }
        var request = vector.request
        request.body[request.body.count - 1] ^= 1
        #expect(throws: SignatureFailure.self) { try verify(vector, request) }
    }

    @Test(arguments: vectors) func `cut short or longer it's not`(_ vector: Vector) throws {
        let header = vector.scheme.header
        for change in [
            { String($0.dropLast()) }, { $0 + "0" }, { String($0.dropLast(2)) }, { _ in "" },
        ]
            as [(String) -> String]
        {
            var request = vector.request
            let index = try #require(request.fields.firstIndex { $0.name == header })
            // Of a list, the one that counts must be the one that is changed.
            let value = request.fields[index].value.replacing(",v0=00", with: "")
            request.fields[index].value = change(value)
            #expect(throws: SignatureFailure.self) { try verify(vector, request) }
        }
    }

    @Test(arguments: vectors) func `twice or not at all it's missing`(_ vector: Vector) throws {
        let header = vector.scheme.header
        var request = vector.request
        request.fields += request.fields.filter { $0.name == header }
        #expect(throws: SignatureFailure.missing) { try verify(vector, request) }
        request.fields.removeAll { $0.name == header }
        #expect(throws: SignatureFailure.missing) { try verify(vector, request) }
    }

    @Test(arguments: vectors) func `out of its time it's not good`(_ vector: Vector) throws {
        guard vector.scheme.hasTimestamp else { return }
        _ = try verify(vector, now: vector.now + 300)
        _ = try verify(vector, now: vector.now - 300)
        for offset in [301, -301, 1_000_000] as [Int64] {
            #expect(throws: SignatureFailure.expired) {
                try verify(vector, now: vector.now + offset)
            }
        }
    }

    @Test(arguments: vectors) func `what it's signed with, it's checked with`(
        _ vector: Vector
    ) throws {
        guard !vector.secret.hasPrefix("whpk_") else { return }
        let key = try SignatureKey(vector.secret, for: vector.scheme)
        var request = vector.request
        let delivery = SignatureScheme.Delivery(
            id: request[vector.scheme.idHeader ?? "none"] ?? "none", time: vector.now)
        let fields = try vector.scheme.sign(request, keys: [key], delivery)
        request.fields.removeAll { field in fields.contains { $0.name == field.name } }
        request.fields += fields
        _ = try verify(vector, request)
    }
}
