import Testing

@testable import HTTP

/// The classes are sets of bits; here they are compared with the grammar's own lists.
@Suite struct OctetTests {
    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let alphanumerics = letters + "0123456789"

    private func members(_ isMember: (UInt8) -> Bool) -> Set<UInt8> {
        Set((UInt8.min...UInt8.max).filter(isMember))
    }

    @Test func `a token has letters, digits and these fifteen`() {
        #expect(members(\.isToken) == Set((Self.alphanumerics + "!#$%&'*+-.^_`|~").utf8))
    }

    @Test func `a target has what a URI has, but no fragment`() {
        #expect(members(\.isTarget) == Set((Self.alphanumerics + "-._~:/?[]@!$&'()*+,;=%").utf8))
    }

    @Test func `a host's name has what a URI's has, but no comma and no percent`() {
        #expect(members(\.isHostName) == Set((Self.alphanumerics + "-._~!$&'()*+;=").utf8))
    }

    @Test func `a value has blanks, visible characters, and whatever is no ASCII`() {
        #expect(members(\.isFieldContent) == Set([0x09] + Array(0x20...0x7E) + Array(0x80...0xFF)))
        #expect(members(\.isVisible) == Set(Array(0x21...0x7E) + Array(0x80...0xFF)))
        #expect(members(\.isBlank) == [0x09, 0x20])
    }

    @Test func `digits are those of ASCII`() {
        #expect(members(\.isDigit) == Set("0123456789".utf8))
        #expect(members(\.isHexDigit) == Set("0123456789abcdefABCDEF".utf8))
        for (value, digit) in "0123456789abcdef".utf8.enumerated() {
            #expect(digit.hexDigitValue == value)
        }
        #expect("ABCDEF".utf8.map(\.hexDigitValue) == Array(10...15))
    }

    @Test func `only the letters of ASCII have a lower case`() {
        for octet in UInt8.min...UInt8.max {
            let isUpper = (0x41...0x5A).contains(octet)
            #expect(octet.lowercased == (isUpper ? octet + 0x20 : octet))
        }
    }

    /// They are found sixteen octets at a time, so all places and all octets are tried.
    @Test func `a class ends at the first octet that isn't in it`() {
        func check(
            _ isMember: (UInt8) -> Bool, _ filler: UInt8, _ end: (Span<UInt8>, Int) -> Int
        ) {
            for octet in UInt8.min...UInt8.max {
                for place in 0..<40 {
                    var message = [UInt8](repeating: filler, count: 40)
                    message[place] = octet
                    for start in [0, 3, 16, 24] where start <= place {
                        let expected = isMember(octet) ? 40 : place
                        #expect(end(message.span, start) == expected, "\(octet) at \(place)")
                    }
                }
            }
        }
        for filler in octets("aZ9-") {
            check(\.isFieldContent, filler) { $0.endOfFieldContent(from: $1) }
            check(\.isToken, filler) { $0.endOfToken(from: $1) }
            check(\.isTarget, filler) { $0.endOfTarget(from: $1) }
            check(\.isHostName, filler) { $0.endOfHostName(from: $1) }
        }
    }

    @Test func `a value ends at the first of several octets`() {
        func end(_ message: String) -> Int { octets(message).span.endOfFieldContent(from: 0) }
        #expect(end("abc\u{7F}\u{1}\u{0}\r\nabcdefghijklm") == 3)
        #expect(end("\u{80}\u{FF}\t ~!\r\u{0}abcdefghijk") == 6)
        #expect(end("") == 0)
    }

    @Test func `a plain path is never longer than the target`() {
        for octet in UInt8.min...UInt8.max {
            let message = octets("/abc/0-") + [octet] + octets("defghijklmnopqrstuvwxyz")
            let end = message.span.endOfPlainPath(from: 0)
            let endOfTarget = message.span.endOfTarget(from: 0)
            #expect(end <= endOfTarget)
            // Neither a query nor an encoded octet is passed over.
            if octet == 0x3F || octet == 0x25 { #expect(end == 7) }
        }
    }

    @Test func `an octet is found in its range and nowhere else`() {
        for place in 0..<40 {
            var message = [UInt8](repeating: 0x61, count: 40)
            message[place] = 0x2C
            for range in [0..<40, 0..<place, place..<40, 5..<37, 17..<30, 20..<20] {
                let expected = range.contains(place) ? place : range.upperBound
                #expect(message.span.firstPlace(of: 0x2C, in: range) == expected)
            }
        }
        for octet in UInt8.min...UInt8.max {
            let message = [UInt8](repeating: octet &+ 1, count: 20) + [octet]
            #expect(message.span.firstPlace(of: octet, in: 0..<21) == 20, "\(octet)")
        }
    }

    // MARK: - Comparisons

    @Test(
        arguments: [
            "", "a", "get", "host", "expect", "chunked", "keep-alive", "100-continue",
            "content-length", "transfer-encoding", "a-name-of-twenty-four-8s",
        ] as [StaticString])
    func `a text equals itself in any case, and no other`(text: StaticString) {
        func equals(_ middle: [UInt8]) -> [Bool] {
            let message = octets("xyz") + middle + octets("xy")
            let range = 3..<message.count - 2
            return [
                message.span.equalsIgnoringCase(text, in: range),
                message.span.isName(text, in: range),
            ]
        }
        let lower = octets("\(text)")
        #expect(equals(lower) == [true, true])
        #expect(equals(octets("\(text)".uppercased())) == [true, true])
        #expect(equals(lower + [0x61]) == [false, false])
        for place in lower.indices {
            for octet in UInt8.min...UInt8.max {
                var other = lower
                other[place] = octet
                let isSame = octet.lowercased == lower[place]
                let result = equals(other)
                #expect(result[0] == isSame, "\(octet) at \(place)")
                if octet.isToken { #expect(result[1] == isSame, "\(octet) at \(place)") }
            }
        }
    }

    @Test func `a text equals itself in its own case only`() {
        func equals(_ message: String, _ text: StaticString, _ range: Range<Int>) -> Bool {
            octets(message).span.equals(text, in: range)
        }
        #expect(equals("xHTTP/1.1\r\n", "HTTP/1.1\r\n", 1..<11))
        #expect(!equals("xHTTP/1.1\n\r", "HTTP/1.1\r\n", 1..<11))
        #expect(!equals("xhTTP/1.1\r\n", "HTTP/1.1\r\n", 1..<11))
        #expect(equals("POST", "POST", 0..<4))
        #expect(!equals("POSt", "POST", 0..<4))
        #expect(!equals("POST", "POST", 0..<3))
    }

    @Test func `a list's members come without the blanks around them`() {
        let cases: [(String, [String])] = [
            ("", [""]), ("a", ["a"]), ("a,b", ["a", "b"]), (" a\t, b c ,d", ["a", "b c", "d"]),
            (",a", ["", "a"]), ("a,", ["a", ""]), (" , ", ["", ""]),
        ]
        for (list, expected) in cases {
            var members: [String] = []
            let input = octets(list)
            input.span.forEachListMember(of: 0..<input.count) { members.append(text(input[$0])) }
            #expect(members == expected, "\(list)")
        }
    }
}
