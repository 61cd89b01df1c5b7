import CloudEvents
import Testing

@testable import Journal

/// What is remembered of events, without a file.
@Suite struct RecentEventsTests {
    private let limits = DuplicateLimits(window: .seconds(10), entries: 4)

    private func fingerprint(_ identity: Int, _ content: UInt64 = 0) -> Fingerprint {
        Fingerprint(identity: (UInt64(identity), 7), content: content)
    }

    @Test func `an event is known for the window's length`() {
        var events = RecentEvents(limits)
        #expect(events.take(fingerprint(1), now: 1_000) == .new)
        #expect(events.take(fingerprint(1), now: 10_999) == .known)
        // Hearing of it again makes the window no longer.
        #expect(events.take(fingerprint(1), now: 11_000) == .new)
        #expect(events.take(fingerprint(1), now: 20_999) == .known)
    }

    @Test func `other content is taken, and then known in its turn`() {
        var events = RecentEvents(limits)
        #expect(events.take(fingerprint(1, 1), now: 0) == .new)
        #expect(events.take(fingerprint(1, 2), now: 0) == .changed)
        #expect(events.take(fingerprint(1, 2), now: 0) == .known)
        #expect(events.take(fingerprint(1, 1), now: 0) == .changed)
    }

    @Test func `beyond the limit the oldest is forgotten`() {
        var events = RecentEvents(limits)
        for identity in 0..<5 { #expect(events.take(fingerprint(identity), now: 0) == .new) }
        #expect(events.finding(fingerprint(0), now: 0) == .new)
        for identity in 1..<5 {
            #expect(events.finding(fingerprint(identity), now: 0) == .known)
        }
        #expect(events.numbers == 1..<5)
    }

    @Test func `what isn't committed can be taken back`() {
        var events = RecentEvents(limits)
        _ = events.take(fingerprint(1), now: 0)
        events.commit()
        _ = events.take(fingerprint(2), now: 0)
        events.rollBack()
        #expect(events.take(fingerprint(1), now: 0) == .known)
        #expect(events.take(fingerprint(2), now: 0) == .new)
    }

    /// Identities that meet in few slots, with a small limit, against a list that is searched.
    @Test(arguments: 0..<20) func `it knows what a plain list knows`(seed: UInt64) {
        var random = Numbers(state: seed)
        let limits = DuplicateLimits(window: .milliseconds(50), entries: 20)
        var events = RecentEvents(limits)
        var list: [(fingerprint: Fingerprint, seen: Int64)] = []
        var now: Int64 = 0
        for _ in 0..<5_000 {
            now += Int64(random.next() % 4)
            let fingerprint = fingerprint(Int(random.next() % 40) << 3, random.next() % 2)
            let latest = list.last { $0.fingerprint.identity == fingerprint.identity }
            let isFresh = latest.map { now - $0.seen < 50 } ?? false
            let isSame = latest?.fingerprint.content == fingerprint.content
            let expected: RecentEvents.Finding = isFresh ? isSame ? .known : .changed : .new
            #expect(events.take(fingerprint, now: now) == expected)
            if expected != .known { list = (list + [(fingerprint, now)]).suffix(20) }
        }
    }

    @Test func `an event is itself in any order of its attributes`() {
        let key = FingerprintKey()
        let attributes = [
            ("specversion", "1.0"), ("id", "a"), ("source", "/s"), ("type", "t"), ("x", "y"),
        ]
        let one = key.fingerprint(of: made(attributes, "data"))
        #expect(one == key.fingerprint(of: made(attributes.reversed(), "data")))
        let others = [
            made(attributes, "date"), made(attributes.dropLast(), "data"),
            made(attributes.dropLast() + [("x", "z")], "data"),
            made(attributes.dropLast() + [("xy", "")], "data"),
        ]
        for other in others.map({ key.fingerprint(of: $0) }) {
            #expect(one.identity == other.identity)
            #expect(one.content != other.content)
        }
    }

    @Test func `source and id don't run into each other, and the key counts`() {
        let key = FingerprintKey()
        let one = made([("source", "/a"), ("id", "bc")], "")
        let other = made([("source", "/ab"), ("id", "c")], "")
        #expect(key.fingerprint(of: one).identity != key.fingerprint(of: other).identity)
        #expect(
            key.fingerprint(of: one).identity != FingerprintKey().fingerprint(of: one).identity)
    }

    @Test(
        arguments: [
            (0, 0xE6A8_25BA_047F_81A3, 0x9302_55C7_1472_F66D),
            (1, 0x44AF_996B_D8C1_87DA, 0x45FC_229B_1159_7634),
            (7, 0x53C1_DBD8_BEEB_F1A1, 0x3982_F01F_A64A_B8C0),
            (8, 0x61F5_5862_BAA9_623B, 0xB497_14F3_64E2_830F),
            (15, 0x11A8_B033_99E9_9354, 0xD9C3_CF97_0FEC_087E),
            (63, 0x4A83_502F_77D1_5051, 0x7CBD_3F97_9A06_3E50),
        ] as [(UInt8, UInt64, UInt64)])
    func `its hash is SipHash`(count: UInt8, first: UInt64, second: UInt64) {
        var hash = SipHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
        for octet in 0..<count { hash.add(octet) }
        #expect(hash.finish() == (first, second))
    }

    private func made(_ attributes: some Sequence<(String, String)>, _ data: String) -> Event {
        var builder = EventBuilder()
        builder.begin()
        for (name, value) in attributes { builder.append(name, value) }
        builder.beginData(.octets)
        builder.appendData(Array(data.utf8).span)
        return builder.finish()
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 29) >> 16
        }
    }
}
