import Testing

@testable import HTTP

/// Where a request ends: what two parsers in one chain must never see differently.
@Suite struct FramingFieldsTests {
    private let post = "POST / HTTP/1.1\r\nHost: a\r\n"

    @Test(arguments: [
        ("Content-Length: 0\r\n", RequestHead.Framing.length(0)),
        ("Content-Length: 13\r\n", .length(13)),
        ("content-LENGTH:13\r\n", .length(13)),
        ("Content-Length: \t 13 \t\r\n", .length(13)),
        ("Content-Length: 0013\r\n", .length(13)),
        ("Content-Length: 4294967309\r\n", .length(4_294_967_309)),
        ("Transfer-Encoding: chunked\r\n", .chunked),
        ("TRANSFER-encoding:\tCHUNKED\t \r\n", .chunked),
        ("TE: chunked\r\n", .length(0)),
        ("X-Content-Length: 5\r\n", .length(0)),
        ("", .length(0)),
    ])
    func `a request ends where its fields say`(
        fields: String, framing: RequestHead.Framing
    ) throws {
        let decoded = try expectHead(post + fields + "\r\n")
        #expect(decoded.head.framing == framing)
        #expect(decoded.head.hasBody == (framing != .length(0)))
    }

    @Test(arguments: [
        "18446744073709551629", "9223372036854775821", "9223372036854775807",
        "999999999999999999999999999999", "72057594037927936",
        String(repeating: "9", count: 300),
    ])
    func `a length beyond all reason doesn't wrap`(length: String) throws {
        let decoded = try decodeHead([octets(post + "Content-Length: \(length)\r\n\r\n")])
        guard case .length(let number) = decoded.head.framing else {
            Issue.record("no length")
            return
        }
        #expect(number >= 1 << 56)
    }

    @Test(
        arguments: [
            "", "+13", "-13", "-0", "0x13", "0xd", "D", "1 3", "1\t3", "13.0", "1e1", "abc",
            "13abc",
            "13;", "13;x", "1_3", "\"13\"", "(13)", "'13'", "13,", ",13", "13, 13", "13,14", "1,3",
            "\u{A0}13", "13\u{A0}", "\u{EF}\u{BC}\u{91}\u{EF}\u{BC}\u{93}", "\u{D9}\u{A1}", "٣",
            "13 13", "0b1", "0o7", "1'3", "∞",
        ].map { text(Array($0.utf8)) })
    func `a length that is no number is refused`(length: String) {
        expectFailure(.malformedLength, of: post + "Content-Length: \(length)\r\n")
    }

    @Test func `no octet but a digit gets into a length`() {
        for octet in UInt8.min...UInt8.max where !octet.isDigit && !octet.isBlank {
            let character = Unicode.Scalar(octet)
            for length in ["\(character)13", "13\(character)", "1\(character)3"] {
                #expect(throws: (any Error).self, "\(octet)") {
                    try decodeHead([octets(post + "Content-Length: \(length)\r\n\r\n")])
                }
            }
        }
    }

    @Test(arguments: [("13", "13"), ("13", "14"), ("0", "13"), ("13", "0")])
    func `a second length is refused, even if it's the same`(first: String, second: String) {
        expectFailure(
            .ambiguousFraming,
            of: post + "Content-Length: \(first)\r\ncontent-length: \(second)\r\n")
    }

    @Test(
        arguments: [
            "", "identity", "gzip", "chunked, gzip", "chunked, chunked", "gzip, chunked, chunked",
            "xchunked", "chunkedx", "chunk", "'chunked'", "\"chunked\"", "chunked;q=1", "chunked;",
            "chunked; a", ", chunked", "chunked,", "gzip,, chunked", ",", "cow", "cow chunked",
            "cow, chunked", "chunked cow", "chunked\tx", "identity, chunked", "gzip;a, chunked",
            "\u{A0}chunked", "chunked\u{A0}", "\u{EF}\u{BB}\u{BF}chunked", "chun\u{212A}ed",
            "chunked\u{85}", "\u{2028}chunked", "br, chunked",
        ].map { text(Array($0.utf8)) })
    func `a coding that isn't exactly chunked is refused`(coding: String) {
        expectFailure(.ambiguousFraming, of: post + "Transfer-Encoding: \(coding)\r\n")
    }

    @Test(arguments: [
        "gzip, chunked", "deflate,chunked", "GZIP , x-gzip , Chunked", "compress,\tchunked",
    ])
    func `a known coding below chunked is not implemented`(coding: String) {
        expectFailure(.unknownCoding, of: post + "Transfer-Encoding: \(coding)\r\n\r\n")
    }

    @Test func `no octet gets in around chunked`() {
        for octet in UInt8.min...UInt8.max where !octet.isBlank {
            let character = Unicode.Scalar(octet)
            for coding in [
                "\(character)chunked", " \(character)chunked", "chunked\(character)",
                "chunked \(character)", "chun\(character)ked",
            ] {
                #expect(throws: (any Error).self, "\(octet) in \(coding)") {
                    try decodeHead([octets(post + "Transfer-Encoding:\(coding)\r\n\r\n")])
                }
            }
        }
    }

    /// Length and coding together, in both orders and with either damaged.
    @Test(arguments: [
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
    ])
    func `a second coding is refused`(fields: String) {
        expectFailure(.ambiguousFraming, of: post + fields + "\r\n")
    }

    @Test(arguments: ["0", "5", "13"], ["chunked", "Chunked ", "gzip, chunked"])
    func `a length beside a coding is refused`(length: String, coding: String) {
        let fields = ["Content-Length: \(length)\r\n", "Transfer-Encoding: \(coding)\r\n"]
        expectFailure(.ambiguousFraming, of: post + fields.joined() + "\r\n")
        expectFailure(.ambiguousFraming, of: post + fields.reversed().joined() + "\r\n")
        expectFailure(
            .ambiguousFraming, of: post + "Connection: close\r\n" + fields.joined() + "\r\n")
    }

    @Test(arguments: ["chunked", "gzip, chunked"])
    func `HTTP 1_0 has no codings`(coding: String) {
        for more in ["", "Connection: keep-alive\r\n"] {
            expectFailure(
                .ambiguousFraming,
                of: "POST / HTTP/1.0\r\n\(more)Transfer-Encoding: \(coding)\r\n\r\n")
        }
    }

    /// Everything that could hide a coding from one parser and show it to another.
    @Test(arguments: [
        "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "Transfer Encoding: chunked", "Transfer-Encoding\u{0}: chunked",
        "Transf\u{C3}\u{A9}r-Encoding: chunked", "X:\r\n Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r", "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked", "X: y\r\n Transfer-Encoding: chunked",
        "\u{0}Transfer-Encoding: chunked", "Transfer-Encoding\r\n: chunked",
        "Transfer-Encoding;: chunked", "[Transfer-Encoding]: chunked",
    ])
    func `a coding that hides is an error and never ignored`(field: String) {
        expectFailure(.malformedField, of: post + "Content-Length: 5\r\n\(field)\r\n\r\n")
        if !field.hasPrefix(" ") {
            expectFailure(.malformedField, of: post + "\(field)\r\nContent-Length: 5\r\n\r\n")
        }
    }
}
