import Testing

@testable import Authentication

@Suite struct KeySetTests {
    private static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    private static let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    private static let good = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(x)\",\"y\":\"\(y)\"}"

    private func keys(_ keys: String..., allowsSecrets: Bool = false) throws -> KeySet {
        try KeySet(
            Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), allowsSecrets: allowsSecrets)
    }

    private func good(_ more: String) -> String { Self.good.dropLast() + "," + more + "}" }

    private func rsa(octets: Int, exponent: String = "AQAB", more: String = "") -> String {
        // An odd number with its highest bit set.
        let modulus = String(repeating: "_", count: octets / 3 * 4)
        return "{\"kty\":\"RSA\",\"e\":\"\(exponent)\",\"n\":\"\(modulus)\"\(more)}"
    }

    @Test func `keys that aren't understood are left out`() throws {
        let set = try keys(
            "{\"kty\":\"new\"}", "1", "{}", Self.good, good("\"use\":\"enc\""),
            good("\"key_ops\":[\"sign\"]"), good("\"alg\":\"RS256\""), good("\"alg\":1"),
            good("\"kid\":1"), "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
            "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"\(Self.x)\"}",
            good("\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"ES256\",\"kid\":\"k\""))
        #expect(set.keys.map(\.keyID) == [nil, "k"])
    }

    @Test func `a key is for one algorithm`() throws {
        let set = try keys(
            rsa(octets: 258), rsa(octets: 258, more: ",\"alg\":\"PS256\""), Self.good)
        #expect(set.keys.map(\.algorithm) == [.rs256, .ps256, .es256])
        for algorithm in ["HS256", "none", "RS1", "RS512", "ES256"] {
            #expect(throws: KeySet.Failure.noUsableKey) {
                try keys(rsa(octets: 258, more: ",\"alg\":\"\(algorithm)\""))
            }
        }
    }

    @Test func `what is too weak, or would keep a thread busy, is no key`() throws {
        for weak in [
            rsa(octets: 129), rsa(octets: 255), rsa(octets: 1_026),
            rsa(octets: 258, exponent: "AQ"),
            rsa(octets: 258, exponent: "Ag"), rsa(octets: 258, exponent: "AQAAAAE"),
            rsa(octets: 258, exponent: ""),
            "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
            // Not on the curve, or no coordinates.
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(Self.y)\",\"y\":\"\(Self.x)\"}",
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(Self.x)\",\"y\":\"AA\"}",
            "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
        ] {
            #expect(throws: KeySet.Failure.noUsableKey) { try keys(weak, allowsSecrets: true) }
        }
        #expect(try keys(rsa(octets: 256 + 2)).keys.count == 1)
    }

    @Test func `secrets are for files`() throws {
        let secret = "{\"kty\":\"oct\",\"k\":\"\(Self.x)\"}"
        #expect(try keys(secret, allowsSecrets: true).keys.count == 1)
        #expect(throws: KeySet.Failure.noUsableKey) { try keys(secret) }
    }

    /// Row 189.
    @Test func `a set has limits`() throws {
        let many = Array(repeating: Self.good, count: 33)
        #expect(throws: KeySet.Failure.tooManyKeys) {
            try KeySet(
                Array("{\"keys\":[\(many.joined(separator: ","))]}".utf8), allowsSecrets: false)
        }
        for text in ["", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]", "<html>"] {
            #expect(throws: KeySet.Failure.malformed) {
                try KeySet(Array(text.utf8), allowsSecrets: true)
            }
        }
        #expect(throws: KeySet.Failure.noUsableKey) { try keys() }
        let large = "{\"keys\":[\(Self.good)]}" + String(repeating: " ", count: 1_048_576)
        #expect(throws: KeySet.Failure.malformed) {
            try KeySet(Array(large.utf8), allowsSecrets: false)
        }
    }
}

/// Row 189: when keys are fetched.
@Suite struct KeyRefreshTests {
    @Test func `without keys it tries again, and less and less often`() {
        var refresh = KeyRefresh()
        var (now, waits) = (100, [Int]())
        for _ in 0..<8 {
            let wait = refresh.wait(now: now) ?? -1
            waits.append(wait)
            now += wait
            refresh.begin(now: now)
            #expect(refresh.wait(now: now) == nil)
            refresh.end(succeeded: false)
        }
        #expect(waits == [0, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func `with keys it asks now and then`() {
        var refresh = KeyRefresh()
        refresh.begin(now: 0)
        refresh.end(succeeded: true)
        #expect(refresh.wait(now: 0) == 900)
        #expect(refresh.wait(now: 899) == 1)
        #expect(refresh.wait(now: 2_000) == 0)
        refresh.begin(now: 900)
        refresh.end(succeeded: false)
        // The old ones stay good meanwhile, so there is time.
        #expect(refresh.wait(now: 900) == 30)
    }

    @Test func `an unknown key has it ask sooner, but not more often`() {
        var refresh = KeyRefresh()
        refresh.begin(now: 0)
        refresh.end(succeeded: true)
        for _ in 0..<1_000 { refresh.want() }
        #expect(refresh.wait(now: 10) == 20)
        #expect(refresh.wait(now: 500) == 0)
        refresh.begin(now: 500)
        refresh.want()
        refresh.end(succeeded: true)
        #expect(refresh.wait(now: 500) == 30)
        refresh.begin(now: 530)
        refresh.end(succeeded: true)
        #expect(refresh.wait(now: 530) == 900)
    }
}
