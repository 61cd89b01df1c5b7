import Testing

@testable import Ingress

struct ClientIdentityTests {
    private func identity(_ text: String) -> ClientIdentity? {
        ClientIdentity(forwarded: text.utf8)
    }

    @Test(
        arguments: [
            ("Hash=ab;URI=spiffe://a/b", [], ["spiffe://a/b"]),
            (
                "By=x;Subject=\"CN=a,O=\\\"b;c\\\"\";DNS=one.example;DNS=two.example",
                ["one.example", "two.example"], []
            ),
            ("dns=one.example; uri=u", ["one.example"], ["u"]),
        ] as [(String, [String], [String])])
    func `a proxy's field gives the names`(text: String, dns: [String], uris: [String]) {
        #expect(identity(text)?.dnsNames == dns)
        #expect(identity(text)?.uris == uris)
    }

    @Test func `of several elements only the proxy's own counts, which is the last`() {
        let names = identity("DNS=admin.example,DNS=guest.example")?.dnsNames
        #expect(names == ["guest.example"])
    }

    @Test(
        arguments: [
            "", ",", "Hash=ab", "DNS=a.example,", "Subject=\"DNS=a.example", "a.example",
            "Subject=\"CN=x;DNS=a.example\"",
        ])
    func `a field without names, or that can't be read, is nobody`(text: String) {
        #expect(identity(text) == nil)
    }

    @Test func `hosts' names are equal in any case, others octet by octet`() {
        var identity = ClientIdentity()
        identity.dnsNames = ["Sender.example"]
        identity.uris = ["spiffe://A"]
        identity.others = ["192.0.2.1"]
        for name in ["sender.EXAMPLE", "spiffe://A", "192.0.2.1"] {
            #expect(identity.has(oneOf: ["nobody", name]))
        }
        for name in ["spiffe://a", "example", "192.0.2.10", ""] {
            #expect(!identity.has(oneOf: [name]))
        }
    }
}
