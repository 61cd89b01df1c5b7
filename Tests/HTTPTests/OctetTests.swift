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

    /// Found eight octets at a time, so all places and all octets are tried.
    @Test func `a value ends at the first octet that it can't have`() {
        for octet in UInt8.min...UInt8.max {
            for place in 0..<40 {
                var message = [UInt8](repeating: 0x61, count: 40)
                message[place] = octet
                for start in [0, 3, 8] where start <= place {
                    let end = message.span.endOfFieldContent(from: start)
                    #expect(end == (octet.isFieldContent ? 40 : place), "\(octet) at \(place)")
                }
            }
        }
    }

    @Test func `a value ends at the first of several`() {
        #expect(octets("abc\u{7F}\u{1}\u{0}\r\nabcdefgh").span.endOfFieldContent(from: 0) == 3)
        #expect(octets("\u{80}\u{FF}\t ~!\r\u{0}abc").span.endOfFieldContent(from: 0) == 6)
        #expect(octets("").span.endOfFieldContent(from: 0) == 0)
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
