import HTTP
import Testing

@testable import HTTP2

/// Error codes of RFC 9113 §7.
enum Code {
    static let noError: UInt32 = 0
    static let protocolError: UInt32 = 1
    static let flowControl: UInt32 = 3
    static let settingsTimeout: UInt32 = 4
    static let streamClosed: UInt32 = 5
    static let frameSize: UInt32 = 6
    static let refusedStream: UInt32 = 7
    static let cancel: UInt32 = 8
    static let compression: UInt32 = 9
    static let enhanceYourCalm: UInt32 = 11
}

/// What breaks the protocol; the numbers are those of our catalogue of bad input.
@Suite struct MalformedTests {
    // MARK: - The connection

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{1}\u{4}\u{0}\u{0}\u{0}\u{1}",
    ])
    func `76 - a damaged preface ends the connection`(text: String) {
        let peer = Peer(greets: false)
        peer.send(octets: Array(text.utf8))
        #expect(peer.goaway == Code.protocolError)
        #expect(peer.isOver)
        #expect(peer.steps.count == 1)
    }

    @Test func `76 - the first frame must be SETTINGS`() {
        let peer = Peer(greets: false)
        peer.send(octets: preface)
        peer.send(Frame(.ping, payload: Array(repeating: 0, count: 8)))
        expectEnd(peer, Code.protocolError)
    }

    @Test(arguments: [Frame.Kind.data, .headers, .ping, .settings, .windowUpdate])
    func `77 - a frame longer than 16,384 ends the connection`(kind: Frame.Kind) {
        let peer = Peer()
        peer.send(.headers(1))
        let stream: Int32 = kind == .ping || kind == .settings ? 0 : 1
        let octets = [UInt8](repeating: 0, count: 16_386)
        peer.send(Frame(kind, stream: stream, payload: octets))
        expectEnd(peer, Code.frameSize)
    }

    static let badBlocks: [(String, [UInt8])] = [
        ("78 - a literal that is cut off", [0x00, 0x05, 0x61]),
        ("95 - a table larger than ours", integer(4097, prefix: 5, first: 0x20)),
        ("95 - a table's size at the end", block(request()) + [0x20]),
        ("96 - index 0", [0x80]),
        ("96 - an index past the table", [0xFF, 0x00]),
        ("96 - padding of more than seven bits", [0x00, 0x01, 0x61, 0x82, 0x1F, 0xFF]),
        ("96 - padding of zeros", [0x00, 0x01, 0x61, 0x81, 0x18]),
        ("96 - the end symbol", [0x00, 0x01, 0x61, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
        ("97 - an endless number", [0xFF] + Array(repeating: 0x80, count: 20) + [0x01]),
    ]

    @Test(arguments: badBlocks)
    func `78, 95, 96, 97 - what doesn't decompress ends the connection`(
        name: String, block: [UInt8]
    ) {
        let peer = Peer()
        peer.send(Frame(.headers, flags: 5, stream: 1, payload: block))
        expectEnd(peer, Code.compression)
    }

    @Test(arguments: [
        Frame(.ping, payload: [UInt8](repeating: 0, count: 8)),
        Frame(.continuation, flags: 4, stream: 3), .data(1, [1]), .headers(3),
    ])
    func `79 - a header block has nothing in between`(frame: Frame) {
        let peer = Peer()
        peer.send(.headers(1, isWhole: false), frame)
        expectEnd(peer, Code.protocolError)
    }

    @Test(arguments: [
        [Frame.headers(2, isEnd: true)], [.headers(0, isEnd: true)],
        [.headers(5, isEnd: true), .headers(3, isEnd: true)],
    ])
    func `81 - a stream's number is odd and higher than those before`(frames: [Frame]) {
        let peer = Peer()
        peer.send(octets: frames.flatMap(\.octets))
        #expect(peer.goaway == Code.protocolError)
    }

    @Test func `81 - a number that was left out can't be used when others are closed`() {
        let peer = Peer()
        peer.send(.headers(5, isEnd: true))
        _ = peer.take(5)
        peer.respond(5, Response(status: 204))
        peer.send(.headers(7, isEnd: true), .headers(1, isEnd: true))
        expectEnd(peer, Code.protocolError)
    }

    @Test func `81, 105 - a number isn't used again`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        peer.respond(1, Response(status: 204))
        peer.send(.headers(1, isEnd: true))
        expectEnd(peer, Code.streamClosed)
    }

    @Test(arguments: [Frame.data(1, [1]), .data(1, [1], isEnd: true), .headers(1)])
    func `105 - nothing follows a stream that both have ended`(frame: Frame) {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true))
        peer.respond(1, Response(status: 204))
        peer.send(frame)
        expectEnd(peer, Code.streamClosed)
    }

    @Test func `105 - nothing follows a reset`() {
        let peer = Peer()
        peer.send(.headers(1), .reset(1), .data(1, [1]))
        #expect(peer.goaway == Code.streamClosed)
    }

    @Test(arguments: [
        (108, Frame.settings([(4, 1 << 31)]), Code.flowControl),
        (108, .settings([(2, 2)]), Code.protocolError),
        (108, .settings([(5, 16_383)]), Code.protocolError),
        (108, .settings([(5, 1 << 24)]), Code.protocolError),
        (108, Frame(.settings, flags: 1, payload: [0, 0, 0, 0, 0, 0]), Code.frameSize),
        (108, Frame(.settings, payload: [0, 0, 0, 0, 0]), Code.frameSize),
        (108, Frame(.settings, stream: 1), Code.protocolError),
        (111, Frame(.pushPromise, flags: 4, stream: 1, payload: [0, 0, 0, 2]), Code.protocolError),
        (112, Frame(.data, flags: 8, stream: 1, payload: [4, 1, 1, 1]), Code.protocolError),
        (112, Frame(.headers, flags: 12, stream: 3, payload: [9, 1]), Code.protocolError),
    ])
    func `108, 111, 112 - a frame that can't be ends the connection`(
        row: Int, frame: Frame, code: UInt32
    ) {
        let peer = Peer()
        peer.send(.headers(1))
        peer.send(frame)
        expectEnd(peer, code)
    }

    @Test func `116 - what comes after the end is dropped`() {
        let peer = Peer()
        peer.send(Frame(.pushPromise, flags: 4, stream: 1, payload: [0, 0, 0, 2]))
        let count = peer.steps.count
        peer.send(.headers(1, isEnd: true), .settings(), .reset(1), .data(1, [1]))
        peer.send(octets: [UInt8](repeating: 0xFF, count: 100))
        #expect(peer.steps.count == count)
        #expect(peer.frames(.goaway).count == 1)
        #expect(peer.isOver)
    }

    @Test func `117 - a connection that only says hello is nothing to report`() {
        #expect(Peer().steps.isEmpty)
    }

    private func expectEnd(
        _ peer: Peer, _ code: UInt32, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(peer.goaway == code, sourceLocation: sourceLocation)
        let refusals = peer.steps.filter { if case .refused = $0 { true } else { false } }
        #expect(refusals.count == 1, sourceLocation: sourceLocation)
        #expect(peer.isOver, sourceLocation: sourceLocation)
    }
}

