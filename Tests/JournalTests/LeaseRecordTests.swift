import Testing

@testable import Journal

/// What a Lease's words make of a page in preparation.
@Suite struct LeaseRecordTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The last term that began.
        var term: Int64
        /// Terms and their last pages.
        var ends: [(Int64, Int64)]
        /// The page's number, in term 5.
        var page: Int64
        var fate: LeaseRecord.Fate

        init(
            _ description: String, term: Int64, ends: [(Int64, Int64)], page: Int64,
            _ fate: LeaseRecord.Fate
        ) {
            testDescription = description
            self.term = term
            self.ends = ends
            self.page = page
            self.fate = fate
        }
    }

    private static let many = (6...13).map { (Int64($0), 1 as Int64) }

    static let cases = [
        Case("told in its term", term: 5, ends: [(5, 3)], page: 3, .committed),
        Case("a later one was told", term: 5, ends: [(4, 1), (5, 4)], page: 3, .committed),
        Case("told, and another leads", term: 6, ends: [(5, 3)], page: 3, .committed),
        Case("told, and others came since", term: 9, ends: [(5, 3), (8, 2)], page: 3, .committed),
        Case(
            "told as the last that is known", term: 13, ends: [(5, 3)] + many.dropLast(), page: 3,
            .committed),
        Case("not told yet", term: 5, ends: [(5, 2)], page: 3, .undecided),
        Case("nothing told yet", term: 5, ends: [], page: 1, .undecided),
        Case("nothing told yet in this term", term: 5, ends: [(4, 7)], page: 1, .undecided),
        Case("not told though others follow", term: 6, ends: [(5, 2)], page: 3, .void),
        Case("a checkpoint told, but no page", term: 6, ends: [(5, 0)], page: 1, .void),
        Case("nothing told, and another leads", term: 6, ends: [(4, 7)], page: 1, .void),
        Case("nothing told, and others told", term: 6, ends: [(4, 7), (6, 9)], page: 1, .void),
        Case("nobody told before", term: 6, ends: [], page: 1, .unknown),
        Case("nobody told before, another did since", term: 6, ends: [(6, 9)], page: 1, .unknown),
        Case(
            "nothing told between others", term: 13, ends: [(4, 1)] + many.dropFirst(), page: 1,
            .void),
        Case("the term was left out", term: 13, ends: many, page: 1, .unknown),
        Case("what must have been told is away", term: 6, ends: [(4, 7)], page: 2, .unknown),
        Case("news from before its term", term: 4, ends: [(4, 9)], page: 1, .undecided),
    ]

    @Test(arguments: cases)
    func `a page is decided on`(example: Case) {
        let record = LeaseRecord(
            lease: "u1", term: example.term,
            ends: [
                "vc": example.ends.map { .init(term: $0.0, page: $0.1) },
                "other": [.init(term: 5, page: 99)],
            ])
        let page = PreparedPage(
            source: "vc", term: .init(lease: "u1", number: 5), number: example.page,
            eventsCount: 1)
        #expect(record.fate(of: page) == example.fate)
    }

    @Test func `a lease that was made anew knows nothing of before`() {
        let page = PreparedPage(
            source: "vc", term: .init(lease: "u0", number: 5), number: 1, eventsCount: 1)
        for term in [1, 5, 6] as [Int64] {
            let ends = ["vc": [LeaseRecord.TermEnd(term: 5, page: 1)]]
            #expect(
                LeaseRecord(lease: "u1", term: term, ends: ends).fate(of: page) == .unknown)
        }
    }
}
