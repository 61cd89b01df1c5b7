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
    private final class Ticket {
        let session: OpaquePointer

        init(of client: TestClient) throws {
            session = try #require(SSL_get1_session(client.ssl))
        }

        deinit { SSL_SESSION_free(session) }

        /// The ticket's first octets, which say what key it is made with.
        var keyName: [UInt8] {
            var ticket: UnsafePointer<UInt8>?
            var count = 0
            SSL_SESSION_get0_ticket(session, &ticket, &count)
            return Array(UnsafeBufferPointer(start: ticket, count: min(count, 16)))
        }
    }

    private func ticket(
        from context: TLSContext, _ options: TestClient.Options = .init()
    ) throws -> Ticket {
        var conversation = Conversation(context, options)
        conversation.run()
        try #require(conversation.session.isEstablished)
        return try Ticket(of: conversation.client)
    }

    /// Comes back with a ticket, and makes sure that the client shows it.
    private func converse(
        _ context: TLSContext, _ ticket: Ticket, _ options: TestClient.Options = .init()
    ) throws -> Conversation {
        var options = options
        options.session = ticket.session
        let name = ticket.keyName
        try #require(name.count == 16)
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
        tickets = keys.rotated()
        context.replaceTickets(tickets)
        let conversation = try converse(context, second, options)
        #expect(second.keyName == keys.keys[0].name)
        #expect(try Ticket(of: conversation.client).keyName == tickets.keys[0].name)
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
