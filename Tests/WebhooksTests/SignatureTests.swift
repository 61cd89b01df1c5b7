import Testing

@testable import Webhooks

struct SignatureTests {
    static let body = Array("body".utf8)

    private func verify(
        _ scheme: SignatureScheme, secrets: [String] = ["secret"],
        _ fields: [(name: String, value: String)], now: Int64 = 1000
    ) throws -> SignatureVerifier.Proof {
        let keys = try secrets.map { try SignatureKey($0, for: scheme) }
        return try SignatureVerifier(scheme, keys: keys)
            .verify(WebhookRequest(fields: fields, body: Self.body), now: now)
    }

    private func sign(
        _ scheme: SignatureScheme, _ secret: String = "secret", id: String = "id",
        time: Int64 = 1000
    ) throws -> [(name: String, value: String)] {
        try scheme.sign(
            WebhookRequest(body: Self.body),
            keys: [try SignatureKey(secret, for: scheme, signs: true)],
            .init(id: id, time: time))
    }

    @Test func `any of several secrets is good, and it's told which`() throws {
        let scheme = SignatureScheme(.github)
        for (index, secret) in ["one", "two", "three"].enumerated() {
            let proof = try verify(
                scheme, secrets: ["one", "two", "three"], try sign(scheme, secret))
            #expect(proof.key == index)
        }
    }

    /// Row 190.
    @Test func `of a list, the first four are looked at`() throws {
        let scheme = SignatureScheme(.pagerduty)
        let good = try sign(scheme)[0].value
        let bad = [String](repeating: "v1=00", count: 4)
        let fields = { (list: [String]) in [(scheme.header, list.joined(separator: ", "))] }
        _ = try verify(scheme, fields(bad.dropLast() + [good]))
        _ = try verify(scheme, fields(["v2=other", "x", "v3=", "v9=", good]))
        #expect(throws: SignatureFailure.mismatch) { try verify(scheme, fields(bad + [good])) }
    }