/// Requests that can't be taken; the connection goes on.
@Suite struct MalformedRequestTests {
    static let malformed: [(String, [(String, String)])] = [
        ("90 - a name of no octets", request("GET", "/", [("", "a")])),
        ("98 - an upper case name", request("GET", "/", [("X-a", "1")])),
        ("98 - a blank in a name", request("GET", "/", [("x a", "1")])),
        ("98 - a control in a name", request("GET", "/", [("x\u{1}a", "1")])),
        ("98 - a letter beyond ASCII in a name", request("GET", "/", [("x\u{E4}", "1")])),
        ("98 - a NUL in a value", request("GET", "/", [("x", "a\u{0}b")])),
        ("98 - a CR in a value", request("GET", "/", [("x", "a\rb")])),
        ("98 - an LF in a value", request("GET", "/", [("x", "a\nb")])),
        ("98 - another control in a value", request("GET", "/", [("x", "a\u{1}b")])),
        ("98 - a DEL in a value", request("GET", "/", [("x", "a\u{7F}b")])),
        ("98 - a blank before a value", request("GET", "/", [("x", " a")])),
        ("98 - a blank after a value", request("GET", "/", [("x", "a\t")])),
        ("99 - connection", request("GET", "/", [("connection", "close")])),
        ("99 - keep-alive", request("GET", "/", [("keep-alive", "1")])),
        ("99 - proxy-connection", request("GET", "/", [("proxy-connection", "close")])),
        ("99 - transfer-encoding", request("GET", "/", [("transfer-encoding", "chunked")])),
        ("99 - upgrade", request("GET", "/", [("upgrade", "h2c")])),
        ("99 - TE other than trailers", request("GET", "/", [("te", "gzip")])),
        ("100 - no method", [(":scheme", "http"), (":path", "/"), (":authority", "a")]),
        ("100 - no path", [(":scheme", "http"), (":method", "GET"), (":authority", "a")]),
        ("100 - no scheme", [(":path", "/"), (":method", "GET"), (":authority", "a")]),
        ("100 - two methods", [(":method", "GET")] + request("GET", "/")),
        ("100 - two paths", [(":path", "/")] + request("GET", "/")),
        ("100 - an unknown one", [(":other", "/")] + request("GET", "/")),
        ("100 - one of a response", [(":status", "200")] + request("GET", "/")),
        ("100 - a late one", [("x", "1")] + request("GET", "/")),
        ("100 - an empty path", request("GET", "")),
        ("101 - a Host that is none", request("GET", "/", authority: nil, [("host", "a b")])),
        ("101 - two Hosts", request("GET", "/", [("host", "a"), ("host", "a")])),
        ("101 - no Host", request("GET", "/", authority: nil)),
        ("102 - a path with a blank", request("GET", "/a b")),
        ("102 - a path with a control", request("GET", "/a\u{1}")),
        ("102 - an absolute URI", request("GET", "http://a/")),
        ("102 - a path with no slash", request("GET", "a")),
        ("102 - an asterisk", request("GET", "*")),
        ("102 - a method with a blank", request("GET / HTTP/1.1\r\nx:", "/")),
        (
            "104 - two lengths",
            request("POST", "/", [("content-length", "1"), ("content-length", "1")])
        ),
        ("104 - a length that is none", request("POST", "/", [("content-length", "-1")])),
        ("113 - an extended CONNECT", [(":protocol", "websocket")] + request("CONNECT", "/")),
    ]

