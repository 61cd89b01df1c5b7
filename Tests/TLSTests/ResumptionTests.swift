import COpenSSL
import Testing

@testable import TLS

@Suite struct ResumptionTests {
    private let pair = Result { try TestCertificate.server("DNS:*.example").pair() }
    private let keys = TicketKeys()

    private func context(
        name: String = "public", clients: ClientVerification = .off, tickets: TicketKeys? = nil
    ) throws -> TLSContext {
        try TLSContext(
            TLSMaterial(
                name: name, certificates: [pair.get()], clients: clients,
                tickets: tickets ?? keys))
    }

    /// What a client keeps of a session for the next one.
    private func ticket(
        from context: TLSContext, _ options: TestClient.Options = .init()
    ) throws -> OpaquePointer {
        var conversation = Conversation(context, options)
        conversation.run()
        try #require(conversation.session.isEstablished)
        return try #require(SSL_get1_session(conversation.client.ssl))
    }

    /// Comes back with a ticket, and makes sure that the client shows it.
    private func converse(
        _ context: TLSContext, _ session: OpaquePointer, _ options: TestClient.Options = .init()
    ) throws -> Conversation {
        var options = options
        options.session = session
        var ticket: UnsafePointer<UInt8>?
        var count = 0
        SSL_SESSION_get0_ticket(session, &ticket, &count)
        try #require(count > 16)
        let name = UnsafeBufferPointer(start: ticket, count: 16)
        var conversation = Conversation(context, options)
        let hello = conversation.client.proceed()
        try #require(hello.indices.contains { hello[$0...].starts(with: name) })
        let answer = conversation.deliver(hello)
        conversation.deliver(conversation.client.proceed(answer))
        _ = conversation.client.proceed(conversation.output)
        try #require(conversation.session.isEstablished)
        return conversation
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client comes back to any context with the same keys`(version: CInt) throws {
        let options = TestClient.Options(maximum: version)
        let session = try ticket(from: context(), options)
        var conversation = try converse(context(), session, options)
        #expect(conversation.session.isResumed)
        #expect(conversation.session.serverName == "veer.example")
        conversation.say("hello")
        #expect(conversation.received == Array("hello".utf8))
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a ticket counts for its name, its listener and its authorities`(version: CInt) throws {
        let options = TestClient.Options(maximum: version)
        let anchors = try TrustAnchors(pem: TestCertificate.authority().pem, file: "ca.crt")
        let others = try TrustAnchors(pem: TestCertificate.authority().pem, file: "ca.crt")
        let session = try ticket(from: context(clients: .optional(anchors)), options)
        var other = options
        other.name = "other.example"
        let isTaken = [
            try converse(context(clients: .optional(anchors)), session, options),
            try converse(context(clients: .optional(anchors)), session, other),
            try converse(context(name: "b", clients: .optional(anchors)), session, options),
            try converse(context(clients: .optional(others)), session, options),
            try converse(context(), session, options),
            try converse(context(tickets: TicketKeys()), session, options),
        ].map(\.session.isResumed)
        #expect(isTaken == [true, false, false, false, false, false])
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a ticket outlives two rotations, and is made anew`(version: CInt) throws {
        let options = TestClient.Options(maximum: version)
        let context = try context()
        let first = try ticket(from: context, options)
        var tickets = keys
        var isTaken: [Bool] = []
        for _ in 1...3 {
            tickets = tickets.rotated()
            context.replaceTickets(tickets)
            isTaken.append(try converse(context, first, options).session.isResumed)
        }
        #expect(isTaken == [true, true, false])

        context.replaceTickets(keys)
        let second = try ticket(from: context, options)
        context.replaceTickets(keys.rotated())
        let conversation = try converse(context, second, options)
        let renewed = try #require(SSL_get1_session(conversation.client.ssl))
        context.replaceTickets(keys.rotated())
        let keyNames = [second, renewed].map { session in
            var ticket: UnsafePointer<UInt8>?
            var count = 0
            SSL_SESSION_get0_ticket(session, &ticket, &count)
            return Array(UnsafeBufferPointer(start: ticket, count: min(count, 16)))
        }
        #expect(keyNames[0] == keys.keys[0].name)
        #expect(keyNames[1] != keys.keys[0].name)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client that comes back is the same client`(version: CInt) throws {
        let authority = TestCertificate.authority()
        let anchors = try TrustAnchors(pem: authority.pem, file: "ca.crt")
        let context = try context(clients: .required(anchors))
        let certificate = TestCertificate(
            .init(subject: "CN=sender", usage: "clientAuth"), issuer: authority)
        let options = TestClient.Options(maximum: version, certificate: certificate)
        let conversation = try converse(context, ticket(from: context, options), options)
        #expect(conversation.session.isResumed)
        #expect(conversation.session.clientCertificate?.subject == "CN=sender")
    }

    @Test func `three keys are kept`() {
        let rotated = keys.rotated().rotated().rotated()
        #expect(rotated.keys.count == 3)
        #expect(Set(rotated.keys.map(\.name)).count == 3)
        #expect(!rotated.keys.contains { $0.name == keys.keys[0].name })
    }
}
