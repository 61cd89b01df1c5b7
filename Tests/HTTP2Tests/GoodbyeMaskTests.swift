import Testing

@testable import HTTP2

@Suite struct GoodbyeMaskTests {
    /// A goodbye with a debug text that looks like the head of another.
    private static let goodbye = Frame(
        .goaway, payload: [UInt8](repeating: 0, count: 8) + [0, 0, 8, 7, 0, 0, 0, 0, 0])

    /// What comes out when the octets come in these parts.
    private static func masked(_ parts: [ArraySlice<UInt8>]) -> [UInt8] {
        var mask = GoodbyeMask()
        var result: [UInt8] = []
        for part in parts {
            mask.pass(Array(part).span) { octets in
                for index in octets.indices { result.append(octets[index]) }
                return true
            }
        }
        return result
    }

    @Test func `a goodbye becomes a frame of no known type, however it is cut`() {
        let before = preface + Frame.settings().octets
        let after = Frame.headers(1, isEnd: true).octets + Frame.data(1, [7, 7, 7]).octets
        let octets = before + Self.goodbye.octets + after
        var expected = octets
        expected[before.count + 3] = 0xFA
        #expect(Self.masked([octets[...]]) == expected)
        for cut in octets.indices {
            #expect(Self.masked([octets[..<cut], octets[cut...]]) == expected, "cut at \(cut)")
        }
        #expect(Self.masked(octets.indices.map { octets[$0...$0] }) == expected)
    }

    @Test func `what isn't a well-formed goodbye stays as it is`() {
        let ofStream = Frame(.goaway, stream: 1, payload: [UInt8](repeating: 0, count: 8))
        let short = Frame(.goaway, payload: [UInt8](repeating: 0, count: 7))
        for frame in [ofStream, short, .settings(), .data(7, [7])] {
            let octets = preface + frame.octets
            #expect(Self.masked([octets[...]]) == octets)
        }
    }

    @Test func `nothing is given on after a part that failed`() {
        var mask = GoodbyeMask()
        var partsCount = 0
        mask.pass((preface + Self.goodbye.octets + Self.goodbye.octets).span) { _ in
            partsCount += 1
            return false
        }
        #expect(partsCount == 1)
    }
}
