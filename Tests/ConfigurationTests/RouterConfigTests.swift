import Testing

@testable import Configuration

/// A `RouterConfig` means what it meant, and its mistakes are named.
@Suite struct RouterConfigTests {
    @Test func `webhook to knative runs unchanged`() throws {
        let outcome = read(Router().text)
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings)
        var expected = Settings()
        expected.listeners = [
            ListenerSettings(name: "webhook", address: .ip([0, 0, 0, 0], port: 8080))
        ]
        var webhook = WebhookSettings(listeners: [0])
        webhook.successStatus = 200
        webhook.percentDecoding = .off
        webhook.duplicates.window = .zero
        webhook.auth = [.basic(username: "u", password: Secret("p"))]
        expected.sources = [SourceSettings(name: "webhook", webhook: webhook)]
        var sink = HTTPSinkSettings(uri: "http://broker.example/default/rabbit")
        sink.headerEncoding = .raw
        expected.sinks = [SinkSettings(name: "knative", target: .uri(sink))]
        var route = RouteSettings(name: "router", sources: [0], sinks: [0])
        route.delivery.retry = 3
        route.delivery.timeout = .seconds(600)
        route.delivery.retryAfterMax = .zero
        expected.routes = [route]
        expected.journal.mode = .memory
        expected.admin.address = .ip([0, 0, 0, 0], port: 8082)
        expected.admin.auth = [.basic(username: "admin", password: Secret("p"))]
        expected.router = RouterSettings(
            providerType: "webhook", providerAddress: "0.0.0.0:8080", processorType: "knative",
            processorAddress: "http://broker.example/default/rabbit")
        #expect(settings == expected)
    }

    @Test func `structured encoding and an unverified certificate are kept`() throws {
        let processor = Router().processor.replacing("binary", with: "structured")
            .replacing("insecureSSL: false", with: "insecureSSL: true")
        let outcome = read(Router(processor: processor).text)
        #expect(
            outcome.lines == [
                "f:15:18: warning: the sink's certificate is not verified at"
                    + " eventProcessor.knative.insecureSSL [insecure]"
            ])
        guard case .uri(let sink) = outcome.settings?.sinks.first?.target else {
            Issue.record("no sink")
            return
        }
        #expect(sink.contentMode == .structured)
        #expect(sink.tls.isInsecure)
    }

    @Test(arguments: ["", "apiVersion: x\nkind: y\n", "kind: RouterConfig\n", "apiVersion: 1\n"])
    func `version and kind are never compared`(head: String) {
        #expect(read(Router(head: head).text).settings?.router != nil)
    }

    @Test func `what the original ignored is ignored`() {
        let rest = """
            metadata: {name: n, labels: {a: 1, b: true, c: x}}
            certificates: {rootCAs: [/no/such/file.pem]}
            ---
            second: document
            """
        let provider =
            Router().provider + """
                  vcenter: {address: https://vc, insecureSSL: true, checkpoint: false}
                  horizon:

                """
        let outcome = read(Router(provider: provider, rest: rest).text)
        #expect(outcome.settings?.router?.providerType == "webhook")
        #expect(
            outcome.lines == [
                "f:27:1: warning: only the first document of the file is read [ignored]"
            ])
    }

    @Test func `JSON is read too`() {
        let text = """
            {"eventProvider": {"type": "webhook", "webhook": {"bindAddress": "[::1]:0"}},
             "eventProcessor": {"type": "knative", "knative": {"encoding": "binary",
               "destination": {"uri": {"scheme": "https", "host": "x:81"}}}},
             "metricsProvider": {"type": "default", "default": {"bindAddress": "1.2.3.4:5"}}}
            """
        let outcome = read(text)
        #expect(outcome.settings?.sources.first?.webhook?.path == "/webhook")
        #expect(outcome.settings?.router?.processorAddress == "https://x:81")
        #expect(outcome.codes == [.openEndpoint, .openEndpoint])
    }

    @Test(arguments: [
        ("1234", "1234"), ("true", "true"), ("0123", "0123"), ("1.50", "1.50"), ("no", "no"),
        ("'quoted'", "quoted"), ("null", ""), ("~", ""), ("", ""),
    ])
    func `scalars are texts as they are written`(yaml: String, password: String) {
        let provider = Router().provider.replacing(
            "password: p}", with: "password: \(yaml)}")
        let outcome = read(Router(provider: provider).text)
        #expect(
            outcome.settings?.sources.first?.webhook?.auth
                == [.basic(username: "u", password: Secret(password))])
        #expect(outcome.codes == (password.isEmpty ? [.insecure] : []))
    }

    @Test(arguments: [
        ("/webhook", "/webhook"), ("webhook", "/webhook"), ("/WebHook/", "/webhook"),
        ("''", "/webhook"), ("~", "/webhook"), ("///x///", "/x"), ("/a/B", "/a/b"),
        ("/a b", "/a%20b"), ("/Ä", "/%C3%A4"), ("/a?b", "/a%3Fb"), ("/a%2Fb", "/a%2fb"),
        ("/100%", "/100%25"),
    ])
    func `a path is served in lower case`(path: String, served: String) {
        let provider = Router().provider.replacing("path: /webhook", with: "path: \(path)")
        let outcome = read(Router(provider: provider).text)
        #expect(outcome.settings?.sources.first?.webhook?.path == served, "\(outcome.lines)")
    }

    @Test(arguments: [
        ("0.0.0.0:8082", true), ("'[::1]:80'", true), ("'[::]:0'", true), ("localhost:80", false),
        ("'[fe80::1]:80'", false), ("0.0.0.0", false), ("':80'", false), ("'0.0.0.0:'", false),
        ("'::1:80'", false), ("'1.2.3.4 :80'", false), ("1.2.3.4/8:80", false),
        ("999.1.1.1:99999", false), ("_:1", false), ("''", false), ("~", false),
    ])
    func `a bindAddress is an address and a port`(address: String, isValid: Bool) {
        let provider = Router().provider.replacing("0.0.0.0:8080", with: address)
        let outcome = read(Router(provider: provider).text)
        #expect((outcome.settings != nil) == isValid, "\(outcome.lines)")
        #expect(outcome.diagnostics.allSatisfy { $0.path == "eventProvider.webhook.bindAddress" })
    }

    @Test(arguments: [
        ("scheme: HTTPS, host: x", "https://x"), ("scheme: http, host: 'x:80'", "http://x:80"),
        ("scheme: http, host: x, path: in", "http://x/in"),
        ("scheme: http, host: x, path: '/a b%/ü?'", "http://x/a%20b%25/%C3%BC%3F"),
        ("scheme: http, host: x, path: /a/b, rawpath: /a%2Fb", "http://x/a%2Fb"),
        ("scheme: http, host: x, path: /a/b, rawpath: /other", "http://x/a/b"),
        ("scheme: http, host: x, rawquery: a=b, fragment: f", "http://x?a=b"),
        ("scheme: http, host: x, forcequery: true, user: {}", "http://x?"),
    ])
    func `a sink's URI is given by its parts`(parts: String, uri: String) {
        let processor = Router().processor.replacing(
            "scheme: http, host: broker.example, path: /default/rabbit", with: parts)
        let outcome = read(Router(processor: processor).text)
        #expect(outcome.settings?.router?.processorAddress == uri, "\(outcome.lines)")
    }

    @Test(arguments: routerMistakes)
    func `a mistake is named with place and remedy`(mistake: RouterMistake) {
        let outcome = read(mistake.router.text)
        #expect(outcome.lines == mistake.expected)
        #expect(outcome.isRouterConfig)
    }

    @Test(arguments: ["", "eventProvider: [\n"])
    func `a file that can't be parsed is guessed at`(rest: String) {
        let text = "apiVersion: event-router.vmware.com/v1alpha1\n" + rest + "a: *b\n"
        #expect(read(text).isRouterConfig)
        #expect(!read("a: *b\n").isRouterConfig)
    }
}

extension String {
    func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
