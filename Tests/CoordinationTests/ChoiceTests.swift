import Journal
import Testing

@testable import Coordination

/// From where a new leader goes on.
@Suite struct ChoiceTests {
    private func choice(
        own: (String, CheckpointTerm?)?, shared: SharedCheckpoint?
    ) -> String? {
        SharedCheckpoint.choice(
            own: own.map { TermCheckpoint(text: $0.0, term: $0.1) }, shared: shared, lease: "u1",
            further: { $0.count >= $1.count ? $0 : $1 })
    }

    private func term(_ number: Int64, lease: String = "u1") -> CheckpointTerm {
        CheckpointTerm(lease: lease, number: number)
    }

    @Test func `what there is of one kind only is gone on from`() {
        #expect(choice(own: nil, shared: nil) == nil)
        #expect(choice(own: ("a", nil), shared: nil) == "a")
        #expect(choice(own: nil, shared: .init(term: 1, text: "b")) == "b")
    }

    @Test func `the later term counts, however far it leads`() {
        #expect(choice(own: ("long", term(1)), shared: .init(term: 2, text: "b")) == "b")
        #expect(choice(own: ("a", term(3)), shared: .init(term: 2, text: "long")) == "a")
    }

    @Test func `of one term, what leads further counts`() {
        #expect(choice(own: ("longer", term(2)), shared: .init(term: 2, text: "b")) == "longer")
        #expect(choice(own: ("a", term(2)), shared: .init(term: 2, text: "longer")) == "longer")
        #expect(choice(own: ("a", term(2)), shared: .init(term: 2, text: "b")) == "a")
    }

    @Test(arguments: [nil, CheckpointTerm(lease: "u0", number: 99)])
    func `terms of other leases count nothing`(term: CheckpointTerm?) {
        #expect(choice(own: ("longer", term), shared: .init(term: 2, text: "b")) == "longer")
        #expect(choice(own: ("a", term), shared: .init(term: 2, text: "longer")) == "longer")
    }
}
