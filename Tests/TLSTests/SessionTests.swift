import COpenSSL
import Testing

@testable import TLS

@Suite struct SessionTests {
    static let pair = Result { try TestCertificate.server().pair() }

    static func context(_ policy: TLSPolicy = .intermediate2026) throws -> TLSContext {
        try TLSContext(TLSMaterial(name: "public", policy: policy, certificates: [pair.get()]))
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a handshake, a request and an answer`(version: CInt) throws {
        var conversation = Conversation(
            try Self.context(), .init(minimum: version, maximum: version))
        conversation.run()
        #expect(conversation.events == [.established])
        conversation.say("hello")
        #expect(conversation.received == Array("hello".utf8))
        conversation.answer("world")
        #expect(conversation.client.received == Array("world".utf8))
        #expect(conversation.session.serverName == "veer.example")
        #expect(conversation.session.clientCertificate == nil)
        #expect(conversation.session.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"))
    }
}
