import Foundation
import Testing

/// Checks of the sources themselves: what a reviewer would otherwise have to remember.
@Suite struct TidyTests {
    /// Which modules a target's files may import.
    ///
    /// A line here is an arrow in docs/DESIGN.md; an import that isn't listed is a change of
    /// design, and belongs in that file first.
    static let imports: [String: Set<String>] = [
        "CLinux": [],
        "CCurl": [],
        "CNghttp2": [],
        "COpenSSL": [],
        "CSQLite": [],
        "CYAML": [],
        "CExpat": [],
        "CVSphere": [],

        "HTTP": [],
        "HTTP2": ["CNghttp2", "HTTP"],
        "Authentication": ["COpenSSL", "HTTP"],
        "CloudEvents": ["HTTP"],
        "Webhooks": ["Authentication", "CloudEvents", "HTTP"],
        "Filters": ["CloudEvents"],
        "Telemetry": ["Logging", "Synchronization"],
        "TLS": ["COpenSSL"],
        "YAML": ["CYAML"],
        "Configuration": [
            "CloudEvents", "Filters", "FoundationEssentials", "Webhooks", "YAML",
        ],
        "SOAP": ["CExpat"],

        "EventLoops": ["CLinux", "Glibc", "Synchronization"],
        "Server": [
            "CLinux", "EventLoops", "Glibc", "HTTP", "HTTP2", "Synchronization", "TLS",
            "Telemetry",
        ],
        "Outbound": ["CCurl", "COpenSSL", "EventLoops", "Glibc"],
        "Kubernetes": [
            "EventLoops", "FoundationEssentials", "Outbound", "YAML",
        ],
        "Journal": [
            "CLinux", "CSQLite", "CloudEvents", "EventLoops", "Glibc", "Logging",
            "Synchronization", "Telemetry",
        ],

        "Ingress": [
            "Authentication", "CloudEvents", "Configuration", "EventLoops", "Filters", "Glibc",
            "HTTP", "HTTP2", "Journal", "Logging", "Server", "Synchronization", "TLS", "Telemetry",
            "Webhooks",
        ],
        "Delivery": [
            "Authentication", "CloudEvents", "Configuration", "EventLoops", "Glibc", "HTTP",
            "Journal", "Logging", "Outbound", "Synchronization", "Telemetry", "Webhooks",
        ],
        "VSphere": [
            "CVSphere", "CloudEvents", "Configuration", "EventLoops", "Glibc", "Journal",
            "Logging", "Outbound", "SOAP", "Synchronization", "Telemetry",
        ],
        "Coordination": [
            "EventLoops", "FoundationEssentials", "Journal", "Kubernetes", "Logging", "Telemetry",
        ],
        "Knative": [
            "Configuration", "EventLoops", "FoundationEssentials", "Kubernetes", "Logging",
            "Outbound", "Telemetry",
        ],
        "Admin": [
            "Authentication", "Configuration", "EventLoops", "HTTP", "Logging", "Server",
            "Telemetry",
        ],

        "veer": [
            "Admin", "ArgumentParser", "Authentication", "CLinux", "CloudEvents", "Configuration",
            "Coordination", "Delivery",
            "EventLoops", "Filters", "FoundationEssentials", "Glibc", "HTTP", "Ingress", "Journal",
            "Knative", "Kubernetes", "Logging", "Outbound", "Server", "Synchronization", "TLS",
            "Telemetry", "VSphere", "Webhooks",
        ],
    ]

    /// The targets that turn values into values: no descriptor, clock, thread or pointer.
    static let pureTargets = [
        "HTTP", "CloudEvents", "Filters", "Telemetry", "Webhooks", "Configuration",
    ]

    static let lineLimit = 100
    static let fileLinesLimit = 400
    static let functionLinesLimit = 70
    static let readmeLinesLimit = 150

    static let sources = Result { try Project.files(in: "Sources", ".swift", ".h") }
    static let tests = Result { try Project.files(in: "Tests", ".swift", ".py") }

    // MARK: - Arrows

