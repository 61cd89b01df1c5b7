/// Which tokens of an issuer are good.
public struct TokenRules: Sendable, Equatable {
    /// The most that two clocks may differ.
    public static let leewayLimit = 60

    /// The claim `iss`, octet by octet.
    public var issuer: String
    /// One of the claim `aud`, octet by octet.
    public var audience: String
    /// Words that the claim `scope` must have, all of them.
    public var scopes: [String]
    /// Seconds by which clocks may differ.
    public var leeway: Int
    /// The issuer's keys; nothing for as long as nobody has them.
    public var keys: KeySet?

    /// Rules for tokens.
    public init(
        issuer: String, audience: String, scopes: [String] = [], leeway: Int = leewayLimit,
        keys: KeySet?
    ) {
        self.issuer = issuer
        self.audience = audience
        self.scopes = scopes
        self.leeway = leeway
        self.keys = keys
    }
}

/// Checks tokens by such rules.
///
/// Owner: the loop it was made on.
struct TokenVerifier {
    typealias Reason = AuthenticationFailure.Reason

    let rules: TokenRules
    private let keys: [(key: JSONWebKey, verifier: JSONWebKey.Verifier)]?

    init(_ rules: TokenRules) {
        self.rules = rules
        keys = rules.keys?.keys.compactMap { key in key.makeVerifier().map { (key, $0) } }
    }

    /// What is wrong with a token, if anything.
    ///
    /// Nothing of a token counts before its signature does, but for the name of its issuer.
    ///
    /// - Parameter now: seconds since 1970.
    func fault(of token: JSONWebToken, now: Int) -> Reason? {
        guard token.claims["iss"]?.text.map({ isSame($0, rules.issuer) }) ?? false
        else { return .issuer }
        guard let keys else { return .keysUnavailable }
        let candidates = keys.filter { key, _ in
            key.algorithm.rawValue == token.algorithm
                && (token.keyID == nil || token.keyID == key.keyID)
        }
        guard !candidates.isEmpty else { return .unknownKey }
        let input = token.signingInput.span
        guard candidates.contains(where: { $0.verifier.verifies(token.signature, of: input) })
        else { return .mismatch }
        return timeFault(of: token, now: now) ?? claimFault(of: token)
    }

    /// What is wrong with a token's times.
    ///
    /// Spec: RFC 7519 §4.1.4
    private func timeFault(of token: JSONWebToken, now: Int) -> Reason? {
        // The last second of the year 9999.
        let range = 0...253_402_300_799
        var times: [String: Int] = [:]
        for name in ["exp", "nbf", "iat"] {
            guard let claim = token.claims[name] else { continue }
            guard case .integer(let time) = claim, range ~= time else { return .malformed }
            times[name] = time
        }
        guard let expiry = times["exp"] else { return .malformed }
        guard now < expiry + rules.leeway else { return .expired }
        let begin = max(times["nbf"] ?? 0, times["iat"] ?? 0)
        return begin > now + rules.leeway ? .notYetValid : nil
    }

    private func claimFault(of token: JSONWebToken) -> Reason? {
        let audiences = token.claims["aud"].map { $0.items ?? [$0] } ?? []
        guard audiences.contains(where: { $0.text.map { isSame($0, rules.audience) } ?? false })
        else { return .audience }
        guard !rules.scopes.isEmpty else { return nil }
        let scopes = token.claims["scope"]?.text?.split(separator: " ") ?? []
        let isAllowed = rules.scopes.allSatisfy { scope in
            scopes.contains { isSame($0, scope) }
        }
        return isAllowed ? nil : .scope
    }

    /// Two texts that look alike may be equal for Swift; not here.
    private func isSame(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool {
        one.utf8.elementsEqual(other.utf8)
    }
}
