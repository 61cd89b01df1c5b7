import CloudEvents
import Testing

@testable import Configuration

/// What Knative leaves in the environment, and what overrides a sink's events.
@Suite struct SinkBindingTests {
    private func http(_ outcome: Outcome, _ place: Int = 0) throws -> HTTPSinkSettings {
        let settings = try #require(outcome.settings, "\(outcome.lines)")
        guard case .uri(let http) = settings.sinks[place].target else {
            Issue.record("no HTTP sink")
            return HTTPSinkSettings(uri: "")
        }
        return http
    }

    private func overrides(_ items: [(String, String)]) throws -> ExtensionOverrides {
        var overrides = ExtensionOverrides()
        for (name, value) in items { try overrides.add(name, value) }
        return overrides
    }

    // MARK: - ceOverrides

    @Test func `extension attributes are overridden by their names`() throws {
        let sinks =
            "sinks: [{name: console, uri: 'http://x', ceOverrides: {extensions: "
            + "{team: a, region: 'b c', number: 1}}}]\n"
        let outcome = read(Gateway(sinks: sinks).text)
        #expect(
            try http(outcome).ceOverrides
                == overrides([("team", "a"), ("region", "b c"), ("number", "1")]))
        let again = read(try #require(outcome.settings).maskedYAML)
        #expect(again.settings == outcome.settings)
    }

    @Test(arguments: [
        (
            "{extensions: {type: x}}",
            "f:5:69: error: 'type' is not an extension attribute, and stays what it is at"
                + " sinks[0].ceOverrides.extensions; override extension attributes only [conflict]"
        ),
        (
            "{extensions: {subject: x}}",
            "f:5:69: error: 'subject' is not an extension attribute, and stays what it is at"
                + " sinks[0].ceOverrides.extensions; override extension attributes only [conflict]"
        ),
        (
            "{extensions: {Team: x}}",
            "f:5:69: error: An attribute's name must be lower case letters and digits, in 'Team'"
                + " at sinks[0].ceOverrides.extensions [invalid-value]"
        ),
        (
            "{extensions: {team: [x]}}",
            "f:5:75: error: expected a single value, found a list at"
                + " sinks[0].ceOverrides.extensions.team [wrong-type]"
        ),
        (
            "{attributes: {}}",
            "f:5:56: error: unknown key 'attributes' at sinks[0].ceOverrides [unknown-key]"
        ),
    ])
    func `what can't be overridden is told`(section: String, line: String) {
        let sinks = "sinks: [{name: console, uri: 'http://x', ceOverrides: \(section)}]\n"
        #expect(read(Gateway(sinks: sinks).text).lines == [line])
    }

    // MARK: - K_SINK

    private static let complete = [
        "K_SINK": "https://broker.example/default", "K_CA_CERTS": "PEM",
        "K_CE_OVERRIDES": #"{"extensions":{"team":"a\/b"}}"#, "K_SINK_TIMEOUT": "7",
    ]

    @Test func `where no sink is named, K_SINK is one, and all routes lead there`() throws {
        let outcome = read(Gateway(sinks: "", routes: "").text, environment: Self.complete)
        let settings = try #require(outcome.settings, "\(outcome.lines)")
        #expect(outcome.lines == [])
        #expect(settings.sinks.map(\.name) == ["k-sink"])
        #expect(settings.routes == [RouteSettings(name: "k-sink", sources: [0], sinks: [0])])
        let sink = try http(outcome)
        #expect(sink.uri == "https://broker.example/default")
        #expect(sink.env?.certificates == Array("PEM".utf8))
        #expect(sink.env?.timeout == .seconds(7))
        #expect(sink.env?.token == "/oidc/token")
        #expect(sink.env?.trustBundles == "/knative-custom-certs")
        #expect(try sink.ceOverrides == overrides([("team", "a/b")]))
        let again = read(settings.maskedYAML, environment: Self.complete)
        #expect(again.settings == settings)
    }

    @Test func `routes that say no more than their filters lead to K_SINK`() throws {
        let routes = "routes: [{name: one, filters: [{exact: {type: a}}]}]\n"
        let outcome = read(
            Gateway(sinks: "", routes: routes).text, environment: ["K_SINK": "http://x"])
        let settings = try #require(outcome.settings, "\(outcome.lines)")
        #expect(settings.routes.map(\.sinks) == [[0]])
        #expect(settings.routes[0].filter != nil)
    }

    @Test func `a configuration that names sinks leaves K_SINK alone`() throws {
        let settings = try #require(read(Gateway().text, environment: Self.complete).settings)
        #expect(settings.sinks.map(\.target) == [.console])
    }

    @Test func `a sink of the environment has keys of its own, which win`() throws {
        let sinks =
            "sinks: [{name: console, env: {token: /t, trustBundles: /b}, contentMode: structured,"
            + " ceOverrides: {extensions: {team: mine}}}]\n"
        let sink = try http(read(Gateway(sinks: sinks).text, environment: Self.complete))
        #expect(sink.uri == "https://broker.example/default")
        #expect(sink.contentMode == .structured)
        #expect(sink.env?.token == "/t")
        #expect(sink.env?.trustBundles == "/b")
        #expect(try sink.ceOverrides == overrides([("team", "mine")]))
    }

