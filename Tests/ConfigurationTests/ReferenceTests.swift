import Testing

@testable import Configuration

/// Sinks that are named by an object of a cluster.
@Suite struct ReferenceTests {
    static let broker = "apiVersion: eventing.knative.dev/v1, kind: Broker, name: default"

    @Test func `a sink may be an object`() throws {
        let outcome = Self.read("ref: {\(Self.broker)}, contentMode: structured")
        #expect(outcome.lines == [])
        let http = try #require(Self.http(outcome))
        #expect(
            http.reference
                == ReferenceSettings(
                    apiVersion: "eventing.knative.dev/v1", kind: "Broker", name: "default"))
        #expect(http.uri == "")
        #expect(http.contentMode == .structured)
    }

    @Test func `all that a reference can say`() throws {
        let outcome = Self.read(
            "ref: {\(Self.broker), namespace: here, address: inside}, uri: '/in?x=1', tls: {ca: c}")
        #expect(outcome.lines == [])
        let http = try #require(Self.http(outcome))
        #expect(http.reference?.namespace == "here")
        #expect(http.reference?.address == "inside")
        #expect(http.uri == "/in?x=1")
        #expect(http.reference?.description == "eventing.knative.dev/v1 Broker here/default")
    }

    @Test func `a Service of the core may have a port`() throws {
        let outcome = Self.read("ref: {apiVersion: v1, kind: Service, name: s, port: 8080}")
        #expect(outcome.lines == [])
        #expect(Self.http(outcome)?.reference?.port == 8080)
    }

    @Test(arguments: [
        ("uri: 'http://x/y'", "the URI is absolute, and 'ref' stands beside it"),
        ("uri: 'mailto:x'", "the URI is absolute, and 'ref' stands beside it"),
        ("uri: '//other/y'", "the URI names another host than 'ref' does"),
        ("uri: '/x#y'", "the URI has a fragment"),
        ("uri: '/x y'", "the URI holds a character that no URI may hold, or none"),
        ("uri: ''", "the URI holds a character that no URI may hold, or none"),
        ("console: {}", "a sink can't be both 'ref' and 'console'"),
    ])
    func `what can't stand beside a reference says why`(more: String, sentence: String) {
        let outcome = Self.read("ref: {\(Self.broker)}, \(more)")
        #expect(outcome.diagnostics.map(\.sentence) == [sentence])
        #expect(outcome.settings == nil)
    }

    @Test(arguments: [
        ("apiVersion: v1/x/y, kind: Broker, name: a", "'v1/x/y' is not an apiVersion"),
        ("apiVersion: x, kind: Broker, name: a", "'x' is not an apiVersion"),
        ("apiVersion: a/v1, kind: Bro-ker, name: a", "'Bro-ker' is not a kind"),
        ("apiVersion: a/v1, kind: Broker, name: A", "'A' is not the name of an object"),
        ("apiVersion: a/v1, kind: Broker, name: a/b", "'a/b' is not the name of an object"),
        ("\(broker), namespace: a.b", "'a.b' is not a namespace"),
        (
            "\(broker), port: 80",
            "only a Service of the core has a 'port' here; others have addresses"
        ),
        (
            "apiVersion: v1, kind: Service, name: s, address: x",
            "a Service of the core has one address"
        ),
        ("apiVersion: v1, kind: Service, name: s, port: 0", "'0' is not a port"),
        ("\(broker), group: x", "unknown key 'group'"),
        ("kind: Broker", "the keys 'apiVersion' and 'name' are missing"),
    ])
    func `a mistake in a reference is named`(text: String, sentence: String) {
        let outcome = Self.read("ref: {\(text)}")
        #expect(outcome.diagnostics.map(\.sentence) == [sentence], "\(outcome.lines)")
    }

    @Test func `authorities may stand in the file itself`() {
        let pem = "-----BEGIN CERTIFICATE-----"
        let outcome = Self.read("ref: {\(Self.broker)}, tls: {CACerts: '\(pem)'}")
        #expect(Self.http(outcome)?.tls.authorities == pem)
        #expect(
            Self.read("uri: 'https://x', tls: {CACerts: nothing}").diagnostics.map(\.sentence)
                == ["this is no certificate as PEM, or too many"])
        #expect(
            Self.read("uri: 'https://x', tls: {ca: f, CACerts: '\(pem)'}").codes == [.conflict])
    }

    @Test func `the cluster is configured once`() throws {
        let text = Gateway(
            rest: "kubernetes: {kubeconfig: k, serviceAccountPath: /a, namespace: n,"
                + " clusterDomain: my.domain, timeout: 5s}\n"
        ).text
        let settings = try #require(ConfigurationTests.read(text).settings)
        #expect(settings.kubernetes.kubeconfig == "k")
        #expect(settings.kubernetes.serviceAccountPath == "/a")
        #expect(settings.kubernetes.namespace == "n")
        #expect(settings.kubernetes.clusterDomain == "my.domain")
        #expect(settings.kubernetes.timeout == .seconds(5))
    }

    @Test func `what is shown is read as the same settings`() throws {
        let settings = try #require(
            Self.read("ref: {\(Self.broker), namespace: n, address: a}, uri: in").settings)
        #expect(ConfigurationTests.read(settings.maskedYAML).settings == settings)
        #expect(settings.maskedYAML.contains("kubernetes:"))
    }

    @Test(arguments: [
        ("ref: {\(broker)}, auth: {oidc: {serviceAccount: veer}}", []),
        ("ref: {\(broker)}, auth: {oidc: {serviceAccount: veer, audience: a}}", []),
        ("uri: 'https://x', auth: {oidc: {serviceAccount: veer, audience: a}}", []),
        ("uri: 'https://x', auth: {oidc: {file: /token}}", []),
        (
            "ref: {apiVersion: v1, kind: Service, name: s}, auth: {oidc: {serviceAccount: v}}",
            ["the key 'audience' is missing"]
        ),
        (
            "uri: 'https://x', auth: {oidc: {serviceAccount: V, audience: a}}",
            ["'V' is not the name of an object", "the key 'audience' is missing"]
        ),
    ])
    func `a sink may be shown a token of the cluster's`(text: String, sentences: [String]) throws {
        let outcome = Self.read(text)
        guard sentences.isEmpty else {
            #expect(outcome.diagnostics.first?.sentence == sentences[0], "\(outcome.lines)")
            return
        }
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings)
        #expect(Self.http(outcome)?.oidc != nil)
        #expect(ConfigurationTests.read(settings.maskedYAML).settings == settings)
    }

    // MARK: - As the original's configuration has it

    @Test(arguments: [
        ("ref: {\(broker), namespace: here}", ""),
        ("ref: {\(broker), namespace: here}, uri: {path: /in, rawquery: 'x=1'}", "/in?x=1"),
        ("ref: {\(broker), namespace: here}, uri: {path: in}", "in"),
        ("ref: {\(broker), namespace: here, group: ''}, uri: {}", ""),
    ])
    func `a RouterConfig may name an object`(destination: String, uri: String) throws {
        let outcome = ConfigurationTests.read(Self.router(destination))
        #expect(outcome.lines == [])
        let http = try #require(Self.http(outcome))
        #expect(http.uri == uri)
        #expect(http.reference?.description == "eventing.knative.dev/v1 Broker here/default")
        #expect(http.contentMode == .structured)
        #expect(
            outcome.settings?.router?.processorAddress
                == "eventing.knative.dev/v1 Broker here/default")
    }

    @Test(arguments: [
        (
            "ref: {\(broker)}, uri: {scheme: http, host: x}",
            "the URI is absolute, and 'ref' stands beside it"
        ),
        (
            "ref: {\(broker)}, uri: {host: x, path: /y}",
            "the URI is absolute, and 'ref' stands beside it"
        ),
        ("ref: {\(broker), group: x}", "'group' was never supported"),
        ("ref: {apiVersion: v1, kind: Service}", "the key 'name' is missing"),
        ("ref: {apiVersion: v1, kind: Service, name: S}", "'S' is not the name of an object"),
    ])
    func `a RouterConfig's mistakes are named`(destination: String, sentence: String) {
        let outcome = ConfigurationTests.read(Self.router(destination))
        #expect(outcome.diagnostics.map(\.sentence) == [sentence], "\(outcome.lines)")
        #expect(outcome.settings == nil)
    }

    // MARK: - Helpers

    static func router(_ destination: String) -> String {
        Router(
            processor: "eventProcessor: {type: knative, name: k, knative: {encoding: structured,"
                + " insecureSSL: false, destination: {\(destination)}}}\n"
        ).text
    }

    static func read(_ sink: String) -> Outcome {
        ConfigurationTests.read(Gateway(sinks: "sinks: [{name: console, \(sink)}]\n").text)
    }

    static func http(_ outcome: Outcome) -> HTTPSinkSettings? {
        guard case .uri(let http)? = outcome.settings?.sinks.first?.target else { return nil }
        return http
    }
}