    @Test func `each target imports what its line allows`() throws {
        for file in try Self.sources.get() {
            let allowed = try #require(Self.imports[file.target], "\(file.target) has no line")
            for (number, line) in file.numberedLines where line.contains("import ") {
                let form =
                    /\s*(?:@\w+ |public |private |internal |package )*import (?:\w+ )?(\w+).*/
                guard let match = line.wholeMatch(of: form) else { continue }
                #expect(
                    allowed.contains(String(match.1)), "\(file.path):\(number): \(match.1)")
            }
        }
    }

    @Test func `the arrows make no circle`() {
        var left = Self.imports.mapValues { $0.filter { Self.imports[$0] != nil } }
        while let leaf = left.first(where: { $0.value.isEmpty })?.key {
            left[leaf] = nil
            left = left.mapValues { $0.subtracting([leaf]) }
        }
        #expect(left.isEmpty)
    }

    // MARK: - Words

    /// A word that no source says, but for the files that have a reason.
    struct BannedWord: CustomTestStringConvertible, Sendable {
        var word: String
        var targets: [String]?
        var exceptions: [String: String] = [:]

        var testDescription: String { word }
    }

    static let bannedWords = [
        BannedWord(word: "try!"),
        BannedWord(word: "as!"),
        BannedWord(word: "@unchecked Sendable"),
        BannedWord(word: "nonisolated(unsafe)"),
        BannedWord(word: "TODO"),
        BannedWord(word: "FIXME"),
        BannedWord(word: "XXX"),
        BannedWord(word: "DispatchQueue"),
        BannedWord(
            word: "fatalError",
            exceptions: [
                "Sources/EventLoops/EventLoop.swift":
                    "A loop that can't wait for its descriptors has nobody left to tell."
            ]),
        BannedWord(
            word: "unsafe", targets: pureTargets,
            exceptions: [
                "Sources/HTTP/Scanning.swift":
                    "Comparing octets with a constant's is on the path of each header field.",
                "Sources/CloudEvents/Words.swift":
                    "Reading eight octets at once is what makes checking JSON cheap.",
            ]),
    ]

    @Test(arguments: bannedWords)
    func `no source says`(_ banned: BannedWord) throws {
        for file in try Self.sources.get() where banned.exceptions[file.path] == nil {
            guard banned.targets?.contains(file.target) ?? true else { continue }
            for (number, line) in file.numberedLines {
                let isSaid = line.ranges(of: banned.word).contains { range in
                    let neighbours = [
                        line[..<range.lowerBound].last, line[range.upperBound...].first,
                    ]
                    return !neighbours.contains { $0?.isWord ?? false }
                }
                #expect(!isSaid, "\(file.path):\(number): \(banned.word)")
            }
        }
    }

    @Test(arguments: bannedWords)
    func `an exception's file says the word still`(_ banned: BannedWord) throws {
        for path in banned.exceptions.keys {
            let file = try ProjectFile(path)
            #expect(file.lines.contains { $0.contains(banned.word) }, "\(path)")
        }
    }

    // MARK: - Sizes

    @Test func `lines and files keep to their limits`() throws {
        for file in try Self.sources.get() + Self.tests.get() {
            #expect(file.lines.count <= Self.fileLinesLimit, "\(file.path)")
            for (number, line) in file.numberedLines {
                #expect(line.count <= Self.lineLimit, "\(file.path):\(number)")
            }
        }
    }

    @Test func `a function fits a page`() throws {
        for file in try Self.sources.get() {
            for function in functions(of: file) {
                #expect(
                    function.count <= Self.functionLinesLimit,
                    "\(file.path):\(function.first ?? 0)")
            }
        }
    }

    @Test func `the README is read to its end`() throws {
        #expect(try ProjectFile("README.md").lines.count <= Self.readmeLinesLimit)
    }

    // MARK: - Citations and documents

    /// `Spec: RFC 9112 §7.1` is how a file says which text it implements; so it can be listed.
    @Test func `a citation names its section`() throws {
        let citation = /.*Spec: (RFC \d{3,5}|[A-Z]\w+( \w+)*) §[\w.-]+.*/
        for file in try Self.sources.get() {
            for (number, line) in file.numberedLines where line.contains("Spec:") {
                #expect(line.wholeMatch(of: citation) != nil, "\(file.path):\(number)")
            }
        }
    }

    @Test func `every option is explained to operators`() throws {
        let settings = try Project.files(in: "Sources/Configuration", "Settings.swift")
        let operating = try ProjectFile("docs/OPERATING.md").lines.joined(separator: "\n")
        let structures = [
            "ListenerSettings", "ListenerLimits", "ListenerTLSSettings", "CertificateSettings",
            "ClientCertificateSettings", "WebhookSettings", "HandshakeSettings",
            "RateLimitSettings", "DuplicateSettings", "SignatureSettings", "SNSSettings",
            "HTTPSinkSettings", "SinkTLSSettings", "ReferenceSettings", "KubernetesSettings",
            "OIDCSettings",
            "OAuth2Settings", "SinkSigningSettings", "SinkWebhookSettings", "BatchSettings",
            "RetryBudgetSettings",
            "DeliverySettings", "JournalSettings", "AdminSettings", "LogSettings",
            "ShutdownSettings",
        ]
        // A boolean's own name differs from its key's.
        let others: Set = ["isInsecure", "requiresOrigin", "reference", "authorities"]
        for structure in structures {
            let names = settings.flatMap { variables(of: structure, in: $0) }
            #expect(!names.isEmpty, "\(structure) isn't there")
            for name in names where !others.contains(name) {
                #expect(
                    operating.contains("`\(name)`") || operating.contains(".\(name)`"),
                    "\(structure).\(name)")
            }
        }
    }

    // MARK: - What is committed

    @Test func `no key and no resolution is committed`() throws {
        let paths = try Project.output(of: "git", "ls-files").split(separator: "\n")
        #expect(!paths.isEmpty)
        #expect(!paths.contains("Package.resolved"))
        // Written in two parts, so that this file isn't found.
        let words = "PRIVATE KEY" + "-----"
        let keys = try Project.output(of: "sh", "-c", "git grep -lI -e '\(words)' || true")
        #expect(keys == "")
    }

    @Test func `the top level holds what everyone expects there`() throws {
        let paths = try Project.output(of: "git", "ls-files").split(separator: "\n")
        let expected: Set<Substring> = [
            "Package.swift", "Sources", "Tests", "certs", "deploy", "examples", "README.md",
            "LICENSE", "Makefile", "docs",
        ]
        let names = Set(paths.compactMap { $0.split(separator: "/").first })
        #expect(names.filter { !$0.hasPrefix(".") }.subtracting(expected).isEmpty)
    }

    @Test func `a build installs the packages that the manifest asks for`() throws {
        let manifest = try ProjectFile("Package.swift").lines.joined(separator: "\n")
        let packages = try ProjectFile(".ci/packages").lines.joined(separator: "\n")
        let names = manifest.matches(of: /\.apt\(\["([\w.+-]+)"\]\)/).map(\.1)
        #expect(!names.isEmpty)
        for name in names { #expect(packages.contains(name), "\(name)") }
    }

    /// Row 250: what strangers name is hashed with a seed of the process's own.
    @Test func `nobody takes the seed from hashes`() throws {
        // Written in two parts, so that this file isn't found.
        let name = "SWIFT_DETERMINISTIC_" + "HASHING"
        #expect(try Project.output(of: "sh", "-c", "git grep -lI -e '\(name)' || true") == "")
        #expect(ProcessInfo.processInfo.environment[name] == nil)
    }

    @Test func `nothing pulls in SwiftNIO`() throws {
        // The test run itself holds the lock of the build's directory.
        let graph = try Project.output(
            of: "swift", "package", "--ignore-lock", "show-dependencies", "--format", "json")
        #expect(graph.contains("swift-log"))
        #expect(!graph.contains("swift-nio"))
    }
}

