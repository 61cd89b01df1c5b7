import Testing

@testable import Configuration

/// What is said about certificates, and who asks for them.
@Suite struct TLSTests {
    @Test func `a listener's TLS has its effect`() throws {
        let settings = try #require(
            read(
                listener(
                    "tls: {policy: modern-2026, certificates: [{certificate: a.crt, key: a.key},"
                        + " {certificate: /b.crt, key: /b.key}], handshakeTimeout: 3s,"
                        + " handshakes: 7, clients: {mode: required, ca: clients.crt, crl: a.crl}},"
                        + " http2: false, trustedProxies: [10.0.0.0/8, '::1']")
            ).settings)
        var tls = ListenerTLSSettings()
        tls.policy = .modern2026
        tls.certificates = [
            CertificateSettings(certificate: "a.crt", key: "a.key"),
            CertificateSettings(certificate: "/b.crt", key: "/b.key"),
        ]
        tls.handshakeTimeout = .seconds(3)
        tls.handshakes = 7
        tls.clients.mode = .required
        tls.clients.ca = "clients.crt"
        tls.clients.crl = "a.crl"
        #expect(settings.listeners[0].tls == tls)
        #expect(!settings.listeners[0].http2)
        #expect(
            settings.listeners[0].trustedProxies.map(\.description) == ["10.0.0.0/8", "::1/128"])
    }

    @Test(arguments: [
        ("\(certificates)", true), ("\(certificates), http2: false", false),
        ("http2: true", true), ("trustedProxies: []", false),
    ])
    func `HTTP2 is spoken over TLS, if nothing else is said`(rest: String, http2: Bool) throws {
        let settings = try #require(read(listener(rest)).settings)
        #expect(settings.listeners[0].http2 == http2)
    }

    @Test(arguments: listenerTLSMistakes)
    func `a mistake in a listener's TLS is named`(rest: String, expected: [String]) {
        #expect(read(listener(rest)).lines == expected)
    }

    @Test func `a unix socket trusts no address`() {
        let text = "listeners: [{name: a, address: 'unix:/x', trustedProxies: ['::1']}]\n"
        #expect(
            read(Gateway(listeners: text).text).lines == [
                "f:3:43: error: "
                    + "'trustedProxies' has no meaning for a unix socket, whose peers have no"
                    + " address at listeners[0]; remove it [conflict]"
            ])
    }

    @Test func `a sink's TLS has its effect`() throws {
        let sinks = sink("https", ", tls: {ca: ca.crt, certificate: me.crt, key: me.key}")
        let settings = try #require(read(Gateway(sinks: sinks).text).settings)
        var expected = HTTPSinkSettings(uri: "https://x/")
        expected.tls.ca = "ca.crt"
        expected.tls.certificate = "me.crt"
        expected.tls.key = "me.key"
        #expect(settings.sinks[0].target == .uri(expected))
    }

    @Test(arguments: sinkTLSMistakes)
    func `a mistake in a sink's TLS is named`(
        scheme: String, rest: String, expected: [String]
    ) {
        #expect(read(Gateway(sinks: sink(scheme, rest)).text).lines == expected)
    }

    @Test(arguments: [
        "tls: {certificates: [{certificate: c, key: k}], clients: {mode: optional, ca: a}}",
        "tls: {certificates: [{certificate: c, key: k}], clients: {mode: required, ca: a}}",
        "trustedProxies: [127.0.0.1]",
    ])
    func `a client's certificate lets it in where someone tells it`(rest: String) throws {
        let text = listener(rest, auth: "[{clientCertificate: {subjectAltNames: [a.example]}}]")
        let settings = try #require(read(text).settings)
        let auth = settings.sources[0].webhook?.auth
        #expect(auth == [.clientCertificate(subjectAltNames: ["a.example"])])
    }

    @Test(arguments: certificateMistakes)
    func `a certificate that lets nobody in is named`(
        rest: String, auth: String, expected: String
    ) {
        #expect(read(listener(rest, auth: auth)).lines == [expected])
    }

    @Test func `operators are let in by no certificate`() {
        let rest = "admin: {auth: [{clientCertificate: {subjectAltNames: [a]}}]}\n"
        #expect(
            read(Gateway(rest: rest).text).lines == [
                "f:7:17: error: this listener asks for no client certificates at"
                    + " admin.auth[0]; use basic [conflict]"
            ])
    }

    @Test func `a listener that asks for certificates isn't open`() {
        let open = "listeners: [{name: a, address: '0.0.0.0:1', \(certificates)}]\n"
        #expect(read(Gateway(listeners: open).text).codes == [.openEndpoint])
        let guarded = open.replacing("}]}}]", with: "}], clients: {mode: required, ca: a}}}]")
        #expect(read(Gateway(listeners: guarded).text).lines == [])
    }
}

// MARK: - Texts

private let certificates = "tls: {certificates: [{certificate: c, key: k}]}"