    @Test(arguments: malformed)
    func `90, 98, 99, 100, 101, 102, 104, 113 - a malformed request is reset`(
        name: String, fields: [(String, String)]
    ) {
        let peer = Peer()
        peer.send(.headers(1, fields, isEnd: true))
        #expect(peer.resetCode(of: 1) == Code.protocolError)
        #expect(peer.steps.count == 1)
        expectLife(of: peer)
    }

    static let refused: [(String, [(String, String)], Int)] = [
        ("101 - another Host", request("GET", "/", [("host", "other")]), 400),
        ("101 - userinfo", request("GET", "/", authority: "user@veer.test"), 400),
        ("102 - a fragment", request("GET", "/#a"), 400),
        ("102 - half an escape", request("GET", "/%a"), 400),
        (
            "102 - a path over the limit",
            request("GET", "/" + String(repeating: "a", count: 9000)), 414
        ),
        ("103 - https in clear", request("GET", "/", scheme: "https"), 421),
        ("113 - CONNECT", [(":method", "CONNECT"), (":authority", "a:1")], 501),
        ("an unknown method", request("BREW", "/"), 501),
        ("an unknown expectation", request("GET", "/", [("expect", "more")]), 417),
        (
            "two content types",
            request("GET", "/", [("content-type", "a/b"), ("content-type", "a/b")]), 400
        ),
        ("a length over the limit", request("POST", "/", [("content-length", "1048577")]), 413),
    ]

