/// The keys of an issuer.
///
/// Spec: RFC 7517 §5
public struct KeySet: Sendable, Equatable {
    /// The most octets of a set.
    public static let bytesLimit = 1024 * 1024
    /// The most keys: a token that names none is tried with each.
    public static let keysLimit = 32

    /// Why a text gives no keys.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// It is no JSON object with a list of keys.
        case malformed
        /// It has more keys than anyone needs.
        case tooManyKeys
        /// None of its keys can be used.
        case noUsableKey

        /// A sentence without its full stop.
        public var description: String {
            switch self {
            case .malformed: "is no JSON Web Key Set: it needs an object with a list `keys`"
            case .tooManyKeys: "has more than \(KeySet.keysLimit) keys"
            case .noUsableKey:
                "has no key for signatures that is understood: RSA of 2048 bits or more, EC on"
                    + " P-256, OKP with Ed25519, or, in a file, oct of 32 octets or more"
            }
        }
    }

    let keys: [JSONWebKey]

    /// Reads a set; keys in it that aren't understood are left out, as they may be for others.
    ///
    /// - Parameter allowsSecrets: whether keys may be such that who verifies could sign, too. What
    ///   can be fetched by anyone holds none.
    public init(_ octets: [UInt8], allowsSecrets: Bool) throws(Failure) {
        guard octets.count <= Self.bytesLimit, let items = JSONValue(octets)?["keys"]?.items
        else { throw .malformed }
        guard items.count <= Self.keysLimit else { throw .tooManyKeys }
        keys = items.compactMap { JSONWebKey($0, allowsSecrets: allowsSecrets) }
            .filter { $0.makeVerifier() != nil }
        guard !keys.isEmpty else { throw .noUsableKey }
    }
}
