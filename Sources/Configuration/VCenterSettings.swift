/// A vCenter whose events are read.
public struct VCenterSettings: Sendable, Equatable {
    /// How an event of vCenter's becomes a CloudEvent.
    public enum EventFormat: String, Sendable, CaseIterable {
        /// As VMware Event Router 0.7 did.
        case router = "router-v0.7"
        /// As the Tanzu Sources for Knative do.
        case tanzu = "tanzu-v0"
    }

    /// What an event's data are.
    public enum Payload: String, Sendable, CaseIterable {
        /// JSON, every field written out.
        case json
        /// XML, as vCenter sent it but for namespaces and types.
        case xml
    }

    /// How the server proves who it is.
    public enum Trust: Sendable, Equatable {
        /// By a certificate that the system's authorities vouch for.
        case system
        /// By a certificate that the authorities in a file vouch for.
        case authorities(path: String)
        /// By this certificate, whoever issued it: its SHA-1 (20 octets) or SHA-256 (32).
        case thumbprint([UInt8])
        /// Not at all.
        case insecure
    }

    /// An absolute `http` or `https` URL without user information, such as `https://vc/sdk`.
    public var address: String
    /// Who logs in.
    public var username: String
    /// With which password.
    public var password: Secret
    /// How the server proves who it is.
    public var trust = Trust.system
    /// The file that the thumbprint was read from.
    public var thumbprintFile: String?
    /// How an event becomes a CloudEvent.
    public var eventFormat = EventFormat.tanzu
    /// What an event's data are.
    public var payload = Payload.json
    /// How far back events are read after a restart.
    public var replay = Duration.seconds(3600)
    /// The events that are wanted, by the names of their types; empty for all.
    public var eventTypes: [String] = []
    /// What they must be of; nothing for everything.
    public var entity: VCenterEntity?
    /// Whether events say which version of its interface the server has; a `RouterConfig`'s
    /// simulator doesn't.
    public var tellsVersion = true
    /// The directory of the checkpoint that a `RouterConfig`'s predecessor left behind.
    public var formerCheckpoints: String?

    /// A vCenter, with the defaults.
    public init(address: String, username: String, password: Secret) {
        self.address = address
        self.username = username
        self.password = password
    }
}

extension VCenterSettings {
    /// The same settings with what their files hold now: the password and the thumbprint.
    public func renewed(
        by readFile: (String) throws -> [UInt8]
    ) throws(SecretUnavailable) -> VCenterSettings {
        var settings = self
        settings.password = try password.readAgain(by: readFile)
        if let thumbprintFile {
            let text = try Secret.inFile(thumbprintFile, by: readFile).text
            guard let digest = certificateDigest(text) else {
                throw SecretUnavailable(
                    description: "the file \(quoted(thumbprintFile)) holds no thumbprint")
            }
            settings.trust = .thumbprint(digest)
        }
        return settings
    }
}

/// Reads the SHA-1 or SHA-256 of a certificate, with or without colons.
func certificateDigest(_ text: String) -> [UInt8]? {
    let digits = text.filter { $0 != ":" }
    let octets = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(digits.dropFirst($0).prefix(2), radix: 16)
    }
    guard [40, 64].contains(digits.count), octets.count * 2 == digits.count else { return nil }
    return octets
}
