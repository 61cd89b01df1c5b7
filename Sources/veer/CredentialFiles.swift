import Authentication
import Configuration
import Ingress
import TLS
import Webhooks

/// Reads what a source's requests are judged by.
struct CredentialFiles {
    /// Why it can't be used, for the operator; says nothing of what stands in a file.
    struct Unusable: Error, CustomStringConvertible {
        var description: String
    }

    /// All that is wrong with the files of these sources, a sentence each.
    static func problems(of sources: [SourceSettings]) -> [String] {
        sources.compactMap { source in
            do throws(Unusable) {
                _ = try CredentialFiles(source).read()
                return nil
            } catch {
                return error.description
            }
        }
    }

    private let source: SourceSettings
    private var auth: [AuthSettings] { source.webhook?.auth ?? [] }

    init(_ source: SourceSettings) { self.source = source }

    /// The files it's read from.
    var paths: Set<String> {
        let signature = source.webhook?.signature
        let secrets = signature?.secrets.compactMap(\.file) ?? []
        return Set(secrets + [signature?.sns?.certificate].compactMap(\.self) + authPaths)
    }

    private var authPaths: [String] {
        auth.flatMap { auth -> [String] in
            switch auth {
            case .basic(_, let password): [password.file].compactMap { $0 }
            case .bearer(let tokens, _): tokens.compactMap(\.file)
            case .jwt(let settings):
                if case .file(let path) = settings.jwks { [path] } else { [] }
            case .clientCertificate: []
            }
        }
    }

    /// Reads and checks all of it, as of one moment; keys that are fetched aren't there.
    func read() throws(Unusable) -> SourceCredentials {
        var files = FileGeneration()
        do {
            let methods = try auth.map { try method($0, &files) }
            try checkAuthorities(&files)
            return SourceCredentials(methods: methods, signature: try signature(&files))
        } catch {
            throw Unusable(description: "source \(source.name): \(error)")
        }
    }

    private func method(
        _ auth: AuthSettings, _ files: inout FileGeneration
    ) throws -> AuthenticationMethod {
        switch auth {
        case .basic(let username, let password):
            return .basic(username: username, password: try text(password, &files))
        case .bearer(let tokens, let isInQuery):
            return .bearer(tokens: try tokens.map { try text($0, &files) }, isInQuery: isInQuery)
        case .jwt(let settings):
            let keys = try keySet(settings.jwks, &files)
            return .token(
                TokenRules(
                    issuer: settings.issuer, audience: settings.audience, scopes: settings.scopes,
                    leeway: Int(settings.leeway.components.seconds), keys: keys))
        case .clientCertificate: return .certificate
        }
    }

    private func signature(
        _ files: inout FileGeneration
    ) throws -> SourceCredentials.Signature {
        guard let settings = source.webhook?.signature else { return .none }
        guard let sns = settings.sns else {
            return .keys(
                try settings.secrets.map { secret in
                    try settings.key(of: secret.readAgain { try files.octets(of: $0) })
                })
        }
        guard let path = sns.certificate else { return .certificates(SNSCertificates()) }
        let octets = try octets(of: path, &files)
        do throws(SigningCertificate.Failure) {
            return .certificates(SNSCertificates(pinned: try SigningCertificate.all(pem: octets)))
        } catch {
            throw Unusable(description: "\(path) \(error)")
        }
    }

    /// Looks at the authorities of those who are asked or called.
    private func checkAuthorities(_ files: inout FileGeneration) throws {
        let webhook = source.webhook
        for path in [webhook?.signature?.sns?.ca, webhook?.handshake?.ca].compactMap(\.self) {
            let octets = try octets(of: path, &files)
            _ = try Certificate.read(pem: octets, file: path)
        }
    }

    private func text(_ secret: Secret, _ files: inout FileGeneration) throws -> String {
        try secret.readAgain { try files.octets(of: $0) }.text
    }

    /// Nothing for keys that are fetched.
    private func keySet(
        _ keys: TokenSettings.Keys, _ files: inout FileGeneration
    ) throws -> KeySet? {
        switch keys {
        case .file(let path):
            let octets = try octets(of: path, &files)
            do throws(KeySet.Failure) {
                return try KeySet(octets, allowsSecrets: true)
            } catch {
                throw Unusable(description: "\(path) \(error)")
            }
        case .url(_, let authorities):
            if let authorities {
                let octets = try octets(of: authorities, &files)
                _ = try Certificate.read(pem: octets, file: authorities)
            }
            return nil
        }
    }

    private func octets(of path: String, _ files: inout FileGeneration) throws -> [UInt8] {
        do {
            return try files.octets(of: path)
        } catch {
            throw Unusable(description: "\(path) can't be read: \(error)")
        }
    }
}
