import Testing

@testable import Configuration

@Suite struct AddressTests {
    private static let loopback6 = [UInt8](repeating: 0, count: 15) + [1]

    @Test(arguments: [
        ("127.0.0.1:8080", ListenAddress.ip([127, 0, 0, 1], port: 8080), "127.0.0.1:8080"),
        ("0.0.0.0:0", .ip([0, 0, 0, 0], port: 0), "0.0.0.0:0"),
        ("[::]:8443", .ip([UInt8](repeating: 0, count: 16), port: 8443), "[::]:8443"),
        ("[::1]:65535", .ip(loopback6, port: 65_535), "[::1]:65535"),
        (
            "[2001:DB8:0:0:1::2]:80",
            .ip([0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2], port: 80),
            "[2001:db8::1:0:0:2]:80"
        ),
        (
            "[::ffff:192.0.2.1]:80",
            .ip([UInt8](repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1], port: 80),
            "[::ffff:c000:201]:80"
        ),
        (
            "[1:2:3:4:5:6:7::]:1",
            .ip([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0], port: 1),
            "[1:2:3:4:5:6:7:0]:1"
        ),
        ("unix:/run/veer.sock", .unix(path: "/run/veer.sock"), "unix:/run/veer.sock"),
        ("unix:data/a:b", .unix(path: "data/a:b"), "unix:data/a:b"),
    ])
    func `an address is read and shown`(
        text: String, expected: ListenAddress, shown: String
    ) throws {
        #expect(try ListenAddress(configured: text) == expected)
        #expect(expected.description == shown)
        #expect(try ListenAddress(configured: shown) == expected)
    }

    @Test(arguments: [
        ("localhost:8080", "names are not looked up: write 127.0.0.1:8080 or [::1]:8080"),
        ("gateway.example:80", "names are not looked up: write the address"),
        (":8080", "for all addresses write 0.0.0.0:8080 or [::]:8080"),
        ("*:8080", "for all addresses write 0.0.0.0:8080 or [::]:8080"),
        ("::1:8080", "write [::1]:8080"),
        ("8080", "write 127.0.0.1:8080"),
        ("127.0.0.1", "write 127.0.0.1:8080 or [::1]:8080"),
        ("127.0.0.1:65536", "a port is 0 to 65535"),
        ("127.0.0.1:080", "a port is 0 to 65535"),
        ("127.0.0.1:", "a port is 0 to 65535"),
        ("127.0.0.1:http", "a port is 0 to 65535"),
        ("127.0.0.1:-1", "a port is 0 to 65535"),
        ("unix:", "write unix:/run/veer.sock"),
    ])
    func `a wrong address says what to write`(text: String, hint: String) {
        let complaint = #expect(throws: Complaint.self) { try ListenAddress(configured: text) }
        #expect(complaint?.hint == hint)
    }

    @Test(arguments: [
        "127.0.0:80", "127.0.0.256:80", "127.0.0.01:80", "0x7f.0.0.1:80", "127.0.0.1.:80",
        "[::1:80", "[]:80", "[:::]:80", "[1::2::3]:80", "[1:2:3:4:5:6:7]:80", "[12345::]:80",
        "[1:2:3:4:5:6:7:8::]:80", "[fe80::1%eth0]:80", "[1.2.3.4::]:80", "[::1.2.3]:80",
        "[127.0.0.1]:80", "[::1]", "unix:\u{0}x", "unix:" + String(repeating: "a", count: 108),
    ])
    func `what is no address is refused`(text: String) {
        #expect(throws: Complaint.self) { try ListenAddress(configured: text) }
    }

    @Test(arguments: [
        ("https://audit.example/events", "https://audit.example/events"),
        ("HTTP://audit.example", "http://audit.example"),
        ("http://127.0.0.1:9000/a%20b?x=1&y=/?", "http://127.0.0.1:9000/a%20b?x=1&y=/?"),
        ("http://[::1]:9000/", "http://[::1]:9000/"),
        ("http://broker-ingress.knative_eventing.svc/ns/default", nil),
    ])
    func `a sink's URI is absolute`(text: String, expected: String?) throws {
        #expect(try sinkURI(text) == expected ?? text)
    }

    /// Row 212.
    @Test(arguments: [
        ("audit.example/events", "not absolute"), ("/events", "not absolute"),
        ("mailto:a@b", "not absolute"), ("http:/x", "not absolute"), ("", "not absolute"),
        ("file:///etc/passwd", "neither http nor https"), ("ftp://x/", "neither http nor https"),
        ("gopher://x/", "neither http nor https"),
        ("http://", "no host"), ("http:///x", "no host"), ("http://:80/", "no host"),
        ("http://u:p@x/", "user information"), ("http://u@x/", "user information"),
        ("http://x/#f", "fragment"), ("http://x/a b", "no URI may hold"),
        ("http://x/\r\nHost: y", "no URI may hold"), ("http://x/%zz", "no URI may hold"),
        ("http://x/%1", "no URI may hold"), ("http://ümlaut/", "no URI may hold"),
        ("http://x\\y/", "no URI may hold"), ("http://x:0/", "port is 0"),
        ("http://x:/", "not a port"), ("http://x:99999/", "not a port"),
        ("http://[::1/", "host is not valid"), ("http://[x]/", "host is not valid"),
        ("http://a:b:80/", "host is not valid"),
        ("http://x/" + String(repeating: "a", count: 4096), "longer than"),
    ])
    func `another URI is refused`(text: String, sentence: String) {
        let complaint = #expect(throws: Complaint.self) { try sinkURI(text) }
        #expect(complaint?.sentence.contains(sentence) == true, "\(complaint as Any)")
    }

    @Test(arguments: ["/", "/webhook", "/a/b", "/a%20b", "/Web-Hook_1.0~x;y=1", "/a//b", "/..a"])
    func `a webhook's path is what requests have`(path: String) throws {
        #expect(try webhookPath(path) == path)
    }

    @Test(arguments: [
        "webhook", "", "/a?b", "/a#b", "/a b", "/ä", "/%4", "/a/../b", "/.", "/a\r\n", "/a\"b",
        "/" + String(repeating: "a", count: 1024),
    ])
    func `another path is refused`(path: String) {
        #expect(throws: Complaint.self) { try webhookPath(path) }
    }
}
