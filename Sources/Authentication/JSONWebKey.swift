internal import HTTP

/// A key as an issuer publishes it, which is for one algorithm only.
///
/// Whoever signs doesn't choose the algorithm: were it the token's to say, a public key could be
/// used as the secret of a code.
///
/// Spec: RFC 7517 §4, RFC 8725 §3.1
public struct JSONWebKey: Sendable, Equatable {
    /// The algorithms that are understood.
    enum Algorithm: String {
        case rs256 = "RS256"
        case ps256 = "PS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"
        case hs256 = "HS256"
    }

    enum Material: Equatable {
        case rsa(modulus: [UInt8], exponent: [UInt8])
        case p256(x: [UInt8], y: [UInt8])
        case ed25519([UInt8])
        case secret([UInt8])
    }

    /// Its name in the heads of tokens.
    let keyID: String?
    let algorithm: Algorithm
    let material: Material

    /// Reads one key; nothing for one that isn't understood, is too weak, or is for another use.
    init?(_ value: JSONValue, allowsSecrets: Bool) {
        guard let material = Self.material(value, allowsSecrets: allowsSecrets),
            Self.isForSignatures(value)
        else { return nil }
        let algorithms = material.algorithms
        guard let name = value["alg"] else {
            self.init(value, algorithms[0], material)
            return
        }
        guard let algorithm = name.text.flatMap(Algorithm.init), algorithms.contains(algorithm)
        else { return nil }
        self.init(value, algorithm, material)
    }

    private init?(_ value: JSONValue, _ algorithm: Algorithm, _ material: Material) {
        keyID = value["kid"]?.text
        // A name that isn't a text is a mistake of somebody's.
        if value["kid"] != nil, keyID == nil { return nil }
        self.algorithm = algorithm
        self.material = material
    }

    private static func isForSignatures(_ value: JSONValue) -> Bool {
        let isForVerifying = value["key_ops"].map { operations in
            operations.items?.contains(.string("verify")) ?? false
        }
        return value["use"].map { $0 == .string("sig") } ?? true && isForVerifying ?? true
    }

    private static func material(_ value: JSONValue, allowsSecrets: Bool) -> Material? {
        func octets(_ name: String) -> [UInt8]? {
            value[name]?.text.flatMap {
                Base64.decode($0.utf8.span, .url, padding: .refused)
            }
        }
        switch (value["kty"]?.text, value["crv"]?.text) {
        case ("RSA", _):
            guard let modulus = octets("n"), let exponent = octets("e") else { return nil }
            return .rsa(modulus: modulus, exponent: exponent)
        case ("EC", "P-256"):
            guard let x = octets("x"), let y = octets("y") else { return nil }
            return .p256(x: x, y: y)
        case ("OKP", "Ed25519"): return octets("x").map { .ed25519($0) }
        case ("oct", _):
            // What is shorter than the digest could be guessed sooner than the code.
            guard allowsSecrets, let secret = octets("k"), secret.count >= 32 else { return nil }
            return .secret(secret)
        default: return nil
        }
    }

    /// The key, ready for use on one loop; nothing where its numbers make none.
    func makeVerifier() -> Verifier? {
        switch material {
        case .rsa(let modulus, let exponent):
            PublicKey.rsa(modulus: modulus, exponent: exponent).map { .publicKey($0, algorithm) }
        case .p256(let x, let y): PublicKey.p256(x: x, y: y).map { .publicKey($0, algorithm) }
        case .ed25519(let octets): PublicKey.ed25519(octets).map { .publicKey($0, algorithm) }
        case .secret(let secret): .secret(secret)
        }
    }

    /// Checks signatures on one loop.
    enum Verifier {
        case publicKey(PublicKey, Algorithm)
        case secret([UInt8])

        func verifies(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
            switch self {
            case .publicKey(let key, .rs256): key.verifiesRS256(signature, of: message)
            case .publicKey(let key, .ps256): key.verifiesPS256(signature, of: message)
            case .publicKey(let key, .es256): key.verifiesES256(signature, of: message)
            case .publicKey(let key, .edDSA): key.verifiesEd25519(signature, of: message)
            case .publicKey(_, .hs256): false
            case .secret(let secret):
                constantTimeEquals(HMAC.sha256(key: secret, message: message), signature)
            }
        }
    }
}

extension JSONWebKey.Material {
    /// What such a key may be for; the first, where the key doesn't say.
    fileprivate var algorithms: [JSONWebKey.Algorithm] {
        switch self {
        case .rsa: [.rs256, .ps256]
        case .p256: [.es256]
        case .ed25519: [.edDSA]
        case .secret: [.hs256]
        }
    }
}
