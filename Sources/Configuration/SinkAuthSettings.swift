/// How Veer proves to a sink who it is.
public enum SinkAuthSettings: Sendable, Equatable {
    /// A name and a password.
    case basic(username: String, password: Secret)
    /// A token, sent as it is.
    case bearer(Secret)
    /// Tokens that a server hands out.
    case oauth2(OAuth2Settings)
    /// Tokens that a cluster makes.
    case oidc(OIDCSettings)
}

/// How tokens are had from a server, for the gateway itself and no user.
///
/// Spec: RFC 6749 §4.4
public struct OAuth2Settings: Sendable, Equatable {
    /// How the server learns who asks.
    public enum ClientAuthentication: String, Sendable, CaseIterable {
        /// By HTTP's basic authentication.
        case header
        /// By two fields of the form.
        case body
    }

    /// Where tokens are asked for: an absolute `http` or `https` URI.
    public var tokenURL = ""
    /// Who asks.
    public var clientID = ""
    /// What proves it.
    public var clientSecret = Secret("")
    /// What the token is to be good for; nil asks for nothing in particular.
    public var scope: String?
    /// Whom the token is for, where the server wants to know.
    public var audience: String?
    /// How the server learns who asks.
    public var clientAuthentication = ClientAuthentication.header
    /// A PEM file with the only authorities to trust at the server; nil trusts the system's.
    public var ca: String?

    /// Settings that name no server yet.
    public init() {}
}

extension HTTPSinkSettings {
    /// Its secrets.
    public var secrets: [Secret] {
        let own: [Secret] =
            switch auth {
            case .basic(_, let password)?: [password]
            case .bearer(let token)?: [token]
            case .oauth2(let settings)?: [settings.clientSecret]
            case .oidc?, nil: []
            }
        return own + (signing?.secrets ?? [])
    }

    /// The same with what the files of its secrets hold now.
    public func readingSecretsAgain(
        by readFile: (String) throws -> [UInt8]
    ) throws(SecretUnavailable) -> HTTPSinkSettings {
        var settings = self
        switch auth {
        case .basic(let username, let password)?:
            settings.auth = .basic(
                username: username, password: try password.readAgain(by: readFile))
        case .bearer(let token)?: settings.auth = .bearer(try token.readAgain(by: readFile))
        case .oauth2(var oauth2)?:
            oauth2.clientSecret = try oauth2.clientSecret.readAgain(by: readFile)
            settings.auth = .oauth2(oauth2)
        case .oidc?, nil: break
        }
        guard var signing else { return settings }
        for place in signing.secrets.indices {
            signing.secrets[place] = try signing.secrets[place].readAgain(by: readFile)
        }
        guard signing.keys.count == signing.secrets.count else {
            throw SecretUnavailable(
                description: "a secret of 'signing' isn't written as its preset has it")
        }
        settings.signing = signing
        return settings
    }
}
