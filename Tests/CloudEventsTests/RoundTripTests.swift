import Testing

@testable import CloudEvents

/// Events made by chance, the same chance each time: what goes out comes in as it was.
@Suite struct RoundTripTests {
    /// A small generator, so that a failure is found again.
    struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func text(_ characters: [Character], _ count: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: count, using: &self)).map { _ in
                    characters.randomElement(using: &self) ?? "x"
                })
        }
    }

    static let plain = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    static let any = plain + Array(" \"%\\/é漢😀:;,=<>'()[]{}~ABC\u{A0}")

    /// An event with each type of attribute, and data of the kind.
    static func event(_ kind: Event.DataKind, _ chance: inout Chance) -> Event {
        var builder = EventBuilder()
        builder.begin()
        builder.append("specversion", "1.0")
        builder.append("id", chance.text(any, 1...40))
        builder.append("source", "/" + chance.text(plain, 0...40))
        builder.append("type", chance.text(any, 1...40))
        for number in 0..<Int.random(in: 0...6, using: &chance) {
            let name = chance.text(plain, 1...30) + "\(number)z"
            switch Int.random(in: 0...3, using: &chance) {
            case 0:
                builder.append(
                    name, "\(Int32.random(in: .min ... .max, using: &chance))", kind: .integer)
            case 1:
                builder.append(name, Bool.random(using: &chance) ? "true" : "false", kind: .boolean)
            default: builder.append(name, chance.text(any, 0...60))
            }
        }
        switch kind {
        case .json where Bool.random(using: &chance), .none: break
        case .json: builder.append("datacontenttype", "application/json")
        case .text: builder.append("datacontenttype", "text/plain; charset=utf-8")
        case .octets, .base64: builder.append("datacontenttype", "image/png")
        }
        builder.beginData(kind)
        let text = chance.text(any, 1...200)
        switch kind {
        case .none: break
        case .json: builder.appendData(Array("[7, \(AttributeTests.quoted(text))]".utf8).span)
        case .text: builder.appendData(Array((text + "\n\u{0}").utf8).span)
        case .octets, .base64:
            for _ in 0..<Int.random(in: 1...100, using: &chance) {
                builder.appendData(UInt8.random(in: .min ... .max, using: &chance))
            }
        }
        return builder.finish()
    }

    /// Names, values and data, with what binary mode can't tell left out.
    static func contents(_ event: Event, withKinds: Bool = true) -> [String: String] {
        var contents = event.contents
        if !withKinds { contents = contents.mapValues { String($0.dropFirst(2)) } }
        contents[":data"] = event.octets[event.data].map { String($0) }.joined(separator: ",")
        if event.dataKind == .json { contents["datacontenttype"] = nil }
        return contents
    }

    @Test(arguments: [Event.DataKind.none, .octets, .json, .text, .base64])
    func `what goes out comes in as it was`(kind: Event.DataKind) throws {
        var chance = Chance(state: UInt64(kind.rawValue))
        var decoder = EventDecoder()
        for _ in 0..<200 {
            let event = Self.event(kind, &chance)

            try decoder.decode(structured: event.structuredJSON.span)
            let structured = decoder.event(at: 0)
            #expect(Self.contents(structured) == Self.contents(event))
            if kind != .octets { #expect(structured.dataKind == kind) }
            // From now on nothing changes any more.
            try decoder.decode(structured: structured.structuredJSON.span)
            #expect(decoder.event(at: 0) == structured)

            let binary = try #require(try decoder.events(Message(binary: event)).first)
            var expected = Self.contents(event, withKinds: false)
            expected["datacontenttype"] = event.contentType.map {
                String(decoding: $0, as: UTF8.self)
            }
            var actual = Self.contents(binary, withKinds: false)
            actual["datacontenttype"] = binary["datacontenttype"]
            #expect(actual == expected)
            #expect(try decoder.events(Message(binary: binary)) == [binary])

            #expect(Event(stored: event.octets) == event)
        }
    }

    /// Octets are changed, left out and doubled: the decoder may refuse, but must not fail, and
    /// what it takes must be an event that it takes again.
    @Test func `a damaged event is refused, or is another event`() throws {
        var chance = Chance(state: 99)
        var decoder = EventDecoder()
        for round in 0..<1_500 {
            let kind = Event.DataKind(rawValue: UInt8(round % 5)) ?? .none
            let event = Self.event(kind, &chance)
            var json =
                round % 2 == 0
                ? event.structuredJSON : Array("[".utf8) + event.structuredJSON + Array("]".utf8)
            for _ in 0...Int.random(in: 0...3, using: &chance) {
                let place = Int.random(in: 0..<json.count, using: &chance)
                switch Int.random(in: 0...3, using: &chance) {
                case 0: json[place] = UInt8.random(in: .min ... .max, using: &chance)
                case 1: json.remove(at: place)
                case 2: json.insert(contentsOf: json[place...].prefix(20), at: place)
                default:
                    json[place] = Array(#"{}[]",:\u0e-t"#.utf8).randomElement(using: &chance) ?? 0
                }
            }
            do throws(EventFailure) {
                if round % 2 == 0 {
                    try decoder.decode(structured: json.span)
                } else {
                    try decoder.decode(batched: json.span)
                }
            } catch {
                #expect([400, 413].contains(error.status))
                continue
            }
            for event in (0..<decoder.count).map({ decoder.event(at: $0) }) {
                #expect(Event(stored: event.octets) == event)
                try decoder.decode(structured: event.structuredJSON.span)
                #expect(Self.contents(decoder.event(at: 0)) == Self.contents(event))
            }
        }
    }

    /// A block is never longer than its text: the room is made on this ground.
    @Test func `texts that are as short as can be fit their room`() throws {
        var decoder = EventDecoder()
        let name = { (number: Int) in String(number, radix: 36) }
        let integers = (0..<120).map { "\"\(name($0))\":1" }.joined(separator: ",")
        let strings = (0..<120).map { "\"\(name($0))\":\"\"" }.joined(separator: ",")
        for members in [integers, strings, "\"data\":1", "\"data_base64\":\"\"", "\"a\":null"] {
            let events = repeatElement(minimal(members), count: 500).joined(separator: ",")
            try decoder.decode(batched: Array("[\(events)]".utf8).span)
            #expect(decoder.count == 500)
            // One more member of the last event is one too many, and found at the very end.
            let broken = "[\(events.dropLast()),\"id\":\"\"}]"
            let failure = #expect(throws: EventFailure.self) {
                try decoder.decode(batched: Array(broken.utf8).span)
            }
            #expect(failure?.code == .attributeRepeated)
            #expect(failure?.index == 499)
        }
    }
}
