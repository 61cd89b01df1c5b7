import COpenSSL
import Glibc
import Testing

@testable import TLS

@Suite struct SessionTests {
    static let pair = Result { try TestCertificate.server().pair() }

    static func context(_ policy: TLSPolicy = .intermediate2026) throws -> TLSContext {
        try TLSContext(TLSMaterial(name: "public", policy: policy, certificates: [pair.get()]))
    }

    /// A conversation whose handshake is done.
    private func begin(_ options: TestClient.Options = .init()) throws -> Conversation {
        var conversation = Conversation(try Self.context(), options)
        conversation.run()
        try #require(conversation.events == [.established])
        conversation.events = []
        return conversation
    }

    // MARK: - Octets

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a handshake, a request and an answer`(version: CInt) throws {
        var conversation = try begin(.init(minimum: version, maximum: version))
        conversation.say("hello")
        #expect(conversation.received == Array("hello".utf8))
        conversation.answer("world")
        #expect(conversation.client.received == Array("world".utf8))
        let session = conversation.session
        #expect(session.isEstablished && !session.isResumed)
        #expect(session.serverName == "veer.example")
        #expect(session.applicationProtocol == .http1)
        #expect(session.clientCertificate == nil)
        #expect(session.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"))
        #expect(session.cipher.contains("AES128") || session.cipher.contains("AES_128"))
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a handshake may be cut anywhere`(version: CInt) throws {
        let options = TestClient.Options(minimum: version, maximum: version)
        let context = try Self.context()
        var whole = Conversation(context, options)
        for place in 1..<whole.run() {
            var conversation = Conversation(context, options)
            conversation.run { $0 == place }
            #expect(conversation.events == [.established], "\(place)")
        }
        var conversation = Conversation(context, options)
        conversation.run { _ in true }
        #expect(conversation.events == [.established])
    }

    @Test func `records may be cut anywhere, and come many at once`() throws {
        var conversation = try begin()
        let texts = ["a", "bc", "", String(repeating: "d", count: 40)]
        let expected = Array(texts.joined().utf8)
        let octets = {
            texts.flatMap { $0.isEmpty ? [] : conversation.client.send(Array($0.utf8)) }
        }
        for place in 0...octets().count {
            // What was made to be counted must be received, too, lest the keys get out of step.
            if place == 0 { conversation = try begin() }
            let octets = octets()
            conversation.received = []
            conversation.deliver(Array(octets.prefix(place)))
            conversation.deliver(Array(octets.dropFirst(place)))
            #expect(conversation.received == expected, "\(place)")
        }
        conversation.received = []
        for octet in octets() { conversation.deliver([octet]) }
        #expect(conversation.received == expected)
    }

    /// The largest record may wait for its last octet, and more of them come with it.
    @Test func `a full record that waited has room beside those that come`() throws {
        var conversation = try begin()
        let message = (0..<64 * 1024).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let octets = conversation.client.send(message)
        conversation.deliver(Array(octets.prefix(16 * 1024 + 20)))
        conversation.deliver(Array(octets.dropFirst(16 * 1024 + 20)))
        #expect(conversation.received == message)
    }

    @Test func `a long answer is sent whole`() throws {
        let conversation = try begin()
        let answer = String(repeating: "0123456789", count: 100_000)
        conversation.answer(answer)
        #expect(conversation.client.received == Array(answer.utf8))
    }

    @Test func `sessions of one context don't mix`() throws {
        let context = try Self.context()
        var conversations = (0..<8).map { _ in Conversation(context) }
        for index in conversations.indices { conversations[index].run() }
        for index in conversations.indices { conversations[index].say("to \(index)") }
        for index in conversations.indices {
            #expect(conversations[index].received == Array("to \(index)".utf8))
        }
    }

    @Test func `output is appended`() throws {
        let conversation = try begin()
        var output: [UInt8] = [1, 2, 3]
        conversation.session.send([4].span, output: &output)
        #expect(output.starts(with: [1, 2, 3, 23]))
    }