private func listener(_ rest: String, auth: String = "[]") -> String {
    Gateway(
        listeners: "listeners: [{name: a, address: '[::1]:1', \(rest)}]\n",
        sources: "sources: [{name: s, webhook: {auth: \(auth)}}]\n"
    ).text
}

private func sink(_ scheme: String, _ rest: String) -> String {
    "sinks: [{name: console, uri: '\(scheme)://x/'\(rest)}]\n"
}

private let listenerTLSMistakes: Mistakes = [
    (
        "tls: {}",
        ["f:3:48: error: the key 'certificates' is missing at listeners[0].tls [missing-key]"]
    ),
    (
        "tls: {certificates: []}",
        [
            "f:3:63: error: the list is empty at listeners[0].tls.certificates; add an item"
                + " [missing-key]"
        ]
    ),
    (
        "tls: {certificates: [{certificate: c}], policy: modern}",
        [
            "f:3:64: error: the key 'key' is missing at listeners[0].tls.certificates[0]"
                + " [missing-key]",
            "f:3:91: error: 'modern' is not one of intermediate-2026, modern-2026 at"
                + " listeners[0].tls.policy; did you mean 'modern-2026'? [invalid-value]",
        ]
    ),
    (
        "tls: {certificates: [{certificate: '', key: k}], clients: {mode: required}}",
        [
            "f:3:78: error: the text is empty at listeners[0].tls.certificates[0].certificate"
                + " [invalid-value]",
            "f:3:101: error: the key 'ca' is missing at listeners[0].tls.clients; name the"
                + " authorities whose certificates are taken [missing-key]",
        ]
    ),
    (
        "tls: {certificates: [{certificate: c, key: k}], clients: {ca: a}}",
        [
            "f:3:101: error: 'ca' has no meaning where 'mode' is off at"
                + " listeners[0].tls.clients; remove it, or write mode: optional or required"
                + " [conflict]"
        ]
    ),
    (
        "tls: {certificates: [{certificate: c, key: k}], clients: {mode: on, ca: a}}",
        [
            "f:3:107: error: 'on' is not one of off, optional, required at"
                + " listeners[0].tls.clients.mode [invalid-value]"
        ]
    ),
    (
        "http2: yes",
        [
            "f:3:50: error: 'yes' is not a boolean at listeners[0].http2; write true or false"
                + " [invalid-value]"
        ]
    ),
    (
        "trustedProxies: [10.0.0.1/8]",
        [
            "f:3:60: error: '10.0.0.1/8' has bits after its prefix at"
                + " listeners[0].trustedProxies[0]; write 10.0.0.0/8, or 10.0.0.1 [invalid-value]"
        ]
    ),
]

private let sinkTLSMistakes: [(String, String, [String])] = [
    (
        "http", ", tls: {ca: a}",
        [
            "f:5:43: error: 'tls' has no meaning for an http URI at sinks[0]; write https://,"
                + " or remove it [conflict]"
        ]
    ),
    (
        "https", ", tls: {certificate: c}",
        ["f:5:49: error: 'certificate' needs 'key' beside it at sinks[0].tls [missing-key]"]
    ),
    (
        "https", ", tls: {key: k}",
        ["f:5:49: error: 'key' needs 'certificate' beside it at sinks[0].tls [missing-key]"]
    ),
    (
        "https", ", tls: {insecure: true}",
        [
            "f:5:60: warning: the sink's certificate is not verified at sinks[0].tls.insecure;"
                + " name its authority by 'ca' instead [insecure]"
        ]
    ),
    (
        "https", ", tls: {insecure: true, ca: a}",
        [
            "f:5:60: warning: the sink's certificate is not verified at sinks[0].tls.insecure;"
                + " name its authority by 'ca' instead [insecure]",
            "f:5:66: error: 'ca' has no meaning beside 'insecure: true' at sinks[0].tls; remove"
                + " one of them [conflict]",
        ]
    ),
    (
        "https", ", tls: {insecureSkipVerify: true}",
        ["f:5:50: error: unknown key 'insecureSkipVerify' at sinks[0].tls [unknown-key]"]
    ),
]

private let certificateMistakes = [
    (
        "http2: false", "[{clientCertificate: {subjectAltNames: [a.example]}}]",
        "f:4:39: error: no listener of this source learns of client certificates at"
            + " sources[0].webhook.auth[0]; set tls.clients on one, or trustedProxies where a"
            + " proxy in front sends x-forwarded-client-cert [conflict]"
    ),
    (
        "trustedProxies: ['::1']", "[{clientCertificate: {subjectAltNames: []}}]",
        "f:4:76: error: the list is empty at"
            + " sources[0].webhook.auth[0].clientCertificate.subjectAltNames; add an item"
            + " [missing-key]"
    ),
    (
        "trustedProxies: ['::1']", "[{clientCertificate: {subjectAltNames: ['*.example']}}]",
        "f:4:77: error: '*.example' holds '*' at"
            + " sources[0].webhook.auth[0].clientCertificate.subjectAltNames[0]; write each name"
            + " in full [invalid-value]"
    ),
]
