import Testing

@testable import Authentication

/// How often strangers can have somebody asked.
@Suite struct CertificateFetchesTests {
    @Test func `an address is asked once, until that has failed for a while`() {
        var fetches = CertificateFetches()
        var begun: [Bool] = []
        begun.append(fetches.begin("a", now: 0))
        begun.append(fetches.begin("a", now: 100))
        _ = fetches.end("a", succeeded: false)
        begun.append(fetches.begin("a", now: 100))
        _ = fetches.end("a", succeeded: false)
        begun.append(fetches.begin("a", now: 129))
        begun.append(fetches.begin("a", now: 130))
        let evicted = fetches.end("a", succeeded: true)
        begun.append(fetches.begin("a", now: 1_000_000))
        #expect(begun == [true, false, true, false, true, false])
        #expect(evicted == nil)
    }

    @Test func `few addresses are asked within the time of one`() {
        var fetches = CertificateFetches()
        for place in 0..<CertificateFetches.addressesLimit {
            let isBegun = fetches.begin("\(place)", now: 0)
            #expect(isBegun)
            _ = fetches.end("\(place)", succeeded: false)
        }
        let (early, late) = (fetches.begin("x", now: 29), fetches.begin("x", now: 30))
        #expect(!early && late)
    }

    @Test func `the oldest certificate makes room for a new one`() {
        var fetches = CertificateFetches()
        for place in 0..<CertificateFetches.addressesLimit {
            let isBegun = fetches.begin("\(place)", now: place * 60)
            let evicted = fetches.end("\(place)", succeeded: true)
            #expect(isBegun && evicted == nil)
        }
        _ = fetches.begin("one more", now: 10_000)
        let evicted = fetches.end("one more", succeeded: true)
        let isBegun = fetches.begin("0", now: 20_000)
        #expect(evicted == "0" && isBegun)
    }
}
