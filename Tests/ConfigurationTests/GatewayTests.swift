import Testing

@testable import Configuration

/// Each rule of `veer/v1`: a text that breaks it, and all that is said about it.
@Suite struct GatewayTests {
    @Test func `a small file is complete`() throws {
        let settings = try #require(read(Gateway().text).settings)
        var expected = Settings()
        expected.listeners = [
            ListenerSettings(name: "local", address: .ip([127, 0, 0, 1], port: 8080))
        ]
        expected.sources = [SourceSettings(name: "hooks", webhook: WebhookSettings(listeners: [0]))]
        expected.sinks = [SinkSettings(name: "console", target: .console)]
        expected.routes = [RouteSettings(name: "all", sources: [0], sinks: [0])]
        #expect(settings == expected)
    }

    @Test func `every key has its effect`() throws {
        let settings = try #require(read(everything, environment: ["P": "env secret"]).settings)
        let limits = settings.listeners[0].limits
        #expect(settings.listeners[1].address == .unix(path: "/run/veer.sock"))
        #expect([limits.requestLineBytes, limits.headerBytes] == [4096, 16 << 10])
        #expect([limits.headerFields, limits.headerValueBytes] == [50, 8192])
        #expect([limits.bodyBytes, limits.chunkOverheadBytes] == [2 << 20, 0])
        #expect([limits.batchEvents, limits.attributeBytes] == [10, 65_535])
        #expect([limits.requestHeadTimeout, limits.bodyTimeout] == [.seconds(5), .seconds(60)])
        #expect([limits.writeTimeout, limits.idleTimeout] == [.seconds(3), .seconds(90)])
        #expect([limits.bodyBytesPerSecond, limits.requestsPerConnection] == [100, 9])
        #expect([limits.connections, limits.connectionsPerPeer] == [8, 7])
        #expect([limits.streams, limits.streamsPerConnection] == [11, 12])
        #expect([limits.streamWindowBytes, limits.connectionWindowBytes] == [128 << 10, 2 << 20])
        #expect([limits.resets, limits.resetsPerSecond] == [13, 14])
        #expect([limits.controlFrames, limits.controlFramesPerSecond] == [15, 16])
        #expect(limits.glitches == 17)
        var webhook = WebhookSettings(listeners: [1])
        webhook.path = "/in"
        webhook.successStatus = 204
        webhook.auth = [
            .basic(username: "veba", password: Secret("0123")),
            .basic(username: "other", password: Secret("env secret")),
        ]
        webhook.percentDecoding = .lenient
        #expect(settings.sources[0].webhook == webhook)
        #expect(settings.sources[1].webhook?.listeners == [0, 1])
        var sink = HTTPSinkSettings(uri: "https://audit.example/events?k=1")
        sink.contentMode = .structured
        sink.headerEncoding = .auto
        (sink.concurrency, sink.queueEvents, sink.queueBytes) = (4, 5, 1 << 20)
        #expect(settings.sinks[0].target == .uri(sink))
        #expect(settings.sinks[1].target == .discard)
        #expect(settings.routes[0].sources == [1])
        #expect(settings.routes[0].sinks == [1, 0])
        #expect(settings.routes[1].sources == [0, 1])
        let delivery = settings.routes[0].delivery
        #expect([delivery.retry, delivery.backoffPolicy == .linear ? 1 : 0] == [3, 1])
        #expect(
            [delivery.backoffDelay, delivery.backoffDelayMax] == [.milliseconds(200), .seconds(60)])
        #expect([delivery.timeout, delivery.retryAfterMax] == [.seconds(10), .zero])
        #expect(settings.journal.path == "/var/lib/veer")
        #expect(settings.journal.mode == .memory)
        #expect([settings.journal.bytesLimit, settings.journal.queueBytes] == [1 << 30, 1 << 20])
        #expect(settings.journal.queueRequests == 12)
        #expect(settings.journal.keepDelivered == .seconds(86_400))
        #expect(settings.admin.address == .ip([0, 0, 0, 0], port: 9000))
        #expect(settings.admin.auth.count == 1)
        #expect(settings.log.level == .warning)
        #expect(settings.log.format == .json)
        #expect(
            [settings.shutdown.delay, settings.shutdown.timeout] == [.seconds(5), .seconds(25)])
        #expect(settings.router == nil)
    }

    @Test(arguments: sectionMistakes)
    func `a mistake is named with place and remedy`(rest: String, expected: [String]) {
        #expect(read(Gateway(rest: rest).text).lines == expected)
    }

    @Test(arguments: listenerMistakes)
    func `a mistake in a listener is named`(text: String, expected: [String]) {
        #expect(read(Gateway(listeners: text).text).lines == expected)
    }

    @Test(arguments: sourceMistakes)
    func `a mistake in a source is named`(text: String, expected: [String]) {
        #expect(read(Gateway(sources: text).text).lines == expected)
    }

    /// Rows 212 and 239.
    @Test(arguments: sinkMistakes)
    func `a mistake in a sink is named`(text: String, expected: [String]) {
        #expect(read(Gateway(sinks: text).text).lines == expected)
    }

    @Test(arguments: routeMistakes)
    func `a mistake in a route is named`(text: String, expected: [String]) {
        #expect(read(Gateway(routes: text).text).lines == expected)
    }

    @Test(arguments: [
        ("kind: Gateway\n", "f:1:1: error: the key 'apiVersion' is missing [missing-key]"),
        (
            "apiVersion: veer/v2\nkind: Gateway\n",
            "f:1:13: error: 'veer/v2' is not 'veer/v1' at apiVersion [invalid-value]"
        ),
        (
            "apiVersion: veer/v1\nkind: RouterConfig\n",
            "f:2:7: error: 'RouterConfig' is not 'Gateway' at kind [invalid-value]"
        ),
    ])
    func `the version and the kind must be given`(head: String, expected: String) {
        let outcome = read(Gateway(head: head).text)
        #expect(outcome.lines == [expected])
        #expect(!outcome.isRouterConfig)
    }

    @Test func `all mistakes are reported at once, by place`() {
        let text = """
            apiVersion: veer/v1
            kind: Gateway
            sinks: [{name: A, uri: ftp://x}, {name: b, console: []}]
            routes: [{name: all, to: [c], delivery: {retry: -1, timeout: 10}}]
            listeners: [{name: local, adress: x}]
            listeners: []
            journal:
            """
        #expect(
            read(text).lines == [
                "f:1:1: error: the key 'sources' is missing [missing-key]",
                "f:3:16: error: 'A' is not a name at sinks[0].name; use 1 to 63 lower-case letters,"
                    + " digits and '-' [invalid-value]",
                "f:3:24: error: the URI's scheme is neither http nor https at sinks[0].uri; write"
                    + " it like https://sink.example/events [invalid-value]",
                "f:3:53: error: expected a mapping, found a list at sinks[1].console [wrong-type]",
                "f:4:27: error: no sink is named 'c' at routes[0].to[0] [unknown-name]",
                "f:4:49: error: -1 is too small at routes[0].delivery.retry; the least is 0"
                    + " [out-of-range]",
                "f:4:62: error: '10' is not a duration at routes[0].delivery.timeout; add a unit:"
                    + " 10s [invalid-value]",
                "f:5:13: error: the key 'address' is missing at listeners[0] [missing-key]",
                "f:5:27: error: unknown key 'adress' at listeners[0]; did you mean 'address'?"
                    + " [unknown-key]",
                "f:6:1: error: duplicate key 'listeners'; the first is in line 5 [duplicate-key]",
                "f:7:9: error: expected a mapping, found nothing at journal; remove the key, or"
                    + " write {} [wrong-type]",
            ])
    }

    @Test func `63 sinks are enough`() {
        func sinks(_ count: Int) -> String {
            let items = (0..<count).map { "{name: s\($0), discard: {}}" }
            return "sinks: [{name: console, console: {}}, \(items.joined(separator: ", "))]\n"
        }
        #expect(read(Gateway(sinks: sinks(62)).text).settings?.sinks.count == 63)
        #expect(
            read(Gateway(sinks: sinks(63)).text).lines == [
                "f:5:8: error: 64 items, but at most 63 are allowed at sinks [too-many]"
            ])
    }

    @Test func `the example names nothing that is unknown`() throws {
        let outcome = read(try shared("design/veer.example.yaml"))
        #expect(outcome.settings == nil)
        #expect(outcome.codes.count { $0 == .notYetSupported } == 0)
        #expect(outcome.codes.count { $0 == .secretUnavailable } == 5)
        #expect(outcome.codes.count == 5, "\(outcome.lines)")
    }

    @Test func `a key is read or refused, never both`() {
        func check<Part: Section>(_ part: Part.Type) {
            #expect(Set(part.keys.map(\.name)).isDisjoint(with: part.later), "\(part)")
        }
        check(ListenerSettings.self)
        check(SourceSettings.self)
        check(WebhookSettings.self)
        check(SinkSettings.self)
        check(RouteSettings.self)
        check(DeliverySettings.self)
        check(AdminSettings.self)
    }
}

