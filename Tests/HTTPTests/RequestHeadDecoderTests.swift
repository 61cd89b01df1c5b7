import Testing

@testable import HTTP

/// Request lines and fields; targets, hosts and framing have suites of their own.
@Suite struct RequestHeadDecoderTests {
    private let get = "GET / HTTP/1.1\r\nHost: a\r\n"

    // MARK: - What is taken

    @Test func `a head gives its parts`() throws {
        let decoded = try expectHead(
            "POST /a/b?c=d HTTP/1.1\r\nHost: example.com:80\r\nX-Empty:\r\nX-a:b\r\n"
                + "Accept: \t text/plain, */* \t\r\n\r\n")
        #expect(decoded.head.method == .post)
        #expect(decoded.text(decoded.head.methodName) == "POST")
        #expect(decoded.text(decoded.head.path) == "/a/b")
        #expect(decoded.text(decoded.head.query) == "c=d")
        #expect(decoded.text(decoded.head.host) == "example.com:80")
        #expect(decoded.head.minorVersion == 1)
        #expect(decoded.head.scheme == nil)
        #expect(decoded.head.keepsAlive)
        #expect(!decoded.head.hasBody)
        #expect(!decoded.head.expectsContinue)
        #expect(
            decoded.fields == [
                "Host=example.com:80", "X-Empty=", "X-a=b", "Accept=text/plain, */*",
            ])
    }

    @Test(arguments: [
        ("GET", RequestHead.Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put),
        ("DELETE", .delete), ("OPTIONS", .options), ("PATCH", .patch), ("TRACE", .trace),
    ])
    func `the methods of HTTP are known`(name: String, method: RequestHead.Method) throws {
        #expect(try expectHead("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n").head.method == method)
    }

    @Test func `a field is found by its name in any case`() throws {
        let decoded = try expectHead(get + "X-One: 1\r\nx-ONE: 2\r\n\r\n")
        func value(_ name: StaticString) -> String? {
            decoded.text(decoded.head.field(name, in: decoded.message.span)?.value)
        }
        #expect(value("x-one") == "1")
        #expect(value("x-on") == nil)
        #expect(value("x-one2") == nil)
    }

    @Test func `what follows the head is left alone`() throws {
        let decoded = try decodeHead([octets(get + "\r\n\u{0}\u{1} body")])
        #expect(decoded.bytes == get.unicodeScalars.count + 2)
    }

    @Test func `a decoder that was reset knows nothing of the request before`() throws {
        var decoder = RequestHeadDecoder(limits: RequestHeadLimits())
        var head = RequestHead()
        let first = octets(
            "POST /?q HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\nContent-Type: a/b\r\n"
                + "Authorization: c\r\nConnection: close\r\n\r\n")
        #expect(try decoder.decode(first.span, into: &head) == first.count)
        decoder.reset()
        let second = octets(
            "GET / HTTP/1.1\r\nHost: b\r\nContent-Type: a/b\r\nAuthorization: c\r\n\r\n")
        #expect(try decoder.decode(second.span, into: &head) == second.count)
        let alone = try decodeHead([second])
        #expect(head == alone.head)
    }

    @Test(arguments: 0...4)
    func `up to four empty lines may come first`(count: Int) throws {
        let lines = String(repeating: "\r\n", count: count)
        #expect(try expectHead(lines + get + "\r\n").head.method == .get)
    }

    @Test(
        arguments: [
            (1, [], true), (0, [], false), (1, ["close"], false), (0, ["close"], false),
            (1, ["keep-alive"], true), (0, ["keep-alive"], true), (0, ["Keep-Alive"], true),
            (1, ["keep-alive", "close"], false), (0, ["close", "keep-alive"], false),
            (1, ["foo, Close"], false), (0, ["foo,keep-alive"], true), (1, ["CLOSE ,"], false),
            (1, ["closed"], true), (1, [""], true), (1, ["Host, Content-Length"], true),
        ] as [(Int, [String], Bool)])
    func `the connection stays if version and options say so`(
        minorVersion: Int, options: [String], keepsAlive: Bool
    ) throws {
        let fields = options.map { "Connection: \($0)\r\n" }.joined()
        let decoded = try expectHead("GET / HTTP/1.\(minorVersion)\r\nHost: a\r\n\(fields)\r\n")
        #expect(decoded.head.keepsAlive == keepsAlive)
        #expect(decoded.head.minorVersion == minorVersion)
    }

    @Test func `an expectation is met, or refused, or ignored in HTTP 1_0`() throws {
        let expecting = try expectHead(get + "Expect: 100-Continue\r\n\r\n")
        #expect(expecting.head.expectsContinue)
        for other in ["200-maybe", "y 100-continue", "100-continue, 100-continue", "", "100"] {
            expectFailure(.unknownExpectation, of: get + "Expect: \(other)\r\n\r\n")
        }
        let old = try expectHead("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")
        #expect(!old.head.expectsContinue)
    }

    // MARK: - Request lines

    /// Rows: reliability of request lines; each is refused and the connection ends.
    @Test(arguments: [
        (" / HTTP/1.1\r\n", "no method"),
        ("PO(ST / HTTP/1.1\r\n", "a delimiter in the method"),
        ("PO\u{E9}T / HTTP/1.1\r\n", "no ASCII in the method"),
        ("\u{EF}\u{BB}\u{BF}GET / HTTP/1.1\r\n", "a byte order mark"),
        ("GET\r\n", "HTTP/0.9 without a target"),
        ("GET /\r\n", "HTTP/0.9"),
        ("GET  / HTTP/1.1\r\n", "two blanks"),
        ("GET /  HTTP/1.1\r\n", "two blanks before the version"),
        ("GET\t/ HTTP/1.1\r\n", "a tab for a blank"),
        ("GET\r/ HTTP/1.1\r\n", "a CR for a blank"),
        ("GET\u{B}/ HTTP/1.1\r\n", "a VT for a blank"),
        ("GET / HTTP/1.1 \r\n", "a blank at the end"),
        ("GET / HTTP/1.1\t\r\n", "a tab at the end"),
        ("GET /a b HTTP/1.1\r\n", "a blank in the target"),
        ("GET / HTTP/1.1 HTTP/1.1\r\n", "two versions"),
        ("GET / http/1.1\r\n", "the name's case counts"),
        ("GET / HTTP/1\r\n", "no minor version"),
        ("GET / HTTP/1,1\r\n", "a comma for the dot"),
        ("GET / HTTP/.1\r\n", "no major version"),
        ("GET / HTTP/11.1\r\n", "two digits"),
        ("GET / HTTP/01.1\r\n", "a leading zero"),
        ("GET / HTTP/1.10\r\n", "two minor digits"),
        ("GET / HTTP/1.1x\r\n", "something after the version"),
        ("GET / HTTP/1.\u{FF}\r\n", "no digit"),
        ("GET / RTSP/1.0\r\n", "another protocol"),
        ("GET / HTTP/1.1\n", "a bare LF"),
        ("GET / HTTP/1.1\r\r\n", "a CR too many"),
        ("GET / HTTP/1.1\rHost: a\r\n", "a bare CR"),
        ("\nGET / HTTP/1.1\r\n", "a bare LF first"),
        ("\rGET / HTTP/1.1\r\n", "a bare CR first"),
        ("  \r\nGET / HTTP/1.1\r\n", "a line of blanks"),
        ("\r\n\r\n\r\n\r\n\r\n", "more empty lines than allowed"),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "a proxy's line"),
        ("\r\n\r\n\u{0}\r\nQUIT\n", "a proxy's binary line"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        ("EHLO example.com\r\n", "SMTP"),
        ("\u{16}\u{3}\u{1}\u{0}", "TLS"),
        ("\u{5}\u{1}\u{0}", "SOCKS"),
        ("\u{0}\u{0}\u{0}\u{0}", "zeros"),
    ])
    func `a malformed request line is refused`(line: String, reason: String) {
        expectFailure(.malformedRequestLine, of: line)
    }

    @Test(arguments: ["2.0", "3.0", "0.9", "1.2", "1.9", "9.9", "0.1"])
    func `another version is refused as such`(version: String) {
        expectFailure(.unsupportedVersion, of: "GET / HTTP/\(version)\r\n")
        expectFailure(.unsupportedVersion, of: "PRI * HTTP/\(version)\r\n")
    }

    @Test(arguments: ["post", "Get", "FROBNICATE", "CONNECTX", "GETX", "G", "PROPFIND"])
    func `a method that nobody has is refused, and its case counts`(method: String) {
        expectFailure(.unknownMethod, of: "\(method) / HTTP/1.1\r\n")
    }

    @Test func `no octet but those of its grammar gets into a request line`() {
        for octet in UInt8.min...UInt8.max {
            let character = Unicode.Scalar(octet)
            func failure(_ line: String) -> RequestFailure? {
                do throws(RequestFailure) {
                    try decodeHead([octets(line)])
                    return nil
                } catch {
                    return error
                }
            }
            if !octet.isToken {
                for line in ["\(character)GET / HTTP/1.1\r\n", "G\(character)T / HTTP/1.1\r\n"]
                where !(octet == 0x20 && line.hasPrefix("G")) {
                    #expect(failure(line) == .malformedRequestLine, "\(octet)")
                }
            }
            if !octet.isTarget {
                let expected = RequestFailure.malformedRequestLine
                #expect(failure("GET /\(character)a HTTP/1.1\r\n") == expected, "\(octet)")
                #expect(failure("GET /a\(character) HTTP/1.1\r\n") == expected, "\(octet)")
                #expect(failure("GET /?\(character) HTTP/1.1\r\n") == expected, "\(octet)")
            }
            if octet != 0x20 {
                let isTarget = octet.isTarget
                #expect(
                    failure("GET /\(character)HTTP/1.1\r\n") == .malformedRequestLine,
                    "\(octet) for the blank \(isTarget)")
            }
        }
    }

    // MARK: - Fields

    @Test(arguments: [
        ("X-A : b\r\n", "a blank before the colon"),
        ("X-A\t: b\r\n", "a tab before the colon"),
        (" X-A: b\r\n", "a blank before the name"),
        ("X-A: b\r\n c\r\n", "a folded line"),
        ("X-A: b\r\n\tc\r\n", "a line folded by a tab"),
        ("X-A:\r\n \r\n b\r\n", "folded blanks"),
        ("X-A: b\r\n Transfer-Encoding: chunked\r\n", "a field that is hidden in a fold"),
        (": b\r\n", "no name"),
        ("garbage\r\n", "no colon"),
        ("X(A): b\r\n", "a delimiter in the name"),
        ("X A: b\r\n", "a blank in the name"),
        ("X-\u{C3}\u{A9}: b\r\n", "no ASCII in the name"),
        ("\"X\": b\r\n", "a quoted name"),
        ("X-A: b\nX-B: c\r\n", "a bare LF"),
        ("X-A: b\rX-B: c\r\n", "a bare CR"),
        ("X-A: b\r\r\n", "a CR too many"),
        ("X-A: b\r\n\r\r\n", "a CR too many at the end"),
        ("X-A: b\r\n\n", "a bare LF at the end"),
        ("X-A: b\u{0}\r\n", "a NUL"),
    ])
    func `a malformed field is refused`(field: String, reason: String) {
        expectFailure(.malformedField, of: get + field)
    }

    @Test func `a blank before the first field is refused`() {
        expectFailure(.malformedField, of: "GET / HTTP/1.1\r\n Host: a\r\n")
    }

    /// Every octet in every place around the colon.
    @Test(arguments: ["X-A", "Content-Length", "Transfer-Encoding", "Host", "Connection"])
    func `an octet that doesn't belong into a name or before a value is refused`(name: String) {
        for octet in UInt8.min...UInt8.max where !octet.isToken && octet != 0x3A {
            let character = Unicode.Scalar(octet)
            for field in [
                "\(character)\(name): 1\r\n", "\(name)\(character): 1\r\n",
                "\(name.prefix(2))\(character)\(name.dropFirst(2)): 1\r\n",
            ] {
                let line = "GET / HTTP/1.1\r\n\(field)"
                // An empty line, which ends the head before it has a host.
                guard !line.hasPrefix("GET / HTTP/1.1\r\n\r\n") else { continue }
                #expect(throws: RequestFailure.malformedField, "\(octet) in \(field)") {
                    try decodeHead([octets(line)])
                }
            }
        }
    }

    @Test func `a control octet is refused wherever it stands in a value`() {
        for octet in UInt8.min...UInt8.max where !octet.isFieldContent {
            let character = Unicode.Scalar(octet)
            for value in ["\(character)b", "b\(character)", "b\(character)c", " \(character) b "] {
                #expect(throws: RequestFailure.malformedField, "\(octet)") {
                    try decodeHead([octets(get + "X-A:\(value)\r\n\r\n")])
                }
            }
        }
    }

    @Test func `octets that are no ASCII are kept in a value`() throws {
        let decoded = try expectHead(get + "X-A: caf\u{C3}\u{A9} \u{85}\u{E9}\r\n\r\n")
        #expect(decoded.fields.last == "X-A=caf\u{C3}\u{A9} \u{85}\u{E9}")
    }

    @Test(arguments: ["Content-Type", "Authorization", "CONTENT-type"])
    func `a field that nobody can combine may come once`(name: String) throws {
        try expectHead(get + "\(name): a/b\r\n\r\n")
        expectFailure(.malformedField, of: get + "\(name): a/b\r\n\(name.lowercased()): a/b\r\n")
    }

    @Test func `an underscore makes another field`() throws {
        let decoded = try expectHead(
            get + "Content_Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n")
        #expect(decoded.head.framing == .length(0))
    }
}
