import ArgumentParser
import CloudEvents
import Configuration
import Glibc
import HTTP
import TLS

/// Looks at certificates.
struct CertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs", abstract: "Looks at certificates.",
        discussion: "Example: veer certs inspect certs/tls.crt --key certs/tls.key",
        subcommands: [InspectCommand.self])

    /// Shows a chain, and says whether it can be served.
    struct InspectCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect", abstract: "Shows a chain, and says whether it can be served.",
            discussion: """
                The exit status is 0 where nothing is wrong, 1 where something is: the certificate
                ends too soon, the key is another's, a host isn't among its names. 66 is for a file
                that can't be read.

                Example: veer certs inspect certs/tls.crt --key certs/tls.key --expires-in 14d
                """)

        @Argument(help: "A PEM file: the certificate, then those that lead to its authority.")
        var file: String

        @Option(help: "The PEM file of its key; it must be the certificate's.")
        var key: String?

        @Option(help: "A host that it must be for.")
        var host: String?

        @Option(help: "How long it must last from now on, such as 14d or 48h.")
        var expiresIn = "0s"

        @Option(help: "The form of the output: text or json.")
        var output = OutputForm.text

        func run() throws {
            guard let expiresIn = Duration(days: expiresIn) else {
                throw ValidationError("'\(expiresIn)' is no duration; write 14d or 48h")
            }
            let octets = try octets(of: file)
            let chain: [Certificate]
            do {
                chain = try Certificate.read(pem: octets, file: file)
            } catch {
                printError("\(error)")
                throw ExitStatus.checkFailed.code
            }
            let problems = try problems(of: chain, octets, lasting: expiresIn)
            switch output {
            case .json: print(json(chain, problems))
            case .text: print(text(chain, problems), terminator: "")
            }
            if !problems.isEmpty { throw ExitStatus.checkFailed.code }
        }

        private func octets(of path: String) throws -> [UInt8] {
            do {
                return try ConfigurationFile.octets(of: path)
            } catch {
                printError("\(path): \(error)")
                throw ExitStatus.noInput.code
            }
        }

        private func problems(
            of chain: [Certificate], _ pem: [UInt8], lasting: Duration
        ) throws -> [String] {
            var problems: [String] = []
            let seconds = chain[0].notAfter - Int(time(nil))
            if .seconds(seconds) < lasting {
                problems.append(
                    seconds < 0 ? "it has expired" : "it ends in \(seconds / 86_400) days")
            }
            if let host, !chain[0].isValid(forHost: host.lowercased()),
                !chain[0].ipAddresses.contains(host)
            {
                problems.append("it isn't for \(host)")
            }
            guard let key else { return problems }
            do throws(TLSError) {
                _ = try CertificatePair(
                    chain: pem, file: file, key: try octetsOfKey(key), keyFile: key,
                    now: Int(time(nil)))
            } catch {
                problems.append("\(error)")
            }
            return problems
        }

        private func octetsOfKey(_ path: String) throws(TLSError) -> [UInt8] {
            do {
                return try ConfigurationFile.octets(of: path)
            } catch {
                throw .unreadable(file: path, reason: "\(error)")
            }
        }

        // MARK: - Telling

        private func text(_ chain: [Certificate], _ problems: [String]) -> String {
            var text = ""
            for (number, certificate) in chain.enumerated() {
                let facts = [
                    ("subject", certificate.subject), ("issuer", certificate.issuer),
                    ("names", certificate.names.joined(separator: " ")),
                    ("key", certificate.keyType), ("serial", certificate.serial),
                    ("sha256", certificate.fingerprint),
                    ("valid", "\(certificate.begin) to \(certificate.end)"),
                    ("days left", "\(certificate.daysLeft)"),
                ]
                let kind = certificate.isCA ? ", a CA" : ""
                text += "certificate \(number + 1) of \(chain.count)\(kind)\n"
                for (name, value) in facts where !value.isEmpty {
                    text += "  \(name):\(String(repeating: " ", count: 10 - name.count))\(value)\n"
                }
            }
            if key != nil, problems.isEmpty { text += "the key is the certificate's\n" }
            for problem in problems { text += "problem: \(problem)\n" }
            return text
        }

        private func json(_ chain: [Certificate], _ problems: [String]) -> String {
            let certificates = chain.map { certificate in
                let texts = [
                    ("subject", certificate.subject), ("issuer", certificate.issuer),
                    ("keyType", certificate.keyType), ("serial", certificate.serial),
                    ("sha256", certificate.fingerprint), ("notBefore", certificate.begin),
                    ("notAfter", certificate.end),
                ].map { "\"\($0.0)\":\(JSONText.quoted($0.1))" }
                return "{" + texts.joined(separator: ",")
                    + ",\"names\":\(list(certificate.names))"
                    + ",\"daysLeft\":\(certificate.daysLeft),\"isCA\":\(certificate.isCA)}"
            }
            return "{\"certificates\":[\(certificates.joined(separator: ","))]"
                + ",\"problems\":\(list(problems))}"
        }

        private func list(_ texts: [String]) -> String {
            "[\(texts.map { JSONText.quoted($0) }.joined(separator: ","))]"
        }
    }
}

extension Certificate {
    fileprivate var names: [String] { dnsNames + ipAddresses + uris + emails }
    fileprivate var begin: String { Timestamp(seconds: Int64(notBefore), nanoseconds: 0).text }
    fileprivate var end: String { Timestamp(seconds: Int64(notAfter), nanoseconds: 0).text }
    fileprivate var daysLeft: Int { (notAfter - Int(time(nil))) / 86_400 }
}

extension Duration {
    /// As configurations have it, and in days.
    fileprivate init?(days text: String) {
        if text.hasSuffix("d"), let days = Int(text.dropLast()), 0...36_500 ~= days {
            self = .seconds(days * 86_400)
        } else {
            self.init(configured: text)
        }
    }
}