/// Uses every key there is.
private let everything = """
    apiVersion: veer/v1
    kind: Gateway
    listeners:
      - name: public
        address: "[::]:8443"
        limits:
          requestLineBytes: 4096
          headerBytes: 16KiB
          headerFields: 50
          headerValueBytes: 8KiB
          bodyBytes: 2MiB
          chunkOverheadBytes: 0
          batchEvents: 10
          attributeBytes: 65535
          requestHeadTimeout: 5s
          bodyTimeout: PT1M
          bodyBytesPerSecond: 100
          writeTimeout: 3s
          idleTimeout: 90s
          requestsPerConnection: 9
          connections: 8
          connectionsPerPeer: 7
          streams: 11
          streamsPerConnection: 12
          streamWindowBytes: 128KiB
          connectionWindowBytes: 2MiB
          resets: 13
          resetsPerSecond: 14
          controlFrames: 15
          controlFramesPerSecond: 16
          glitches: 17
      - {name: local, address: unix:/run/veer.sock}
    sources:
      - name: hooks
        webhook:
          listeners: [local]
          path: /in
          successStatus: 204
          auth:
            - basic: {username: veba, password: 0123}
            - basic: {username: other, password: {env: P}}
          percentDecoding: lenient
      - {name: open, webhook: {}}
    sinks:
      - name: audit
        uri: https://audit.example/events?k=1
        contentMode: structured
        headerEncoding: auto
        concurrency: 4
        queueEvents: 5
        queueBytes: 1MiB
      - {name: nowhere, discard: {}}
    routes:
      - name: some
        from: [open]
        to: [nowhere, audit]
        delivery: {retry: 3, backoffPolicy: linear, backoffDelay: PT0.2S, backoffDelayMax: 1m,
          timeout: PT10S, retryAfterMax: 0s}
      - {name: all, to: [nowhere]}
    journal: {path: /var/lib/veer, mode: memory, bytesLimit: 1GiB, keepDelivered: 24h,
      queueBytes: 1MiB, queueRequests: 12}
    admin: {address: 0.0.0.0:9000, auth: [{basic: {username: a, password: b}}]}
    log: {level: warning, format: json}
    shutdown: {delay: 5s, timeout: 25s}
    """
