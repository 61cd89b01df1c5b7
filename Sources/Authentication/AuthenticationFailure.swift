/// Why a request isn't let in.
///
/// Its sender isn't told: whoever guesses would learn which part was right.
public struct AuthenticationFailure: Error, Equatable, Sendable {
    /// What is wrong, as a metric's label has it.
    public enum Reason: String, Sendable, CaseIterable {
        /// The request says nothing of its sender.
        case missing
        /// It says it more than once.
        case ambiguous
        /// In a way that isn't asked for here.
        case scheme
        /// A token that can't be read in one way only, or that asks for what isn't understood.
        case malformed
        /// A password, token or signature that isn't right.
        case mismatch
        /// A token for which there is no key.
        case unknownKey = "unknown_key"
        /// A token of another issuer.
        case issuer
        /// A token for somebody else.
        case audience
        /// A token whose time is over.
        case expired
        /// A token from the future.
        case notYetValid = "not_yet_valid"
        /// A token that is good, but not for this.
        case scope
        /// The issuer's keys aren't there yet.
        case keysUnavailable = "keys_unavailable"
        /// No certificate with a name that is let in.
        case certificate
    }

    /// What is wrong.
    public var reason: Reason
    /// Whether it's a bearer token that is.
    public var isOfToken = false

    init(_ reason: Reason, isOfToken: Bool = false) {
        self.reason = reason
        self.isOfToken = isOfToken
    }

    /// The status that tells of it.
    ///
    /// Spec: RFC 6750 §3.1
    public var status: Int {
        switch reason {
        case .ambiguous: 400
        case .scope, .certificate: 403
        case .keysUnavailable: 503
        default: 401
        }
    }

    /// Whether somebody may be guessing.
    public var isAttempt: Bool { status == 401 && reason != .missing }
}