    @Test(arguments: refused)
    func `101, 102, 103, 113 - what HTTP/1 refuses is refused here, too`(
        name: String, fields: [(String, String)], status: Int
    ) throws {
        let peer = Peer()
        peer.send(.headers(1, fields))
        #expect(peer.steps.count == 1)
        #expect(peer.nextFields()?.first == ":status: \(status)")
        peer.pass(seconds: 0.25)
        #expect(peer.resetCode(of: 1) == Code.noError)
        expectLife(of: peer)
    }

    @Test(arguments: [("GET", 103), ("OPTIONS", 102), ("TRACE", 113)])
    func `what HTTP/1 takes is taken here, too`(method: String, row: Int) {
        var limits = HTTP2Limits()
        limits.scheme = .any
        let peer = Peer(limits)
        let path = method == "OPTIONS" ? "*" : "/"
        let fields = request(method, path, authority: nil, scheme: "https", [("host", "Veer.test")])
        peer.send(.headers(1, fields, isEnd: true))
        #expect(peer.take(1)?.path == path)
    }

    @Test(arguments: [
        ("shorter", [UInt8](repeating: 1, count: 4)), ("longer", [UInt8](repeating: 1, count: 6)),
    ])
    func `104 - a body has the length that was told`(name: String, body: [UInt8]) {
        let peer = Peer()
        peer.send(.headers(1, request("POST", "/", [("content-length", "5")])))
        peer.send(.data(1, body, isEnd: true))
        #expect(peer.resetCode(of: 1) == Code.protocolError)
        #expect(peer.steps.contains(.cancelled(stream: 1)))
        #expect(!peer.steps.contains(.request(stream: 1)))
        expectLife(of: peer)
    }

    @Test func `100 - a pseudo-field in trailers is malformed`() {
        let peer = Peer()
        peer.send(.headers(1), .data(1, [1]), .headers(1, [(":path", "/")], isEnd: true))
        #expect(peer.resetCode(of: 1) == Code.protocolError)
        expectLife(of: peer)
    }

    @Test func `trailers are dropped`() {
        let peer = Peer()
        peer.send(.headers(1), .data(1, [1]), .headers(1, [("ce-id", "2")], isEnd: true))
        #expect(peer.steps == [.head(stream: 1), .request(stream: 1)])
        #expect(peer.take(1)?.fields == [])
    }

    @Test func `trailers over the limit are refused`() {
        let peer = Peer()
        let part = block([("a", String(repeating: "b", count: 12_000))])
        peer.send(.headers(1), Frame(.headers, flags: 1, stream: 1, payload: part))
        peer.send(Frame(.continuation, stream: 1, payload: part))
        peer.send(Frame(.continuation, flags: 4, stream: 1, payload: part))
        #expect(peer.resetCode(of: 1) == Code.protocolError)
        #expect(!peer.steps.contains(.request(stream: 1)))
        expectLife(of: peer)
    }

    @Test func `106 - a second head is malformed`() {
        let peer = Peer()
        peer.send(.headers(1), .headers(1, [("a", "b")]))
        #expect(peer.resetCode(of: 1) == Code.protocolError)
        expectLife(of: peer)
    }

    @Test func `105 - a body can't go on after its end`() {
        let peer = Peer()
        peer.send(.headers(1, isEnd: true), .data(1, [1]))
        #expect(peer.goaway == Code.streamClosed || peer.resetCode(of: 1) == Code.streamClosed)
    }

    private func expectLife(
        of peer: Peer, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(peer.goaway == nil, sourceLocation: sourceLocation)
        peer.steps = []
        peer.send(.headers(101, request("GET", "/after"), isEnd: true))
        #expect(
            peer.steps == [.head(stream: 101), .request(stream: 101)],
            sourceLocation: sourceLocation)
        #expect(peer.take(101)?.path == "/after", sourceLocation: sourceLocation)
    }
}
