import Testing

@testable import Configuration

@Suite struct VCenterTests {
    private func gateway(_ vcenter: String, listeners: String = "") -> Outcome {
        read(
            Gateway(listeners: listeners, sources: "sources: [{name: vc, vcenter: \(vcenter)}]\n")
                .text)
    }

    @Test func `a vCenter needs no listener`() throws {
        let outcome = gateway("{address: vc.example, username: u, password: p}")
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings)
        #expect(settings.listeners.isEmpty)
        let expected = VCenterSettings(
            address: "https://vc.example/sdk", username: "u", password: Secret("p"))
        #expect(settings.sources == [SourceSettings(name: "vc", kind: .vcenter(expected))])
    }

    @Test func `a vCenter has every option`() throws {
        let outcome = gateway(
            "{address: 'https://vc:443/sdk', username: u@vsphere.local, password: p, "
                + "tls: {ca: ca.crt}, eventFormat: router-v0.7, payload: xml, replay: 2h, "
                + "eventTypes: [VmPoweredOnEvent, com.vmware.x],"
                + " entity: {type: Datacenter, id: datacenter-2, recursion: children}}")
        #expect(outcome.lines == [])
        let vcenter = try #require(outcome.settings?.sources.first?.vcenter)
        #expect(vcenter.trust == .authorities(path: "ca.crt"))
        #expect(vcenter.eventFormat == .router)
        #expect(vcenter.payload == .xml)
        #expect(vcenter.replay == .seconds(7200))
        #expect(vcenter.eventTypes == ["VmPoweredOnEvent", "com.vmware.x"])
        #expect(vcenter.entity?.id == "datacenter-2" && vcenter.entity?.recursion == .children)
        let settings = try #require(outcome.settings)
        let shown = read(settings.maskedYAML).settings?.sources.first?.vcenter
        #expect(shown?.password.text == "***")
        #expect(shown?.trust == vcenter.trust)
        #expect(shown?.eventTypes == vcenter.eventTypes)
        #expect(shown?.entity == vcenter.entity)
    }

    @Test(arguments: [
        ("vc", "https://vc/sdk"), ("https://vc", "https://vc/sdk"), ("https://vc/", "https://vc/"),
        ("http://127.0.0.1:8989/sdk", "http://127.0.0.1:8989/sdk"),
        ("[::1]:1", "https://[::1]:1/sdk"),
    ])
    func `what nearly everyone means is added to an address`(text: String, address: String) {
        let outcome = gateway("{address: '\(text)', username: u, password: p}")
        #expect(outcome.settings?.sources.first?.vcenter?.address == address)
    }

    @Test(arguments: [
        (
            "{address: vc, username: u, password: p, tls: {insecure: true}}",
            "f:3:76: warning: vCenter's certificate is not verified at sources[0].vcenter.tls"
                + " [insecure]"
        ),
        (
            "{address: 'http://vc', username: u, password: p}",
            "f:3:41: warning: the password is sent without encryption at"
                + " sources[0].vcenter.address [insecure]"
        ),
        (
            "{address: vc, username: u, password: p, tls: {thumbprint: aa}}",
            "f:3:89: error: the thumbprint is neither a SHA-1 nor a SHA-256 at"
                + " sources[0].vcenter.tls.thumbprint; write its 20 or 32 octets like AA:BB:…"
                + " [invalid-value]"
        ),
        (
            "{address: vc, username: u, password: p, tls: {insecure: true, ca: x}}",
            "f:3:93: error: 'insecure' and 'ca' can't both say whom to trust at"
                + " sources[0].vcenter.tls; remove one of them [conflict]"
        ),
        (
            "{address: 'https://u:p@vc/sdk', username: u, password: p}",
            "f:3:41: error: the URI holds user information at sources[0].vcenter.address; remove"
                + " it, with the '@'; URIs are logged [invalid-value]"
        ),
    ])
    func `what is insecure or wrong is named`(vcenter: String, line: String) {
        #expect(gateway(vcenter).lines.contains(line), "\(gateway(vcenter).lines)")
    }

    @Test(arguments: [20, 32])
    func `a thumbprint is read with colons and without`(bytes: Int) throws {
        let octets = (0..<bytes).map { UInt8($0 * 8 & 0xFF) }
        let digits = octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        for text in [digits.joined(), digits.joined(separator: ":").uppercased()] {
            let outcome = gateway(
                "{address: vc, username: u, password: p, tls: {thumbprint: '\(text)'}}")
            let settings = try #require(outcome.settings, "\(outcome.lines)")
            #expect(settings.sources.first?.vcenter?.trust == .thumbprint(octets))
            let shown = read(settings.maskedYAML).settings?.sources.first?.vcenter
            #expect(shown?.trust == .thumbprint(octets))
        }
    }

    @Test(arguments: ["vcenter", "vcsim"])
    func `a RouterConfig's provider is read`(type: String) throws {
        let outcome = read(
            Router(
                provider: """
                    eventProvider:
                      type: \(type)
                      name: x
                      \(type):
                        address: https://10.0.0.1:443
                        insecureSSL: false
                        auth: {type: basic_auth, basicAuth: {username: u, password: p}}

                    """
            ).text)
        #expect(!outcome.codes.contains(.notYetSupported), "\(outcome.lines)")
        let settings = try #require(outcome.settings, "\(outcome.lines)")
        let vcenter = try #require(settings.sources.first?.vcenter)
        #expect(vcenter.address == "https://10.0.0.1:443/sdk")
        #expect(vcenter.eventFormat == .router)
        #expect(vcenter.formerCheckpoints == nil)
        #expect(settings.journal.mode == .memory)
        #expect(settings.router?.providerType == type)
        #expect(settings.router?.providerAddress == vcenter.address)
    }

    @Test func `a RouterConfig's checkpoint makes the journal durable`() throws {
        let outcome = read(
            Router(
                provider: """
                    eventProvider:
                      type: vcenter
                      vcenter:
                        address: vc
                        checkpoint: true
                        checkpointDir: /var/lib/router
                        auth: {basicAuth: {username: u, password: p}}
                    certificates: {rootCAs: [ca.crt]}

                    """
            ).text)
        let settings = try #require(outcome.settings, "\(outcome.lines)")
        #expect(settings.journal.mode == .durable)
        #expect(settings.journal.path == "/var/lib/router")
        #expect(settings.sources.first?.vcenter?.formerCheckpoints == "/var/lib/router")
        #expect(settings.sources.first?.vcenter?.trust == .authorities(path: "ca.crt"))
    }
}
