import Testing

@testable import Delivery

@Suite struct WebhookGrantTests {
    private let start = ContinuousClock.now

    @Test(arguments: [
        ("veer.example", nil, 0, nil as Int?), ("VEER.example", "*", 60, nil), ("*", "7", 0, 7),
        ("veer.example", "120", 60, 120), ("veer.example", nil, 60, 60), ("*", "", 60, 60),
    ])
    func `a sink consents by naming the origin, and sets the rate`(
        origin: String, rate: String?, asked: Int, granted: Int?
    ) {
        var grant = grant(rate: asked)
        #expect(!grant.isGranted(now: start))
        check(grant.answered(.init(origin: origin, rate: rate), now: start, random: 0.5))
        #expect(grant.isGranted(now: start))
        #expect(grant.allowedRate == granted)
    }

    @Test(
        arguments: [
            (nil, "*"), ("", "*"), ("veer.example.evil", "*"), ("other.example", nil),
            ("veer.example", "0"), ("veer.example", "-1"), ("veer.example", "x"),
            ("veer.example", "1e9"), ("*.example", "*"),
        ] as [(String?, String?)])
    func `anything else is no consent`(origin: String?, rate: String?) throws {
        var grant = grant()
        check(!grant.answered(.init(origin: origin, rate: rate), now: start, random: 0.5))
        #expect(!grant.isGranted(now: start))
        #expect(try required(grant.nextQuestion(now: start)) == start + .seconds(1))
    }

    @Test func `without consent it's asked less and less, up to five minutes`() throws {
        var grant = grant()
        var now = start
        var waits: [Double] = []
        for _ in 0..<11 {
            grant.begin()
            #expect(grant.nextQuestion(now: now) == nil)
            grant.failed(now: now, random: 0.5)
            let next = try required(grant.nextQuestion(now: now))
            waits.append((next - now).seconds.rounded())
            now = next
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    }

    @Test func `consent is asked for again before it ends, and is good until then`() {
        var grant = granted()
        #expect(grant.nextQuestion(now: start) == start + .seconds(90))
        grant.begin()
        grant.failed(now: start + .seconds(90), random: 0.5)
        #expect(grant.isGranted(now: start + .seconds(99)))
        #expect(!grant.isGranted(now: start + .seconds(100)))
    }

    @Test func `a refused delivery has it asked again, once`() {
        var grant = granted()
        check(grant.refused())
        #expect(!grant.isGranted(now: start))
        #expect(grant.nextQuestion(now: start) == start)
        check(grant.refused())
        check(grant.answered(.init(origin: "*"), now: start, random: 0.5))
        check(!grant.refused())
        #expect(grant.isGranted(now: start))
        grant.taken()
        check(grant.refused())
    }

    @Test(arguments: [1, 2, 7, 10, 60, 1_000, 100_000])
    func `no minute has more requests than were granted, and hardly fewer`(rate: Int) {
        var pace = Pace(perMinute: rate)
        var times: [ContinuousClock.Instant] = []
        var now = start
        while now < start + .seconds(300), times.count < 50_000 {
            if let slot = pace.nextSlot(now: now) {
                #expect(slot > now)
                now = slot
                continue
            }
            pace.spend(now: now)
            times.append(now)
        }
        for (place, time) in times.enumerated().dropFirst(rate) {
            // One more than the rate, counted from the first, is in another minute.
            #expect(time - times[place - rate] >= .seconds(60) - .microseconds(1))
        }
        if rate <= 1_000 { #expect(times.count >= rate * 5 * 9 / 10) }
    }

    private func grant(rate: Int = 0) -> WebhookGrant {
        WebhookGrant(origin: "veer.example", rate: rate, validity: .seconds(100))
    }

    private func granted() -> WebhookGrant {
        var grant = grant()
        grant.begin()
        check(grant.answered(.init(origin: "*"), now: start, random: 0.5))
        return grant
    }
}
