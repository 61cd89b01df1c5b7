import ArgumentParser
import CloudEvents
import Webhooks

/// Signs a body as a sender of webhooks does.
struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Signs a body as a sender of webhooks does.",
        discussion: """
            Reads the body from the standard input and prints the header fields to send with it, a
            line each. The exit status is 65 if the secret or the body can't be used, 66 where
            there is none.

            Example: veer sign --preset github --secret-env GITHUB_SECRET < body.json
            """)

    @Option(help: ArgumentHelp("The sender: \(Self.presets.joined(separator: ", "))."))
    var preset: Preset

    @Option(help: "The environment variable that holds the secret.")
    var secretEnv: String?

    @Option(help: "The file that holds the secret.")
    var secretFile: String?

    @Option(help: "The delivery's identifier; made up if left out.")
    var id: String?

    @Option(help: "The time, in seconds since 1970; now, if left out.")
    var time: Int64?

    @Option(help: "The address that is signed, with its query: Twilio's only.")
    var url = ""

    @Option(help: "The body's Content-Type, which counts for Twilio's forms only.")
    var contentType = "application/json"

    /// The senders whose scheme is known.
    struct Preset: ExpressibleByArgument {
        var value: SignatureScheme.Preset

        init?(argument: String) {
            guard SignCommand.presets.contains(argument),
                let value = SignatureScheme.Preset(rawValue: argument)
            else { return nil }
            self.value = value
        }

        static var allValueStrings: [String] { SignCommand.presets }
    }

    /// Those that sign by a secret.
    private static let presets = SignatureScheme.Preset.allCases
        .filter { $0 != .custom && $0 != .sns }.map(\.rawValue)

    func validate() throws {
        guard (secretEnv == nil) != (secretFile == nil) else {
            throw ValidationError("One of --secret-env and --secret-file is needed.")
        }
    }

    func run() throws {
        var scheme = SignatureScheme(preset.value)
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        scheme.publicURL = parts.first.map(String.init) ?? ""
        let key = try key(of: scheme)
        let request = WebhookRequest(
            query: parts.count > 1 ? String(parts[1]) : nil,
            fields: [("Content-Type", contentType)], body: try octets(of: "-"))
        let delivery = SignatureScheme.Delivery(
            id: id ?? "msg_\(UInt64.random(in: .min ... .max))",
            time: time ?? Timestamp.now.seconds)
        do throws(SignatureFailure) {
            let fields = try scheme.sign(request, keys: [key], delivery)
            for field in fields { print("\(field.name): \(field.value)") }
        } catch {
            printError("the body is neither a form nor hashed in the query of --url")
            throw ExitStatus.badData.code
        }
    }

    private func key(of scheme: SignatureScheme) throws -> SignatureKey {
        let secret = try secret()
        do throws(SignatureKey.Failure) {
            return try SignatureKey(secret, for: scheme, signs: true)
        } catch {
            printError("the secret is none for \(preset.value.rawValue): \(error)")
            throw ExitStatus.badData.code
        }
    }

    private func secret() throws -> String {
        if let secretEnv {
            guard let secret = ConfigurationFile.environment(secretEnv) else {
                printError("the environment variable \(secretEnv) is not set")
                throw ExitStatus.noInput.code
            }
            return secret
        }
        let text = String(decoding: try octets(of: secretFile ?? ""), as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private func octets(of path: String) throws -> [UInt8] {
        do {
            return try ConfigurationFile.octets(of: path)
        } catch {
            printError("\(path): \(error)")
            throw ExitStatus.noInput.code
        }
    }
}
