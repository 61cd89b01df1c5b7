import Testing

@testable import HTTP

/// The forms of a target, and the host that it or the field names.
@Suite struct RequestTargetTests {
    @Test(
        arguments: [
            ("/", "/", nil), ("/webhook", "/webhook", nil), ("/?", "/", ""),
            ("/a?b?c", "/a", "b?c"),
            ("/a%20b", "/a%20b", nil), ("/a%2Fb%2f", "/a%2Fb%2f", nil), ("//a//b", "//a//b", nil),
            ("/../a", "/../a", nil), ("/a;b=c:@!$&'()*+,=-._~", "/a;b=c:@!$&'()*+,=-._~", nil),
            ("/a?b[]=c/d", "/a", "b[]=c/d"), ("/http://b/", "/http://b/", nil),
        ] as [(String, String, String?)])
    func `a path is taken as it is`(target: String, path: String, query: String?) throws {
        let decoded = try expectHead("POST \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(decoded.text(decoded.head.path) == path)
        #expect(decoded.text(decoded.head.query) == query)
        #expect(decoded.text(decoded.head.host) == "a")
        #expect(decoded.head.scheme == nil)
    }

    @Test(
        arguments: [
            ("http://a/b?c", "/b", "c"), ("HTTP://A/", "/", nil), ("http://a", "/", nil),
            ("http://a?b", "/", "b"),
        ] as [(String, String, String?)])
    func `a whole URI gives its path and host`(
        target: String, path: String, query: String?
    ) throws {
        let decoded = try expectHead("POST \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(decoded.text(decoded.head.path) == path)
        #expect(decoded.text(decoded.head.query) == query)
        #expect(decoded.text(decoded.head.host)?.lowercased() == "a")
        #expect(decoded.text(decoded.head.scheme)?.lowercased() == "http")
    }

    @Test func `the asterisk is for OPTIONS`() throws {
        let decoded = try expectHead("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(decoded.text(decoded.head.path) == "*")
        for method in ["GET", "POST", "HEAD", "DELETE"] {
            expectFailure(.malformedTarget, of: "\(method) * HTTP/1.1\r\n")
        }
        expectFailure(.malformedTarget, of: "OPTIONS ** HTTP/1.1\r\n")
    }

    @Test(arguments: [
        ("webhook", "no slash"), ("localhost:80", "the form of CONNECT"), ("?a", "no path"),
        (".", "no path"), ("http:", "no host"), ("http:/a", "one slash"),
        ("http://", "no host"), ("http:///a", "no host"), ("http://:80/", "no host"),
        ("http://b:c@a/", "a user"), ("http://a@b/", "a user"), ("http://a:b/", "no port"),
        ("http://a:65536/", "no port"), ("http://[::1/", "half an address"),
        ("http://a,b/", "two hosts"), ("http://a%00/", "an encoded NUL in the host"),
        ("/%", "half an octet"), ("/%2", "half an octet"), ("/%zz", "no octet"),
        ("/%2g", "no octet"), ("/%%20", "no octet"), ("/?%", "half an octet"),
    ])
    func `a target that is none is refused`(target: String, reason: String) {
        expectFailure(.malformedTarget, of: "POST \(target) HTTP/1.1\r\n")
    }

    @Test(arguments: ["#a", "/#a", "/a\"", "/<a>", "/a\\b", "/a^b", "/a`b", "/{a}", "/a|b"])
    func `a character that no URI has is refused`(target: String) {
        expectFailure(.malformedRequestLine, of: "POST \(target) HTTP/1.1\r\n")
    }

    @Test(arguments: ["https://a/", "ftp://a/", "ws://a/", "httpx://a/"])
    func `another scheme is for another server`(target: String) {
        expectFailure(.misdirected, of: "POST \(target) HTTP/1.1\r\n")
    }

    @Test(arguments: ["b", "a.b", "a:80", "aa"])
    func `a field that contradicts the target is refused`(host: String) {
        expectFailure(.misdirected, of: "POST http://a/ HTTP/1.1\r\nHost: \(host)\r\n")
    }

    @Test(arguments: ["/", "*", "a:80", "http://a/"])
    func `nobody is connected to anything`(target: String) {
        for version in ["1.0", "1.1"] {
            expectFailure(.unknownMethod, of: "CONNECT \(target) HTTP/\(version)\r\n")
        }
    }

    // MARK: - Host

    @Test(arguments: [
        "a", "example.com", "EXAMPLE.com.", "a:80", "a:", "a:0", "a:65535", "1.2.3.4:5", "a_b",
        "a-b.c~d", "[::]", "[::1]", "[::1]:80", "[::1]:", "[1:2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[fe80::1:0]", "[ABCD:ef01::]",
        "[::1.2.3.4]", "[::ffff:255.0.10.199]", "[1:2:3:4:5:6:7.8.9.10]",
    ])
    func `a host is taken`(host: String) throws {
        let decoded = try expectHead("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(decoded.text(decoded.head.host) == host)
        try expectHead("GET http://\(host)/ HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    }

    @Test(arguments: [
        ("", "empty"), (":80", "only a port"), ("a@b", "a user"), ("a/b", "a path"),
        ("a?b", "a query"), ("a#b", "a fragment"), ("a b", "a blank"), ("a\tb", "a tab"),
        ("a,b", "two hosts"), ("a, b", "two hosts"), ("a;b c", "a blank"), ("a:b", "no port"),
        ("a:-1", "no port"), ("a:+1", "no port"), ("a:65536", "a port above all"),
        ("a:000080", "six digits"), ("a:80:80", "two ports"), ("a: 80", "a blank"),
        ("a%00", "an encoded NUL"), ("a%zz", "no octet"), ("a\\b", "a backslash"),
        ("\"a\"", "quoted"), ("a\u{E9}", "no ASCII"), ("<a>", "no host"), ("[", "no address"),
        ("[]", "no address"), ("[::1", "half an address"), ("::1", "no brackets"),
        ("[::1]a", "something after it"), ("[::1]80", "no colon"), ("[::1]:x", "no port"),
        ("[:]", "one colon"), ("[:::]", "three colons"), ("[1:]", "a colon at the end"),
        (":1]", "no opening"), ("[1:2]", "two groups"), ("[:1:2:3:4:5:6:7:8]", "a colon first"),
        ("[1:2:3:4:5:6:7:8:9]", "nine groups"), ("[1:2:3:4:5:6:7:8::]", "nothing left out"),
        ("[1::2::3]", "left out twice"), ("[12345::]", "five digits"), ("[g::]", "no digit"),
        ("[::1%25eth0]", "a zone"), ("[v1.a:b]", "of the future"), ("[::1.2.3]", "three parts"),
        ("[::1.2.3.4.5]", "five parts"), ("[::1.2.3.256]", "a part above 255"),
        ("[::01.2.3.4]", "a leading zero"), ("[::1.2.3.]", "an empty part"),
        ("[1.2.3.4]", "the other kind of address"), ("[1:2:3:4:5:6:7:8.9.10.11]", "too long"),
        ("[::1.2.3.4:5]", "a group after it"),
    ])
    func `a host that is none is refused`(host: String, reason: String) {
        expectFailure(.malformedHost, of: "GET / HTTP/1.1\r\nHost: \(host)\r\n")
    }

    @Test func `every octet that no host has is refused in every place`() {
        for octet in UInt8.min...UInt8.max where !octet.isHostName && !octet.isBlank {
            let character = Unicode.Scalar(octet)
            for host in ["\(character)a", "a\(character)b", "a.b\(character)"] {
                let isEmptyPort = octet == 0x3A && host.hasSuffix(":")
                guard !isEmptyPort else { continue }
                #expect(throws: (any Error).self, "\(octet)") {
                    try decodeHead([octets("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")])
                }
            }
        }
    }

    @Test func `HTTP 1_1 needs one host, and HTTP 1_0 none`() throws {
        expectFailure(.malformedHost, of: "GET / HTTP/1.1\r\n\r\n")
        expectFailure(.malformedHost, of: "GET http://a/ HTTP/1.1\r\n\r\n")
        for second in ["a", "b", ""] {
            expectFailure(.malformedHost, of: "GET / HTTP/1.1\r\nHost: a\r\nhost: \(second)\r\n")
        }
        expectFailure(.malformedHost, of: "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n")
        let old = try expectHead("GET / HTTP/1.0\r\n\r\n")
        #expect(old.head.host == nil)
    }
}