// MARK: - Reading Swift

extension Character {
    fileprivate var isWord: Bool { isLetter || isNumber || self == "_" }
}

/// The line numbers of each function, from its first to its closing brace.
private func functions(of file: ProjectFile) -> [ClosedRange<Int>] {
    var functions: [ClosedRange<Int>] = []
    var start: (line: Int, indentation: Int)?
    for (number, line) in file.numberedLines {
        let indentation = line.prefix { $0 == " " }.count
        if let open = start {
            guard line.dropFirst(indentation).hasPrefix("}"), indentation == open.indentation
            else { continue }
            functions.append(open.line...number)
            start = nil
        } else if line.contains("func ") || line.contains("init"),
            line.wholeMatch(of: /\s*(@?[\w()]+ )*(func |init[(?<]|deinit ).*/) != nil,
            !line.contains("//"), !line.hasSuffix("}")
        {
            start = (number, indentation)
        }
    }
    return functions
}

/// The names of a structure's public variables that are stored.
private func variables(of structure: String, in file: ProjectFile) -> [String] {
    let body = file.lines.drop { !$0.hasPrefix("public struct \(structure):") }
        .prefix { $0 != "}" }
    return body.compactMap { line in
        line.wholeMatch(of: /\s{4}public var (\w+)[: ].*/).map { String($0.1) }
    }
}