    @Test func `a token that is mounted is shown to the sink, unless it has other proofs`() throws {
        let environment = ["K_SINK": "https://x"]
        let text = Gateway(sinks: "", routes: "").text
        let mounted = read(text, environment: environment, files: ["/oidc/token": "abc\n"])
        #expect(try http(mounted).auth == .bearer(Secret("abc", file: "/oidc/token")))
        #expect(try http(mounted).env?.hasToken == true)
        #expect(mounted.settings?.maskedYAML.contains("abc") == false)
        #expect(mounted.lines == [])
        #expect(try http(read(text, environment: environment)).auth == nil)
        let own = "sinks: [{name: console, env: {}, auth: {bearer: own}}]\n"
        let other = read(
            Gateway(sinks: own).text, environment: environment, files: ["/oidc/token": "abc"])
        #expect(try http(other).auth == .bearer(Secret("own")))
        let broken = read(text, environment: environment, files: ["/oidc/token": ""])
        #expect(broken.codes == [.secretUnavailable])
        let plain = read(
            text, environment: ["K_SINK": "http://x"], files: ["/oidc/token": "abc"])
        #expect(plain.codes == [.insecure])
    }

    @Test func `without K_SINK a sink of the environment is a mistake`() {
        let sinks = "sinks: [{name: console, env: {}}]\n"
        #expect(
            read(Gateway(sinks: sinks).text).lines == [
                "f:5:30: error: the environment variable K_SINK is not set at sinks[0].env; a"
                    + " SinkBinding or a ContainerSource sets it [missing-key]"
            ])
    }

    @Test(arguments: ["", "  ", "{}", #"{"extensions":{}}"#, #"{"extensions":null}"#])
    func `K_CE_OVERRIDES may say nothing`(text: String) throws {
        let environment = ["K_SINK": "http://x", "K_CE_OVERRIDES": text]
        let outcome = read(Gateway(sinks: "", routes: "").text, environment: environment)
        #expect(try http(outcome).ceOverrides.isEmpty)
        #expect(outcome.lines == [])
    }

    @Test(arguments: [
        (
            #"{"extensions":{"type":"x"}}"#,
            "'type' is not an extension attribute, and stays what it is at extensions"
        ),
        ("[]", "expected a JSON object, found a list"),
        (#"{"extensions":{"a":["b"]}}"#, "expected a single value, found a list at extensions.a"),
        (#"{"extensions":"#, ""),
    ])
    func `what is wrong with K_CE_OVERRIDES is told, and the start refused`(
        text: String, sentence: String
    ) throws {
        let environment = ["K_SINK": "http://x", "K_CE_OVERRIDES": text]
        let outcome = read(Gateway(sinks: "", routes: "").text, environment: environment)
        #expect(outcome.settings == nil)
        let line = try #require(outcome.lines.first)
        #expect(line.contains("error: K_CE_OVERRIDES: \(sentence)"), "\(line)")
    }

    @Test func `what K_CE_OVERRIDES says besides is told and passed over`() throws {
        let environment = [
            "K_SINK": "http://x", "K_CE_OVERRIDES": #"{"other":1,"extensions":{"a":"b"}}"#,
        ]
        let outcome = read(Gateway(sinks: "", routes: "").text, environment: environment)
        #expect(try http(outcome).ceOverrides == overrides([("a", "b")]))
        #expect(outcome.codes == [.ignored])
    }

    @Test(arguments: [
        (nil, nil, 0), ("", nil, 0), ("-1", nil, 0), ("30", Duration.seconds(30), 0),
        ("0", nil, 1), ("soon", nil, 1), ("1.5", nil, 1), ("999999999999", nil, 1),
    ])
    func `K_SINK_TIMEOUT is a number of seconds or nothing`(
        text: String?, timeout: Duration?, warnings: Int
    ) throws {
        var environment = ["K_SINK": "http://x"]
        environment["K_SINK_TIMEOUT"] = text
        let outcome = read(Gateway(sinks: "", routes: "").text, environment: environment)
        #expect(try http(outcome).env?.timeout == timeout)
        #expect(outcome.codes == Array(repeating: .ignored, count: warnings))
    }

    @Test(arguments: ["nowhere", "ftp://x", "http://user:secret@x"])
    func `a K_SINK that is no address is told without it`(uri: String) throws {
        let outcome = read(Gateway(sinks: "", routes: "").text, environment: ["K_SINK": uri])
        let line = try #require(outcome.lines.first)
        #expect(line.contains("K_SINK: the URI"))
        #expect(!line.contains("secret"))
    }

    @Test func `a file of authorities beside the environment's is a mistake`() {
        let sinks = "sinks: [{name: console, env: {}, tls: {ca: /ca.pem}}]\n"
        let outcome = read(Gateway(sinks: sinks).text, environment: ["K_SINK": "https://x"])
        #expect(outcome.codes == [.conflict])
    }
}
