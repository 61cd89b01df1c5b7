import COpenSSL
import Testing

@testable import TLS

@Suite struct ClientCertificateTests {
    private let authority = TestCertificate.authority()

    private func converse(
        _ certificate: TestCertificate?, _ mode: (TrustAnchors) -> ClientVerification,
        trusting anchors: [UInt8]? = nil, version: CInt = TLS1_3_VERSION
    ) throws -> Conversation {
        let anchors = try TrustAnchors(pem: anchors ?? authority.pem, file: "ca.crt")
        let material = TLSMaterial(
            name: "public", certificates: [try SessionTests.pair.get()], clients: mode(anchors))
        var conversation = Conversation(
            try TLSContext(material), .init(maximum: version, certificate: certificate))
        conversation.run()
        return conversation
    }

    private func client(
        _ change: (inout TestCertificate.Options) -> Void = { _ in },
        issuer: TestCertificate? = nil
    ) -> TestCertificate {
        var options = TestCertificate.Options(
            subject: "O=Example,CN=sender", names: "DNS:sender.example,URI:spiffe://a/b",
            usage: "clientAuth")
        change(&options)
        return TestCertificate(options, issuer: issuer ?? authority)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client is known by its certificate`(version: CInt) throws {
        for mode in [ClientVerification.required, ClientVerification.optional] {
            let conversation = try converse(client(), mode, version: version)
            let certificate = try #require(conversation.session.clientCertificate)
            #expect(certificate.subject == "CN=sender,O=Example")
            #expect(certificate.dnsNames == ["sender.example"])
            #expect(certificate.uris == ["spiffe://a/b"])
        }
    }

    @Test func `a client may do without where it may choose`() throws {
        let conversation = try converse(nil, ClientVerification.optional)
        #expect(conversation.session.isEstablished)
        #expect(conversation.session.clientCertificate == nil)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client can't do without where it must`(version: CInt) throws {
        let conversation = try converse(nil, ClientVerification.required, version: version)
        #expect(conversation.failure?.code == .clientCertificateRequired)
        #expect(
            conversation.client.error
                == (version == TLS1_3_VERSION
                    ? "tlsv13 alert certificate required" : "sslv3 alert handshake failure"))
    }

    @Test func `a certificate that nobody asked for isn't taken`() throws {
        let conversation = try converse(client()) { _ in .off }
        #expect(conversation.session.isEstablished)
        #expect(conversation.session.clientCertificate == nil)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a certificate that isn't trusted fails, and the reason is for the log`(
        version: CInt
    ) throws {
        let stranger = TestCertificate.authority("stranger")
        let certificates: [(TestCertificate, String)] = [
            (client(issuer: stranger), "unable to get local issuer certificate"),
            (client(issuer: TestCertificate.authority()), "certificate signature failure"),
            (client { $0.validity = -7200...(-3600) }, "certificate has expired"),
            (client { $0.validity = 3600...7200 }, "certificate is not yet valid"),
            (client { $0.usage = "serverAuth" }, "unsuitable certificate purpose"),
            (client { $0.key = .weak }, "EE certificate key too weak"),
            (client { $0.digest = "SHA1" }, "CA signature digest algorithm too weak"),
            (TestCertificate(.init(usage: "clientAuth")), "self-signed certificate"),
        ]
        for mode in [ClientVerification.required, ClientVerification.optional] {
            for (certificate, reason) in certificates {
                let conversation = try converse(certificate, mode, version: version)
                #expect(conversation.failure?.code == .clientCertificateInvalid, "\(reason)")
                #expect(conversation.failure?.reason == reason)
                #expect(!conversation.session.isEstablished)
            }
        }
    }

    @Test func `an authority is trusted though another one signed it`() throws {
        let intermediate = TestCertificate(
            .init(subject: "CN=intermediate", names: "", isCA: true), issuer: authority)
        let conversation = try converse(
            client(issuer: intermediate), ClientVerification.required,
            trusting: intermediate.pem)
        #expect(conversation.session.clientCertificate != nil)
    }

    @Test func `a chain may be long, but not endless`() throws {
        let anchors = try TrustAnchors(pem: authority.pem, file: "ca.crt")
        let context = try TLSContext(
            TLSMaterial(
                name: "public", certificates: [try SessionTests.pair.get()],
                clients: .required(anchors)))
        var issuers: [TestCertificate] = []
        var failures: [String?] = []
        for number in 0...6 {
            let leaf = client(issuer: issuers.first)
            var conversation = Conversation(
                context, .init(certificate: leaf, issuers: issuers))
            conversation.run()
            failures.append(conversation.failure?.reason)
            let options = TestCertificate.Options(subject: "CN=\(number)", names: "", isCA: true)
            issuers.insert(TestCertificate(options, issuer: issuers.first ?? authority), at: 0)
        }
        #expect(failures == [nil, nil, nil, nil, nil, nil, "certificate chain too long"])
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a certificate may be large, but not huge`(version: CInt) throws {
        for (count, isTaken) in [(1000, true), (4000, false)] {
            let names = (0..<count).map { "DNS:\($0).sender.example" }.joined(separator: ",")
            let conversation = try converse(
                client { $0.names = names }, ClientVerification.required, version: version)
            #expect(
                conversation.session.clientCertificate?.dnsNames.count == (isTaken ? count : nil))
            #expect(conversation.failure?.code == (isTaken ? nil : .malformed))
        }
    }

    /// Row 141.
    @Test func `a client must own the certificate that it sends`() throws {
        let anchors = try TrustAnchors(pem: authority.pem, file: "ca.crt")
        let material = TLSMaterial(
            name: "public", certificates: [try SessionTests.pair.get()],
            clients: .required(anchors))
        var conversation = Conversation(
            try TLSContext(material), .init(maximum: TLS1_2_VERSION, certificate: client()))
        var octets = conversation.client.proceed(
            conversation.deliver(conversation.client.proceed()))
        // The record of a CertificateVerify ends with the signature.
        var start = 0
        while octets[start] != 22 || octets[start + 5] != SSL3_MT_CERTIFICATE_VERIFY {
            start += 5 + Int(octets[start + 3]) << 8 + Int(octets[start + 4])
        }
        octets[start + 4 + Int(octets[start + 4])] ^= 1
        conversation.deliver(octets)
        #expect(conversation.failure?.code == .clientCertificateInvalid)
        #expect(conversation.failure?.reason == "bad signature")
        _ = conversation.client.proceed(conversation.output)
        #expect(conversation.client.error == "tlsv1 alert decrypt error")
    }

    @Test func `clients are told whom to be signed by`() throws {
        let other = TestCertificate.authority("other")
        let conversation = try converse(
            client(), ClientVerification.optional, trusting: authority.pem + other.pem)
        let names = SSL_get_client_CA_list(conversation.client.ssl)
        #expect(OPENSSL_sk_num(names) == 2)
    }
}