    /// Row 190.
    @Test(arguments: ["sha1=", "sha512=", "", "SHA256=", "md5="])
    func `another prefix is malformed`(_ prefix: String) throws {
        let scheme = SignatureScheme(.github)
        let code = try sign(scheme)[0].value.dropFirst("sha256=".count)
        #expect(throws: SignatureFailure.malformed) {
            try verify(scheme, [(scheme.header, prefix + code)])
        }
    }

    /// Row 193.
    @Test func `SHA-1 in its own field doesn't count`() throws {
        var old = SignatureScheme(.github)
        (old.header, old.algorithm, old.prefix) = ("x-hub-signature", .hmacSHA1, "sha1=")
        let fields = try sign(old)
        #expect(throws: SignatureFailure.missing) {
            try verify(SignatureScheme(.github), fields)
        }
        _ = try verify(old, fields)
    }

    /// Row 192.
    @Test(arguments: ["", "x", "-1000", "+1000", "1e3", "1000.0", "9999999999999999", " 1000"])
    func `a time that is none is not good`(_ time: String) throws {
        let scheme = SignatureScheme(.slack)
        var fields = try sign(scheme)
        fields[0].value = time
        #expect(throws: SignatureFailure.self) { try verify(scheme, fields) }
    }

    @Test func `a time that isn't the one that was signed is a mismatch`() throws {
        for preset in [SignatureScheme.Preset.slack, .standardWebhooks, .svix] {
            let scheme = SignatureScheme(preset)
            let secret = preset == .slack ? "secret" : "whsec_c2VjcmV0"
            var fields = try sign(scheme, secret, time: 500)
            let index = try #require(fields.firstIndex { $0.name.hasSuffix("timestamp") })
            fields[index].value = "1000"
            #expect(throws: SignatureFailure.mismatch) {
                try verify(scheme, secrets: [secret], fields)
            }
        }
    }

    @Test func `an identifier with a dot could be divided in two ways`() throws {
        let scheme = SignatureScheme(.standardWebhooks)
        let fields = try sign(scheme, "whsec_c2VjcmV0", id: "a.1")
        #expect(throws: SignatureFailure.malformed) {
            try verify(scheme, secrets: ["whsec_c2VjcmV0"], fields)
        }
    }

    @Test func `a time can count milliseconds`() throws {
        var scheme = SignatureScheme(.slack)
        scheme.timestampUnit = .milliseconds
        let fields = try sign(scheme)
        #expect(fields[0].value == "1000000")
        _ = try verify(scheme, fields)
    }

    @Test(arguments: SignatureScheme.Algorithm.allCases, SignatureScheme.Encoding.allCases)
    func `a custom scheme has any algorithm and encoding`(
        _ algorithm: SignatureScheme.Algorithm, _ encoding: SignatureScheme.Encoding
    ) throws {
        guard algorithm != .ed25519 else { return }
        var scheme = SignatureScheme(.custom)
        (scheme.header, scheme.algorithm, scheme.encoding) = ("x-sign", algorithm, encoding)
        let fields = try sign(scheme)
        _ = try verify(scheme, fields)
        #expect(throws: SignatureFailure.mismatch) {
            try verify(scheme, secrets: ["other"], fields)
        }
    }

    @Test func `a custom scheme can be asymmetric`() throws {
        var scheme = SignatureScheme(.custom)
        (scheme.header, scheme.algorithm) = ("x-signature-ed25519", .ed25519)
        scheme.secretEncoding = .hex
        scheme.timestampHeader = "x-signature-timestamp"
        scheme.payload = try Template("{timestamp}{body}")
        // RFC 8032 §7.1, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        let known = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        let fields = try sign(scheme, seed)
        _ = try verify(scheme, secrets: [known], fields)
        #expect(throws: SignatureFailure.mismatch) {
            try verify(scheme, secrets: [seed], fields)
        }
    }

    @Test func `a header can be under the signature and must then be there`() throws {
        var scheme = SignatureScheme(.custom)
        scheme.header = "x-sign"
        scheme.payload = try Template("{header:X-Topic}\n{body}")
        let signed = WebhookRequest(fields: [("X-Topic", "t")], body: Self.body)
        let fields = try scheme.sign(
            signed, keys: [try SignatureKey("secret", for: scheme)], .init(id: "", time: 0))
        _ = try verify(scheme, fields + signed.fields)
        #expect(throws: SignatureFailure.mismatch) {
            try verify(scheme, fields + [("x-topic", "other")])
        }
        #expect(throws: SignatureFailure.missing) { try verify(scheme, fields) }
    }

    /// Row 194.
    @Test(arguments: [
        ("{}", "application/json", "a=1"), ("{}", "application/json", "bodySHA256=00"),
        ("{}", "text/plain", "bodySHA256="),
    ])
    func `an address alone doesn't cover a body`(
        _ body: String, _ type: String, _ query: String
    ) throws {
        let scheme = SignatureScheme(.twilio)
        let request = WebhookRequest(
            query: query, fields: [("content-type", type), (scheme.header, "AAAA")],
            body: Array(body.utf8))
        let key = try SignatureKey("secret", for: scheme)
        #expect(throws: SignatureFailure.malformed) {
            try SignatureVerifier(scheme, keys: [key]).verify(request, now: 0)
        }
    }

    // MARK: - Secrets

    @Test(arguments: [
        ("", SignatureScheme.Preset.github, SignatureKey.Failure.empty),
        ("whsec_", .standardWebhooks, .empty), ("whsec_?", .standardWebhooks, .malformed),
        ("not base64", .svix, .malformed), ("whpk_c2VjcmV0", .svix, .wrongLength),
    ])
    func `a secret that is none is refused`(
        _ text: String, _ preset: SignatureScheme.Preset, _ failure: SignatureKey.Failure
    ) {
        #expect(throws: failure) { try SignatureKey(text, for: SignatureScheme(preset)) }
    }

    // MARK: - Replays

    private func proof(_ id: UInt8) -> SignatureVerifier.Proof { .init(key: 0, id: [id]) }

    @Test func `what was accepted is remembered for its time`() {
        var cache = ReplayCache()
        #expect(!cache.contains(proof(1), now: 0))
        cache.insert(proof(1), now: 0, seconds: 10)
        #expect(cache.contains(proof(1), now: 10))
        #expect(!cache.contains(proof(1), now: 11))
        #expect(!cache.contains(.init(key: 1, id: [1]), now: 0))
        cache.insert(proof(2), now: 11, seconds: 10)
        #expect(cache.count == 1)
    }

    @Test func `a full cache forgets the oldest`() {
        var cache = ReplayCache(capacity: 3)
        for id in 0..<UInt8(100) { cache.insert(proof(id), now: 0, seconds: 10) }
        #expect(cache.count == 3)
        #expect(cache.contains(proof(99), now: 0))
        #expect(!cache.contains(proof(96), now: 0))
    }
}
