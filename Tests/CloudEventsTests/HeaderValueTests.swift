import Foundation
import Testing

@testable import CloudEvents

/// What header values mean, and how they are written.
///
/// Spec: CloudEvents HTTP §3.1.3.2
///
/// R-20 to R-23, S-1 to S-3.
@Suite struct HeaderValueTests {
    /// Percent-encoding is one thing, what an attribute may hold another: this is the first.
    static func decode(
        _ header: String, _ decoding: EventDecoder.PercentDecoding = .spec
    ) throws -> (text: String?, kind: BlockWriter.HeaderText) {
        // Behind the value stand octets of other fields, which are none of its business.
        let octets = Array(header.utf8)
        let head = octets + Array("\r\nce-other: \"%zz".utf8)
        var room = [UInt8](repeating: 0, count: octets.count + 64)
        var writer = BlockWriter()
        writer.beginEvent()
        writer.beginName()
        var span = room.mutableSpan
        let kind = try writer.append(
            decoding: 0..<octets.count, of: head.span, decoding, in: &span)
        return (String(validating: room[writer.value], as: UTF8.self), kind)
    }

    static func encode(_ text: String) -> String {
        var header: [UInt8] = []
        HeaderValue.encode(Array(text.utf8).span, to: &header)
        return String(decoding: header, as: UTF8.self)
    }

    static let more = [
        (#"VM "db-01" 100%"#, "VM%20%22db-01%22%20100%25"),
        ("dc/Zürich (東京)", "dc/Z%C3%BCrich%20(%E6%9D%B1%E4%BA%AC)"),
        ("a,b;c=d", "a,b;c=d"), (#"a\b"#, #"a\b"#),
    ]

    @Test func `values are encoded, and decoded back`() throws {
        let pairs = try Vectors.read().headerRoundTrip.map { ($0[0], $0[1]) }
        #expect(pairs.count == 7)
        for (value, header) in pairs + Self.more {
            #expect(Self.encode(value) == header)
            #expect(try Self.decode(header).text == value)
        }
    }

    @Test func `older and laxer spellings are decoded`() throws {
        let pairs = try Vectors.read().headerDecode
        #expect(pairs.count == 6)
        for pair in pairs {
            #expect(try Self.decode(pair[0]).text == pair[1], "\(pair)")
        }
        #expect(try Self.decode("%2541").text == "%41")  // One round of decoding only (R-21).
        #expect(try Self.decode(#"a"b c"d"#).text == "ab cd")  // A part in quotes.
        // First the quotes are undone, with what they escape, and then the percents.
        #expect(try Self.decode(#""a%20b""#).text == "a b")
        #expect(try Self.decode(#"x"a%20b"y%20z"#).text == "xa by z")
        #expect(try Self.decode(#""a\%20b""#).text == "a b")
        #expect(try Self.decode("\"%22%5C\"").text == #""\"#)
        #expect(try Self.decode(#"%22a%20b%22"#).text == #""a b""#)
        #expect(try Self.decode(#""a%2"0b"#).text == "a b")
        #expect(throws: EventFailure.Code.encodingInvalid) { try Self.decode(#""a%2""#) }
    }

    @Test func `values that aren't well-formed are refused`() throws {
        let headers = try Vectors.read().headerInvalid
        #expect(headers.count == 16)
        for header in headers {
            let failure = failure(Message(minimalFields(("ce-subject", header))))
            #expect(failure == EventFailure(.encodingInvalid, attribute: "subject"), "\(header)")
        }
    }

    @Test func `as values grow, no octet is lost or borrowed`() throws {
        for count in 0...50 {
            let text = String(repeating: "x", count: count)
            #expect(try Self.decode(text).text == text)
            #expect(try Self.decode(text).kind == .plain)
            #expect(try Self.decode(text + "%20y").text == text + " y")
            #expect(try Self.decode(text + "%20y").kind == .decoded)
        }
    }

    @Test func `lenient decoding keeps what isn't well-formed as it stands, and counts it`() throws
    {
        var decoder = EventDecoder(percentDecoding: .lenient)
        let message = Message(
            minimalFields(
                ("ce-subject", "100% of %20"), ("ce-a", "\"open"), ("ce-b", "a%20b"),
                ("ce-c", "café"), ("ce-d", "caf%C3%A9")))
        let event = try #require(try decoder.events(message).first)
        #expect(event["subject"] == "100% of %20")
        #expect(event["a"] == "\"open")
        #expect(event["b"] == "a b")
        #expect(event["c"] == "café")
        #expect(event["d"] == "café")
        #expect(decoder.undecodedValues == 2)
        _ = try decoder.events(Message(minimalFields()))
        #expect(decoder.undecodedValues == 0)
    }

    @Test(arguments: ["%C0%A0", "%ED%A0%80", "%E2%82", "a%00b", "a%0D%0Ab", "%C2%85", "%EF%BF%BE"])
    func `no way of decoding lets in what no attribute can hold`(value: String) {
        for decoding in [EventDecoder.PercentDecoding.spec, .lenient] {
            let decoder = EventDecoder(percentDecoding: decoding)
            let failure = failure(Message(minimalFields(("ce-subject", value))), decoder)
            #expect(failure?.status == 400)
        }
    }

    @Test func `with decoding off, values are what they look like`() throws {
        var decoder = EventDecoder(percentDecoding: .off)
        let message = Message(
            minimalFields(("ce-subject", "a%20b"), ("ce-a", "\"quoted\""), ("ce-b", "café")))
        let event = try #require(try decoder.events(message).first)
        #expect(event["subject"] == "a%20b")
        #expect(event["a"] == "\"quoted\"")
        #expect(event["b"] == "café")
        #expect(decoder.undecodedValues == 0)
    }

    /// R-23: a strict receiver wants them encoded; Go's senders don't do it.
    @Test func `raw octets that aren't ASCII are refused, unless decoding is lenient or off`() {
        let message = Message(
            [([UInt8], [UInt8])](
                minimalFields().map { (Array($0.utf8), Array($1.utf8)) }
                    + [(Array("ce-a".utf8), [0x61, 0xFF])]), body: [])
        for decoding in [EventDecoder.PercentDecoding.spec, .lenient, .off] {
            let failure = failure(message, EventDecoder(percentDecoding: decoding))
            #expect(failure == EventFailure(.encodingInvalid, attribute: "a"))
        }
        #expect(failure(Message(minimalFields(("ce-a", "café"))))?.code == .encodingInvalid)
    }

    @Test func `raw encoding passes values on, but nothing that could end a field`() {
        var header: [UInt8] = []
        HeaderValue.copy(Array("a b\r\nX: \"é\"%\u{7F}\u{0}".utf8).span, to: &header)
        #expect(String(decoding: header, as: UTF8.self) == "a b%0D%0AX: \"é\"%%7F%00")
    }

    /// No reader of heads lets such an octet through; the words that hold a name don't rely on it.
    @Test func `a name with a NUL in any place is no attribute's`() {
        for count in 1...20 {
            for place in 0..<count {
                var name = Array("ce-".utf8) + [UInt8](repeating: 0x61, count: count)
                name[3 + place] = 0
                let message = Message(
                    minimalFields().map { (Array($0.utf8), Array($1.utf8)) } + [(name, [0x78])],
                    body: [])
                #expect(failure(message)?.code == .attributeNameInvalid, "\(name)")
            }
        }
    }
}
