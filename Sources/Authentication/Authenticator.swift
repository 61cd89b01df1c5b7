public import HTTP

/// A way to prove who one is.
public enum AuthenticationMethod: Sendable, Equatable {
    /// A name and a password, in UTF-8.
    case basic(username: String, password: String)
    /// One of these texts.
    case bearer(tokens: [String], isInQuery: Bool)
    /// A token that an issuer signed.
    case token(TokenRules)
    /// A certificate; whether it's a good one is for others to say.
    case certificate
}

/// Says whether a request comes from somebody who is let in.
///
/// What was sent is compared by its digest with every one that is known, so the time it takes
/// tells nobody how much of it is right, nor whether a name is known.
///
/// Owner: the loop it was made on.
///
/// Spec: RFC 7617 §2, RFC 6750 §2
public struct Authenticator {
    private var passwords: [SHA256] = []
    private var tokens: [SHA256] = []
    private var verifiers: [TokenVerifier] = []
    private var readsQuery = false
    private var takesCertificates = false

    /// Lets in whoever succeeds in one of these ways; everyone, where there is none.
    public init(_ methods: [AuthenticationMethod]) {
        for method in methods {
            switch method {
            case .basic(let username, let password):
                let text = Base64.encode(Array("\(username):\(password)".utf8))
                passwords.append(SHA256(text.span))
            case .bearer(let tokens, let isInQuery):
                self.tokens += tokens.map { SHA256(Array($0.utf8).span) }
                readsQuery = readsQuery || isInQuery
            case .token(let rules): verifiers.append(TokenVerifier(rules))
            case .certificate: takesCertificates = true
            }
        }
    }

    /// Whether everyone is let in.
    public var isOpen: Bool { !asksForCredentials && !takesCertificates }

    /// Whether a token may stand in the query.
    public var takesQueryTokens: Bool { readsQuery }

    /// Whether a request's head could say anything that helps.
    private var asksForCredentials: Bool { !passwords.isEmpty || takesTokens }
    private var takesTokens: Bool { !tokens.isEmpty || !verifiers.isEmpty }

    /// Why a request isn't let in, if it isn't.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - isCertified: asked only where nothing else has let the request in.
    public func failure(
        of head: RequestHead, _ message: Span<UInt8>, now: Int, isCertified: () -> Bool
    ) -> AuthenticationFailure? {
        guard !isOpen else { return nil }
        var failure = AuthenticationFailure(.certificate)
        if asksForCredentials {
            guard let found = credentialsFailure(of: head, message, now: now) else { return nil }
            failure = found
        }
        guard takesCertificates, failure.reason != .ambiguous else { return failure }
        return isCertified() ? nil : failure
    }

    private func credentialsFailure(
        of head: RequestHead, _ message: Span<UInt8>, now: Int
    ) -> AuthenticationFailure? {
        switch PresentedCredentials(head, message, readsQuery: readsQuery) {
        case .none: return AuthenticationFailure(.missing)
        case .ambiguous: return AuthenticationFailure(.ambiguous)
        case .other: return AuthenticationFailure(.scheme)
        case .basic(let text):
            guard !passwords.isEmpty else { return AuthenticationFailure(.scheme) }
            return isKnown(text, among: passwords) ? nil : AuthenticationFailure(.mismatch)
        case .bearer(let text):
            guard takesTokens else { return AuthenticationFailure(.scheme) }
            guard !isKnown(text, among: tokens) else { return nil }
            return fault(of: text, now: now).map { AuthenticationFailure($0, isOfToken: true) }
        }
    }

    private func isKnown(_ text: [UInt8], among digests: [SHA256]) -> Bool {
        let digest = SHA256(text.span)
        // None is left out, whichever it is.
        return digests.reduce(false) { isFound, known in known == digest || isFound }
    }

    private func fault(of text: [UInt8], now: Int) -> AuthenticationFailure.Reason? {
        guard !verifiers.isEmpty else { return .mismatch }
        guard let token = JSONWebToken(text) else { return .malformed }
        var fault = AuthenticationFailure.Reason.issuer
        for verifier in verifiers {
            guard let other = verifier.fault(of: token, now: now) else { return nil }
            // What its own issuer's rules say is worth more than what the others' say.
            if other != .issuer { fault = other }
        }
        return fault
    }

    /// The values of `WWW-Authenticate` that tell how to do better.
    ///
    /// Spec: RFC 9110 §11.6.1, RFC 6750 §3
    public func challenges(
        after failure: AuthenticationFailure, realm: String
    ) -> [String] {
        let bearer = takesTokens ? ["Bearer realm=\"\(realm)\""] : []
        switch failure.status {
        case 400: return bearer.map { "\($0), error=\"invalid_request\"" }
        case 403:
            guard failure.reason == .scope else { return [] }
            let scopes = verifiers.flatMap(\.rules.scopes).joined(separator: " ")
            return bearer.map { "\($0), error=\"insufficient_scope\", scope=\"\(scopes)\"" }
        case 401:
            let basic = passwords.isEmpty ? [] : ["Basic realm=\"\(realm)\", charset=\"UTF-8\""]
            let error = failure.isOfToken ? ", error=\"invalid_token\"" : ""
            return basic + bearer.map { $0 + error }
        default: return []
        }
    }
}