    /// In a process of its own, where no other test takes memory.
    @Test(
        .disabled(
            if: dlsym(nil, "__asan_init") != nil,
            "a sanitizer keeps what was freed, and looks itself"))
    func `many sessions leave nothing behind`() async {
        await #expect(processExitsWith: .success) {
            let context = try SessionTests.context()
            func pagesAfterSessions() throws -> Int {
                for _ in 0..<300 {
                    var conversation = Conversation(context)
                    conversation.run()
                }
                return try residentPages()
            }
            _ = try pagesAfterSessions()
            let before = try pagesAfterSessions()
            // A session takes more than two pages, so three hundred of them would be seen.
            #expect(try pagesAfterSessions() - before < 300)
        }
    }

    // MARK: - Ends

    @Test func `a client's end is reported with what came before it`() throws {
        var conversation = try begin()
        conversation.deliver(conversation.client.send([1, 2]) + conversation.client.close())
        #expect(conversation.received == [1, 2])
        #expect(conversation.events == [.closed])
        conversation.answer("still")
        #expect(conversation.client.received == Array("still".utf8))
    }

    @Test func `a client hears of the end`() throws {
        let conversation = try begin()
        var output: [UInt8] = []
        conversation.session.close(output: &output)
        _ = conversation.client.proceed(output)
        #expect(conversation.client.error == "close notify")
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "P", "DELETE / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n"])
    func `plain HTTP is told apart, and gets no alert`(text: String) throws {
        for reads in [[text], text.map { String($0) }] {
            var conversation = Conversation(try Self.context())
            for read in reads {
                #expect(conversation.deliver(Array(read.utf8)) == [])
                #expect(conversation.failure?.code == .plainHTTP)
            }
        }
    }

    @Test(arguments: [
        [0], [22, 3, 1, 0xFF, 0xFF, 0], [22, 3, 1, 0, 1, 2], [23, 3, 3, 0, 1, 0],
        [0x80, 0x2E, 1, 3, 1], Array("\r\nget / ".utf8), [21, 3, 1, 0, 2, 2, 40],
        [UInt8](repeating: 0xFF, count: 600), [UInt8](repeating: 0, count: 70_000),
    ])
    func `what isn't TLS never counts as it`(octets: [UInt8]) throws {
        var conversation = Conversation(try Self.context())
        conversation.deliver(octets)
        conversation.deliver([UInt8](repeating: 0xFF, count: 20_000))
        #expect(conversation.failure != nil)
        #expect(conversation.received == [])
        #expect(!conversation.session.isEstablished)
    }

    @Test func `a damaged record fails, is alerted, and nothing follows it`() throws {
        var conversation = try begin()
        var octets = conversation.client.send(Array("hello".utf8))
        octets[octets.count - 1] ^= 1
        let alert = conversation.deliver(octets)
        #expect(conversation.failure?.code == .malformed)
        #expect(conversation.received == [])
        _ = conversation.client.proceed(alert)
        #expect(conversation.client.error?.contains("bad record mac") == true)
        let failure = conversation.failure
        conversation.events = []
        #expect(conversation.deliver(conversation.client.send([1])) == [])
        #expect(conversation.failure == failure)
        #expect(conversation.received == [])
    }

    @Test func `a client that gives up is told apart`() throws {
        var conversation = Conversation(try Self.context())
        conversation.deliver(conversation.client.proceed())
        conversation.deliver([21, 3, 3, 0, 2, 2, 48])
        #expect(conversation.failure?.code == .refusedByPeer)
        #expect(conversation.failure?.reason == "tlsv1 alert unknown ca")
    }
}

private func residentPages() throws -> Int {
    let file = try #require(fopen("/proc/self/statm", "r"))
    defer { fclose(file) }
    var room = [CChar](repeating: 0, count: 100)
    fgets(&room, 100, file)
    let text = String(decoding: room.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
}
