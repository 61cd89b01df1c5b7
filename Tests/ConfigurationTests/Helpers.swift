import Foundation
import Testing

@testable import Configuration

/// What reading a text came to.
struct Outcome {
    var settings: Settings?
    var diagnostics: [Diagnostic]
    var isRouterConfig = false

    var lines: [String] { diagnostics.map(\.description) }
    var codes: [Diagnostic.Code] { diagnostics.map(\.code) }
}

/// Reads a text as `f`, with these environment variables and files only.
func read(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
) -> Outcome {
    read(Array(text.utf8), environment: environment, files: files)
}

func read(
    _ octets: [UInt8], environment: [String: String] = [:], files: [String: String] = [:]
) -> Outcome {
    struct NoSuchFile: Error, CustomStringConvertible {
        let description = "no such file"
    }
    do {
        let (settings, warnings) = try Settings.read(
            text: octets, file: "f", environment: { environment[$0] },
            readFile: { path in
                guard let text = files[path] else { throw NoSuchFile() }
                return Array(text.utf8)
            })
        return Outcome(settings: settings, diagnostics: warnings)
    } catch {
        return Outcome(diagnostics: error.diagnostics, isRouterConfig: error.isRouterConfig)
    }
}

/// A small `veer/v1` text, section by section; each can be replaced.
struct Gateway {
    var head = "apiVersion: veer/v1\nkind: Gateway\n"
    var listeners = "listeners: [{name: local, address: '127.0.0.1:8080'}]\n"
    var sources = "sources: [{name: hooks, webhook: {}}]\n"
    var sinks = "sinks: [{name: console, console: {}}]\n"
    var routes = "routes: [{name: all, to: [console]}]\n"
    var rest = ""

    var text: String { head + listeners + sources + sinks + routes + rest }
}

/// A `RouterConfig` text, section by section.
struct Router {
    var head = "apiVersion: event-router.vmware.com/v1alpha1\nkind: RouterConfig\n"
    var provider = """
        eventProvider:
          type: webhook
          name: w
          webhook:
            bindAddress: 0.0.0.0:8080
            path: /webhook
            auth: {type: basic_auth, basicAuth: {username: u, password: p}}

        """
    var processor = """
        eventProcessor:
          type: knative
          name: k
          knative:
            encoding: binary
            insecureSSL: false
            destination: {uri: {scheme: http, host: broker.example, path: /default/rabbit}}

        """
    var metrics = """
        metricsProvider:
          type: default
          name: m
          default:
            bindAddress: "0.0.0.0:8082"
            auth: {type: basic_auth, basicAuth: {username: admin, password: p}}

        """
    var rest = ""

    var text: String { head + provider + processor + metrics + rest }
}

/// Data that the project shares with others, beside the package.
func shared(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let url = root.deletingLastPathComponent().appending(path: "shared/\(path)")
    return try String(contentsOf: url, encoding: .utf8)
}
