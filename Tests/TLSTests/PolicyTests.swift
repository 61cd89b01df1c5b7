import COpenSSL
import Testing

@testable import TLS

@Suite struct PolicyTests {
    private func converse(
        _ options: TestClient.Options, _ policy: TLSPolicy = .intermediate2026
    ) throws -> Conversation {
        var conversation = Conversation(try SessionTests.context(policy), options)
        conversation.run()
        return conversation
    }

    @Test(arguments: [
        (TLS1_VERSION, TLSPolicy.intermediate2026), (TLS1_1_VERSION, .intermediate2026),
        (TLS1_VERSION, .modern2026), (TLS1_2_VERSION, .modern2026),
    ])
    func `older versions are refused`(version: CInt, policy: TLSPolicy) throws {
        let conversation = try converse(
            .init(minimum: version, maximum: version, ciphers: "ALL:@SECLEVEL=0"), policy)
        #expect(conversation.failure?.code == .noSharedProtocol)
        #expect(conversation.client.error == "tlsv1 alert protocol version")
    }

    /// With one cipher, no extension and no compression.
    @Test(arguments: [
        (0, SSL_AD_HANDSHAKE_FAILURE), (1, SSL_AD_PROTOCOL_VERSION), (2, SSL_AD_PROTOCOL_VERSION),
    ])
    func `an old client's hello is refused`(minor: Int, alert: CInt) throws {
        let minor = UInt8(minor)
        let body = [3, minor] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0, 0x2F, 1, 0]
        let hello = [1, 0, 0, UInt8(body.count)] + body
        var conversation = Conversation(try SessionTests.context())
        let output = conversation.deliver([22, 3, minor, 0, UInt8(hello.count)] + hello)
        #expect(output == [21, 3, minor, 0, 2, 2, UInt8(alert)])
        #expect(conversation.failure?.code == .noSharedProtocol)
    }

    @Test(arguments: [
        "AES128-SHA", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256", "ADH-AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "NULL", "ECDHE-ECDSA-AES128-CCM",
    ])
    func `weak ciphers are refused`(cipher: String) throws {
        let conversation = try converse(
            .init(maximum: TLS1_2_VERSION, ciphers: "\(cipher):@SECLEVEL=0"))
        #expect(conversation.failure?.code == .noSharedProtocol)
        #expect(conversation.client.error == "sslv3 alert handshake failure")
    }

    @Test(arguments: [
        ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", "CHACHA20"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "AES256-GCM"),
    ])
    func `the server's order counts, but for clients that compute without AES`(
        ciphers: String, chosen: String
    ) throws {
        let conversation = try converse(.init(maximum: TLS1_2_VERSION, ciphers: ciphers))
        #expect(conversation.session.cipher.contains(chosen))
    }

    @Test(arguments: [
        ("X25519", true), ("P-256", true), ("P-384", true), ("P-521", false), ("X448", false),
        ("ffdhe2048", false), ("P-521:P-384", true),
    ])
    func `some groups are spoken`(groups: String, isSpoken: Bool) throws {
        for policy in TLSPolicy.allCases {
            let conversation = try converse(.init(groups: groups), policy)
            #expect(conversation.session.isEstablished == isSpoken)
            #expect(conversation.failure?.code == (isSpoken ? nil : .noSharedProtocol))
        }
    }

    @Test(arguments: ["ECDSA+SHA1", "RSA+SHA256"])
    func `signatures must be strong and of the key's kind`(name: String) throws {
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            let conversation = try converse(.init(maximum: version, signatures: name))
            #expect(conversation.failure?.code == .noSharedProtocol)
        }
    }

    @Test func `a second handshake ends the connection`() throws {
        var conversation = try converse(.init(maximum: TLS1_2_VERSION))
        conversation.deliver(conversation.client.begin(SSL_renegotiate))
        #expect(conversation.failure?.code == .renegotiation)
        _ = conversation.client.proceed(conversation.output)
        #expect(conversation.client.error == "no renegotiation")
    }

    @Test(arguments: [
        ([32], true), ([33], false), ([32, 32], true), ([32, 33], false), ([1000], false),
    ])
    func `key updates need data between them`(counts: [Int], isTaken: Bool) throws {
        var conversation = try converse(.init())
        for count in counts {
            let updates = (0..<count).flatMap { _ in
                conversation.client.begin { SSL_key_update($0, SSL_KEY_UPDATE_REQUESTED) }
            }
            conversation.deliver(updates + conversation.client.send([1]))
        }
        #expect(conversation.received.count == (isTaken ? counts.count : counts.count - 1))
        #expect(conversation.failure?.code == (isTaken ? nil : .keyUpdates))
    }

    /// One for each session, which is taken later than the handshake.
    @Test func `no early data is offered`() throws {
        let conversation = try converse(.init())
        let session = SSL_get_session(conversation.client.ssl)
        #expect(SSL_SESSION_is_resumable(session) == 1)
        #expect(SSL_SESSION_get_max_early_data(session) == 0)
    }
}
