internal import HTTP

/// A secret that was read: what signatures are checked or made with.
public struct SignatureKey: Sendable {
    /// What it's used for.
    let algorithm: SignatureScheme.Algorithm
    let octets: [UInt8]
    /// What stands before its signatures.
    let prefix: String

    /// Why a text is no secret of a scheme.
    public enum Failure: Error, Equatable, Sendable {
        /// There is none, or none after the prefix.
        case empty
        /// It isn't written in its encoding.
        case malformed
        /// A key whose octets are too few or too many.
        case wrongLength
    }

    /// Reads a secret.
    ///
    /// - Parameter signs: whether it's for making signatures, not for checking them: then an
    ///   asymmetric secret is the private half.
    public init(
        _ text: String, for scheme: SignatureScheme, signs: Bool = false
    ) throws(Failure) {
        let privatePrefix = signs ? "whsk_" : "whpk_"
        let isAsymmetric =
            scheme.secretEncoding == .whsec && text.hasPrefix(privatePrefix)
        algorithm = isAsymmetric ? .ed25519 : scheme.algorithm
        prefix = isAsymmetric ? SignatureScheme.asymmetricPrefix : scheme.prefix
        let isPrefixed = isAsymmetric || text.hasPrefix("whsec_")
        let decoded: [UInt8]? =
            switch scheme.secretEncoding {
            case .raw: Array(text.utf8)
            case .hex: Hex.decode(text)
            case .base64: Base64.decode(text.utf8.span)
            // Some write these without padding.
            case .whsec:
                Base64.decode(
                    (isPrefixed ? text.drop(through: "_") : text).utf8.span, padding: .optional)
            }
        guard let decoded else { throw .malformed }
        guard !decoded.isEmpty else { throw .empty }
        guard algorithm != .ed25519 || decoded.count == 32 || signs && decoded.count == 64
        else { throw .wrongLength }
        octets = algorithm == .ed25519 ? Array(decoded.prefix(32)) : decoded
    }
}

extension String {
    fileprivate func drop(through character: Character) -> String {
        String(drop { $0 != character }.dropFirst())
    }
}
