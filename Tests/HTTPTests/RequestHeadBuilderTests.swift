import Testing

@testable import HTTP

/// Heads of parts that came apart, held to what a head in one piece is held to.
@Suite struct RequestHeadBuilderTests {
    private typealias Parts = [(name: String, value: String)]

    private static let get: Parts = [
        (":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "veer.test"),
    ]

    /// Plays the part of the session: puts the parts one behind the other.
    private func build(
        _ parts: Parts, scheme: StaticString? = "http", hasBody: Bool = false,
        limits: RequestHeadLimits = RequestHeadLimits()
    ) throws(RequestFailure) -> DecodedHead {
        var builder = RequestHeadBuilder(limits: limits)
        var decoded = DecodedHead()
        for (name, value) in parts {
            try builder.count(nameBytes: name.utf8.count, valueBytes: value.utf8.count)
            let start = decoded.message.count
            if let field = RequestHeadBuilder.PseudoField(octets(name).span) {
                decoded.message += octets(value)
                builder.add(field, octets(value).span, at: start..<decoded.message.count)
                continue
            }
            decoded.message += octets(name)
            let end = decoded.message.count
            decoded.message += octets(value)
            try builder.add(
                decoded.message.span, name: start..<end, value: end..<decoded.message.count)
        }
        try builder.finish(decoded.message.span, scheme: scheme, hasBody: hasBody)
        decoded.head = builder.head
        return decoded
    }

    @Test func `the parts make the head that HTTP/1 makes`() throws {
        let built = try build([
            (":method", "POST"), (":scheme", "http"), (":path", "/a/b?c=d"),
            (":authority", "example.com:80"), ("x-empty", ""), ("expect", "100-Continue"),
            ("content-length", "17"),
        ])
        #expect(built.head.method == .post)
        #expect(built.text(built.head.methodName) == "POST")
        #expect(built.text(built.head.path) == "/a/b")
        #expect(built.text(built.head.query) == "c=d")
        #expect(built.text(built.head.host) == "example.com:80")
        #expect(built.head.scheme == nil)
        #expect(built.head.minorVersion == 1)
        #expect(built.head.keepsAlive)
        #expect(built.head.expectsContinue)
        #expect(built.head.framing == .length(17))
        #expect(built.fields == ["x-empty=", "expect=100-Continue", "content-length=17"])
    }

    @Test func `a body without a length ends where it ends`() throws {
        #expect(try build(Self.get, hasBody: true).head.framing == .chunked)
        #expect(try build(Self.get).head.framing == .length(0))
    }

    @Test func `the host may be told by its field, and by both if it's the same`() throws {
        let field = try build(Self.get.dropLast() + [("host", "a:1")])
        #expect(field.text(field.head.host) == "a:1")
        let both = try build(Self.get + [("host", "VEER.test")])
        #expect(both.text(both.head.host) == "veer.test")
    }

    @Test func `a scheme counts where there can be only one`() throws {
        #expect(throws: RequestFailure.misdirected) { try build(Self.get, scheme: "https") }
        #expect(try build(Self.get, scheme: nil).head.method == .get)
    }

    @Test(arguments: [
        (":path", "*", RequestFailure.malformedTarget), (":path", "", .malformedTarget),
        (":path", "a", .malformedTarget), (":path", "http://veer.test/", .malformedTarget),
        (":path", "/a b", .malformedTarget), (":path", "/#", .malformedTarget),
        (":path", "/%2", .malformedTarget), (":path", "/\u{80}", .malformedTarget),
        (":method", "CONNECT", .unknownMethod), (":method", "get", .unknownMethod),
        (":authority", "", .malformedHost), (":authority", "a@b", .malformedHost),
        (":authority", "a:99999", .malformedHost), (":authority", "b", .malformedHost),
    ])
    func `a part that HTTP/1 refuses is refused`(
        name: String, value: String, failure: RequestFailure
    ) {
        let parts = Self.get.map { ($0.name, $0.name == name ? value : $0.value) }
        #expect(throws: failure) { try build(parts + [("host", "veer.test")]) }
    }

    @Test(arguments: [
        ([("host", "a b")], RequestFailure.malformedHost),
        ([("host", "veer.test"), ("host", "veer.test")], .malformedHost),
        ([("expect", "200-ok")], .unknownExpectation),
        ([("content-length", "1"), ("content-length", "1")], .ambiguousFraming),
        ([("content-length", "1,1")], .malformedLength),
        ([("content-type", "a/b"), ("content-type", "a/b")], .malformedField),
        ([("authorization", "a"), ("authorization", "b")], .malformedField),
    ])
    func `a field that HTTP/1 refuses is refused`(
        fields: [(String, String)], failure: RequestFailure
    ) {
        #expect(throws: failure) { try build(Self.get + fields) }
    }

    @Test func `limits are inclusive`() throws {
        var limits = RequestHeadLimits()
        limits.headerFields = 2
        let fields = [("a", "1"), ("b", "2"), ("c", "3")]
        #expect(try build(Self.get + fields.dropLast(), limits: limits).fields.count == 2)
        #expect(throws: RequestFailure.headerTooLarge) {
            try build(Self.get + fields, limits: limits)
        }
        // Each field counts for 32 octets more than it has.
        let bytes = (Self.get + fields).reduce(0) { $0 + $1.0.count + $1.1.count + 32 }
        limits = RequestHeadLimits(headerBytes: bytes)
        #expect(try build(Self.get + fields, limits: limits).fields.count == 3)
        limits.headerBytes -= 1
        #expect(throws: RequestFailure.headerTooLarge) {
            try build(Self.get + fields, limits: limits)
        }
        limits = RequestHeadLimits(requestLineBytes: 5)
        #expect(try build(Self.get, limits: limits).head.method == .get)
        limits.requestLineBytes -= 1
        #expect(throws: RequestFailure.targetTooLong) { try build(Self.get, limits: limits) }
        limits = RequestHeadLimits(headerValueBytes: 9)
        #expect(try build(Self.get, limits: limits).head.method == .get)
        limits.headerValueBytes -= 1
        #expect(throws: RequestFailure.headerTooLarge) { try build(Self.get, limits: limits) }
    }
}
