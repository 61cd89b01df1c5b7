import Testing

@testable import CloudEvents

/// Spec: RFC 3986 §4.1.
///
/// R-28, R-29.
@Suite struct URIReferenceTests {
    static func isReference(_ text: String) -> Bool { Array(text.utf8).span.isURIReference }
    static func isReference(_ octets: [UInt8]) -> Bool { octets.span.isURIReference }
    static func isAbsolute(_ text: String) -> Bool { Array(text.utf8).span.isAbsoluteURI }

    @Test(arguments: [
        "https://vcenter.example.com/sdk", "http://a", "http://a:80", "http://a:",
        "http://a:80/b?c#d",
        "http://user:pass@a.b:1/", "http://user@a", "http://[::1]/", "http://[::1]:8080/x",
        "http://[fe80::1]/", "http://a%20b/c%2Fd",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", "mailto:a@b.c", "a:", "a+b-c.1:x",
        "tag:x,2021:y", "file:///etc/passwd", "h2:?a=b", "x:#f", "A://B/C",
        "https://a-very-long-host-name.of-many-parts.example.com/and/a/path/that/is/long/too",
    ])
    func `a URI is one, and a reference`(text: String) {
        #expect(Self.isAbsolute(text))
        #expect(Self.isReference(text))
    }

    @Test(arguments: [
        "", "/", "/a/b", "a", "a/b", "a/b:c", "./a:b", "../x", "//host/path", "//host:1", "?q",
        "#f",
        "#fragment", "a?b:c", "a#b:c", "/a:b", ";a=b", "-a/b:c", "a%3Ab", "1/2:3", "//", "///x",
        "1-555-123-4567", "+1/2", "a?b?c/d#e?f/g",
    ])
    func `a relative reference is a reference, and no URI`(text: String) {
        #expect(Self.isReference(text))
        #expect(!Self.isAbsolute(text))
    }

    @Test(arguments: [
        " ", "a b", "http://a b", "a\u{7F}", "a\"b", "a<b", "a>b", "a\\b", "a^b", "a`b", "a{b}",
        "a|b",
        "%", "%1", "%g0", "%0g", "a%", "a%2", "http://%zz/", "http://a%2", "#a#b", "http://a#b#c",
        ":a", "1:a", "-:a", "a b:c", "a_b:c", "a%20b:c", "é:a", "é", "http://é/", "[", "a[b]",
        "/[]",
        "http://[::1", "http://::1/", "http://[::1]x/", "http://[]/", "http://[g^]/", "http://a:b/",
        "http://a:1:2/", "http://u@v@w/", "http://a]/", "http://[::1]:x/", "http://a@[::1]b",
        "http://a\u{0}/", "//a:b", "?[", "#[",
    ])
    func `what isn't a reference isn't`(text: String) {
        #expect(!Self.isReference(text))
        #expect(!Self.isAbsolute(text))
    }

    /// The check looks at sixteen octets at a time where it can: each place is one for the fault.
    @Test func `a fault is found wherever it stands`() {
        for before in 0..<40 {
            for after in [0, 1, 15, 16, 17] {
                let head = String(repeating: "h", count: before)
                let tail = String(repeating: "t", count: after)
                #expect(Self.isReference("http://\(head).\(tail)"))
                #expect(Self.isReference("http://\(head)_%41~\(tail)/\(head)@\(tail)"))
                for fault in [" ", "\"", "é", "%4", "[", "\\"] {
                    #expect(!Self.isReference("http://\(head)\(fault)\(tail)/"))
                    #expect(!Self.isReference("http://h/\(head)\(fault)\(tail)/"))
                }
            }
        }
    }

    /// The sets of characters are words of bits in the code; here they're the specification's.
    @Test func `each octet is what RFC 3986 says it is`() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let unreserved = letters + "0123456789-._~"
        let path = Set((unreserved + "!$&'()*+,;=:@/?#").utf8)
        let scheme = Set((letters + "0123456789+-.").utf8)
        let host = Set((unreserved + "!$&'()*+,;=").utf8)
        for octet in UInt8.min...UInt8.max {
            func isReference(_ before: String, _ after: String) -> Bool {
                Self.isReference(before.utf8 + [octet] + after.utf8)
            }
            #expect(isReference("/", "") == path.contains(octet), "\(octet)")
            #expect(
                isReference("s", "s:") == (scheme.contains(octet) || "/?#:".utf8.contains(octet)),
                "\(octet)")
            // A colon, an at sign and what ends the host have their own meaning there.
            guard !":@/?#".utf8.contains(octet) else { continue }
            #expect(isReference("//h", "h") == host.contains(octet), "\(octet)")
        }
    }
}
