import COpenSSL
import Testing

@testable import TLS

/// Which certificate and which protocol a client gets.
@Suite struct ChoiceTests {
    private struct Site {
        let certificates: [TestCertificate]
        let context: TLSContext

        init(_ certificates: [TestCertificate]) throws {
            self.certificates = certificates
            context = try TLSContext(
                TLSMaterial(name: "public", certificates: certificates.map { try $0.pair() }))
        }

        /// The index of the certificate that a client is shown.
        func choice(_ options: TestClient.Options) throws -> Int? {
            var conversation = Conversation(context, options)
            conversation.run()
            let shown = try #require(SSL_get0_peer_certificate(conversation.client.ssl))
            return certificates.firstIndex { X509_cmp($0.pointer, shown) == 0 }
        }
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client is shown the certificate of the name it asks for`(version: CInt) throws {
        let site = try Site([
            .server("DNS:first.example,IP:127.0.0.1"), .server("DNS:second.example"),
            .server("DNS:*.wild.example"), .server("DNS:Upper.Example"),
        ])
        let choices: [(String?, Int)] = [
            (nil, 0), ("first.example", 0), ("second.example", 1), ("SECOND.example", 1),
            ("unknown.example", 0), ("a.wild.example", 2), ("a.b.wild.example", 0),
            ("wild.example", 0), ("upper.example", 3), ("second.example.", 1),
        ]
        for (name, choice) in choices {
            let options = TestClient.Options(name: name, minimum: version, maximum: version)
            #expect(try site.choice(options) == choice, "\(name ?? "none")")
        }
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `RSA and ECDSA stand side by side`(version: CInt) throws {
        let site = try Site([
            .server("DNS:a.example", .rsa), .server("DNS:a.example", .ec),
            .server("DNS:b.example", .ec), .server("DNS:b.example", .rsa),
            .server("DNS:b.example", .ec),
        ])
        let choices: [(String?, String, Int)] = [
            ("a.example", "RSA-PSS+SHA256", 0), ("a.example", "ECDSA+SHA256", 1),
            (nil, "RSA-PSS+SHA256", 0), (nil, "ECDSA+SHA256", 1),
            ("b.example", "ECDSA+SHA256", 2), ("b.example", "RSA-PSS+SHA256", 3),
            ("b.example", "ECDSA+SHA256:RSA-PSS+SHA256", 2),
        ]
        for (name, signatures, choice) in choices {
            let options = TestClient.Options(
                name: name, minimum: version, maximum: version, signatures: signatures)
            #expect(try site.choice(options) == choice, "\(name ?? "none") \(signatures)")
        }
    }

    @Test func `the issuers' certificates are sent along`() throws {
        let issuer = TestCertificate.authority()
        let leaf = TestCertificate(.init(), issuer: issuer)
        let pair = try CertificatePair(
            chain: leaf.pem + issuer.pem, file: "c", key: leaf.key.pem(), keyFile: "k", now: now())
        #expect(pair.chain.count == 2)
        var conversation = Conversation(
            try TLSContext(TLSMaterial(name: "public", certificates: [pair])))
        conversation.run()
        let chain = SSL_get_peer_cert_chain(conversation.client.ssl)
        #expect(OPENSSL_sk_num(chain) == 2)
    }

    // MARK: - Names

    @Test(arguments: ["127.0.0.1", "1.2", "::1", "a..example", "a b", "ex\u{E4}mple", "."])
    func `what is no host's name is refused`(name: String) throws {
        var conversation = Conversation(try SessionTests.context(), .init(name: name))
        conversation.run()
        #expect(conversation.failure?.code == .unknownName)
        #expect(conversation.client.error == "tlsv1 unrecognized name")
    }

    @Test func `a name with a NUL is refused`() {
        #expect(ServerName([0, 6, 0, 0, 3, 0x61, 0, 0x62]) == .invalid)
    }

    @Test(arguments: [
        ([0, 4, 0, 0, 1, 0x41], ServerName.host("a")), ([], .none), ([0, 3, 0, 0, 0], .none),
        ([0, 4, 1, 0, 1, 0x41], .none), ([0], .none),
    ])
    func `a name is read from its extension`(octets: [UInt8], name: ServerName) {
        #expect(ServerName(octets) == name)
    }

    // MARK: - Protocols

    @Test(arguments: [
        ([ApplicationProtocol.http1], [], ApplicationProtocol.http1, nil),
        ([.h2, .http1], [], .http1, nil),
        ([.http1], ["http/1.1"], .http1, "http/1.1"),
        ([.http1], ["h2", "http/1.1"], .http1, "http/1.1"),
        ([.h2, .http1], ["http/1.1", "h2"], .h2, "h2"),
        ([.h2, .http1], ["http/1.1"], .http1, "http/1.1"),
        ([.http1], ["http/1.0"], .http1, "http/1.0"),
        ([.h2, .http1], ["http/1.0", "ftp", "http/1.1"], .http1, "http/1.1"),
    ])
    func `the first protocol of ours that a client offers is spoken`(
        ours: [ApplicationProtocol], offered: [String], chosen: ApplicationProtocol,
        said: String?
    ) throws {
        let conversation = try converse(ours, offered)
        #expect(conversation.session.applicationProtocol == chosen)
        var name: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(conversation.client.ssl, &name, &count)
        let text = String(
            decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
        #expect(text == said ?? "")
    }

    @Test(arguments: [["ftp"], ["h2"], ["h2c", "http/1.1x", "HTTP/1.1"]])
    func `a client that offers none of ours is refused`(offered: [String]) throws {
        let conversation = try converse([.http1], offered)
        #expect(conversation.failure?.code == .noApplicationProtocol)
        #expect(conversation.client.error == "tlsv1 alert no application protocol")
    }

    private func converse(
        _ ours: [ApplicationProtocol], _ offered: [String]
    ) throws -> Conversation {
        let material = TLSMaterial(
            name: "public", certificates: [try SessionTests.pair.get()],
            applicationProtocols: ours)
        var conversation = Conversation(try TLSContext(material), .init(protocols: offered))
        conversation.run()
        return conversation
    }
}
