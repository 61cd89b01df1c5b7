// swift-tools-version: 6.2
import PackageDescription

/// Every target: Swift 6 mode, no warning survives, no unsafe call goes unmarked.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A tenth of the program less: nothing looks names up in it, and its relocations are packed.
let compact: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-use-ld=lld", "-Xlinker", "--icf=safe", "-Xlinker", "--no-export-dynamic",
            "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
        ],
        .when(configuration: .release))
]

/// Tests may use Foundation's processes and files freely, so they skip the unsafe markers.
let tests: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "veer",
    products: [.executable(name: "veer", targets: ["veer"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // C: headers and shims only.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(
            name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),

        // A table as text, which C can take into the binary as it is.
        .target(name: "CVSphere", exclude: ["generate-types", "types.txt"]),

        // Pure: values in, values out. No descriptor, clock or thread.
        .target(name: "HTTP", swiftSettings: strict),
        .target(name: "HTTP2", dependencies: ["CNghttp2", "HTTP"], swiftSettings: strict),
        .target(
            name: "Authentication", dependencies: ["COpenSSL", "HTTP"], swiftSettings: strict),
        .target(name: "CloudEvents", dependencies: ["HTTP"], swiftSettings: strict),
        .target(
            name: "Webhooks", dependencies: ["Authentication", "CloudEvents", "HTTP"],
            swiftSettings: strict),
        .target(name: "Filters", dependencies: ["CloudEvents"], swiftSettings: strict),
        .target(name: "Telemetry", dependencies: [logging], swiftSettings: strict),
        .target(name: "TLS", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(name: "YAML", dependencies: ["CYAML"], swiftSettings: strict),
        .target(name: "SOAP", dependencies: ["CExpat"], swiftSettings: strict),
        .target(
            name: "Configuration", dependencies: ["CloudEvents", "Filters", "Webhooks", "YAML"],
            swiftSettings: strict),

        // Effects: own descriptors and threads, and hold no rule of the domain.
        .target(name: "EventLoops", dependencies: ["CLinux"], swiftSettings: strict),
        .target(
            name: "Server",
            dependencies: ["CLinux", "EventLoops", "HTTP", "HTTP2", "TLS", "Telemetry"],
            swiftSettings: strict),
        .target(
            name: "Outbound", dependencies: ["CCurl", "COpenSSL", "EventLoops"],
            swiftSettings: strict),
        .target(
            name: "Kubernetes", dependencies: ["EventLoops", "Outbound", "YAML"],
            swiftSettings: strict),
        .target(
            name: "Journal",
            dependencies: ["CSQLite", "CLinux", "CloudEvents", "EventLoops", "Telemetry", logging],
            swiftSettings: strict),

        // Parts: know the domain and never import each other.
        .target(
            name: "Ingress",
            dependencies: [
                "Authentication", "CloudEvents", "Configuration", "EventLoops", "Filters", "HTTP",
                "HTTP2", "Journal", "Server", "TLS", "Telemetry", "Webhooks", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Delivery",
            dependencies: [
                "Authentication", "CloudEvents", "Configuration", "EventLoops", "HTTP", "Journal",
                "Outbound", "Telemetry", "Webhooks", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "VSphere",
            dependencies: [
                "CloudEvents", "Configuration", "CVSphere", "EventLoops", "Journal", "Outbound",
                "SOAP", "Telemetry", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Coordination",
            dependencies: ["EventLoops", "Journal", "Kubernetes", "Telemetry", logging],
            swiftSettings: strict),
        .target(
            name: "Knative",
            dependencies: [
                "Configuration", "EventLoops", "Kubernetes", "Outbound", "Telemetry", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Admin",
            dependencies: [
                "Authentication", "Configuration", "EventLoops", "HTTP", "Server", "Telemetry",
                logging,
            ],
            swiftSettings: strict),

        // Makes everything, joins it, waits.
        .executableTarget(
            name: "veer",
            dependencies: [
                "Admin", "Authentication", "CloudEvents", "CLinux", "Configuration", "Coordination",
                "Delivery",
                "EventLoops",
                "Filters", "HTTP", "Ingress", "Journal", "Knative", "Kubernetes", "Outbound",
                "Server", "TLS", "Telemetry",
                "VSphere", "Webhooks", arguments, logging,
            ],
            swiftSettings: strict, linkerSettings: compact),

        // A server for tests that answers as it's told, be it badly.
        .target(
            name: "ScriptedPeer", dependencies: ["EventLoops"], path: "Tests/ScriptedPeer",
            swiftSettings: tests),

        // What hostile octets are thrown at, by fuzzers and by a test.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Authentication", "CloudEvents", "HTTP", "HTTP2", "SOAP", "VSphere", "Webhooks",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: tests),

        // Measures the journal alone; see docs/PERFORMANCE.md.
        .executableTarget(
            name: "journal-benchmark",
            dependencies: ["CloudEvents", "EventLoops", "Journal", "Telemetry", logging],
            path: "Tests/Benchmarks/Journal", swiftSettings: tests),

        .testTarget(name: "HTTPTests", dependencies: ["HTTP"], swiftSettings: tests),
        .testTarget(
            name: "HTTP2Tests", dependencies: ["HTTP2", "CNghttp2", "HTTP"], swiftSettings: tests),
        .testTarget(
            name: "AuthenticationTests", dependencies: ["Authentication", "HTTP"],
            swiftSettings: tests),
        .testTarget(
            name: "CloudEventsTests", dependencies: ["CloudEvents", "HTTP"], swiftSettings: tests),
        .testTarget(
            name: "WebhooksTests",
            dependencies: ["Webhooks", "Authentication", "COpenSSL", "CloudEvents", "HTTP"],
            swiftSettings: tests),
        .testTarget(
            name: "FiltersTests", dependencies: ["Filters", "CloudEvents", "YAML"],
            swiftSettings: tests),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"], swiftSettings: tests),
        .testTarget(
            name: "TLSTests", dependencies: ["TLS", "COpenSSL"], swiftSettings: tests),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: tests),
        .testTarget(name: "SOAPTests", dependencies: ["SOAP"], swiftSettings: tests),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "Filters", "Webhooks"],
            swiftSettings: tests),
        .testTarget(name: "EventLoopsTests", dependencies: ["EventLoops"], swiftSettings: tests),
        .testTarget(
            name: "ServerTests", dependencies: ["Server", "EventLoops", "HTTP", "Telemetry"],
            swiftSettings: tests),
        .testTarget(
            name: "OutboundTests", dependencies: ["Outbound", "EventLoops", "ScriptedPeer"],
            swiftSettings: tests),
        .testTarget(
            name: "KubernetesTests",
            dependencies: ["Kubernetes", "EventLoops", "Outbound", "ScriptedPeer"],
            swiftSettings: tests),
        .testTarget(
            name: "JournalTests",
            dependencies: [
                "Journal", "CSQLite", "CloudEvents", "EventLoops", "Telemetry", logging,
            ],
            swiftSettings: tests),
        .testTarget(
            name: "IngressTests",
            dependencies: [
                "Ingress", "Authentication", "CloudEvents", "Configuration", "Filters", "HTTP",
                "Journal",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Delivery", "CloudEvents", "Configuration", "EventLoops", "Journal", "Outbound",
                "ScriptedPeer", "Telemetry", "Webhooks", logging,
            ], swiftSettings: tests),
        .testTarget(
            name: "VSphereTests",
            dependencies: [
                "VSphere", "CloudEvents", "Configuration", "EventLoops", "Journal", "Outbound",
                "ScriptedPeer", "SOAP", "Telemetry", logging,
            ], swiftSettings: tests),
        .testTarget(
            name: "CoordinationTests", dependencies: ["Coordination"], swiftSettings: tests),
        .testTarget(
            name: "KnativeTests", dependencies: ["Knative", "Configuration"],
            swiftSettings: tests),
        .testTarget(
            name: "AdminTests", dependencies: ["Admin", "Configuration"], swiftSettings: tests),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: tests),
        .testTarget(name: "TidyTests", swiftSettings: tests),
    ]
)
