import HTTP
import Testing

@testable import Authentication

/// What the specifications themselves compute.
@Suite struct VectorTests {
    /// The claims of RFC 7515 §A.1 to §A.3: issuer joe, no audience, over in 2011.
    private static let claims =
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp"
        + "0cnVlfQ."

    private static let modulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B"
        + "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXnd"
        + "S5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5Ih"
        + "lJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

    private static let rsaSignature =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
        + "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjt"
        + "QBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh"
        + "6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

    private static let vectors: [(name: String, key: String, token: String)] = [
        (
            "RFC 7515 A.1",
            """
            {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aK\
            tMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}
            """,
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + claims
                + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ),
        (
            "RFC 7515 A.2", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(modulus)\"}",
            "eyJhbGciOiJSUzI1NiJ9" + claims + rsaSignature
        ),
        (
            "RFC 7515 A.3",
            """
            {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
            """,
            "eyJhbGciOiJFUzI1NiJ9" + claims
                + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKT"
                + "UJqPP3-Kg6NU1Q"
        ),
    ]

    @Test(arguments: vectors.indices)
    func `a token of RFC 7515 is signed as it says`(index: Int) throws {
        let vector = Self.vectors[index]
        let keys = try KeySet(Array("{\"keys\":[\(vector.key)]}".utf8), allowsSecrets: true)
        let rules = TokenRules(issuer: "joe", audience: "none", leeway: 0, keys: keys)
        let token = try #require(JSONWebToken(Array(vector.token.utf8)))
        // The signature is judged first, then the time, then the audience that isn't there.
        let verifier = TokenVerifier(rules)
        #expect(verifier.fault(of: token, now: 1_300_819_379) == .audience, "\(vector.name)")
        #expect(verifier.fault(of: token, now: 1_300_819_380) == .expired)
        // Any other octet of it, and it's no good.
        for part in token.signature.indices {
            var forged = Array(vector.token.utf8)
            let place = forged.count - 1 - part
            guard forged[place] != UInt8(ascii: "."), part > 0 else { continue }
            forged[place] = forged[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : 0x41
            let fault = JSONWebToken(forged).map { verifier.fault(of: $0, now: 0) }
            #expect(fault == .mismatch)
        }
    }

    private func octets(of text: String) -> [UInt8]? {
        Base64.decode(text.utf8.span, .url, padding: .refused)
    }

    @Test func `a signature of RFC 8037 is the key's`() throws {
        let octets = try #require(
            self.octets(of: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
        let signature = try #require(
            self.octets(
                of: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"
                    + "sVvpAr_MuM0KAg"))
        let key = try #require(PublicKey.ed25519(octets))
        let message = Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)
        #expect(key.verifiesEd25519(signature, of: message))
        #expect(!key.verifiesEd25519(signature, of: Array(message.dropLast())))
        #expect(!key.verifiesEd25519(Array(signature.dropLast()), of: message))
        #expect(!key.verifiesEd25519([], of: message))
        #expect(PublicKey.ed25519(Array(octets.dropLast())) == nil)
    }

    /// Row 179: signatures that once were good for any message.
    @Test func `a signature of zeros is of no message`() throws {
        let keys = try KeySet(
            Array("{\"keys\":[\(Self.vectors[2].key)]}".utf8), allowsSecrets: false)
        guard case .publicKey(let key, _) = keys.keys[0].makeVerifier() else {
            Issue.record("no public key")
            return
        }
        let message = Array("m".utf8)
        let order =
            "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
        let n = stride(from: 0, to: 64, by: 2).map { place -> UInt8 in
            let start = order.index(order.startIndex, offsetBy: place)
            return UInt8(order[start..<order.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
        let zero = [UInt8](repeating: 0, count: 32)
        let one = zero.dropLast() + [1]
        let highest = [UInt8](repeating: 0xFF, count: 32)
        for signature in [zero + zero, zero + one, one + zero, n + n, highest + highest, n + one] {
            #expect(!key.verifiesES256(signature, of: message))
        }
        // As X.509 writes it, and not as JOSE does.
        #expect(!key.verifiesES256([0x30, 0x06, 2, 1, 1, 2, 1, 1], of: message))
        #expect(!key.verifiesES256([], of: message))
    }
}
