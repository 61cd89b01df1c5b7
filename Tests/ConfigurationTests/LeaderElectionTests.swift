import Testing

@testable import Configuration

/// What operators say of leader election.
@Suite struct LeaderElectionTests {
    private static let vcenter =
        "sources: [{name: vc, vcenter: {address: vc.example, username: u, password: p}}]\n"

    private func read(_ section: String, sources: String = vcenter) -> Outcome {
        ConfigurationTests.read(
            Gateway(
                listeners: "", sources: sources, rest: "leaderElection: \(section)\n"
            ).text)
    }

    @Test func `without the section vCenters are always read`() {
        let outcome = ConfigurationTests.read(Gateway(listeners: "", sources: Self.vcenter).text)
        #expect(outcome.settings?.leaderElection == nil)
        #expect(outcome.settings != nil)
    }

    @Test func `a Lease's name is all that is needed`() throws {
        let outcome = read("{lease: veer}")
        let settings = try #require(outcome.settings, "\(outcome.lines)")
        #expect(settings.leaderElection == LeaderElectionSettings(lease: "veer"))
        #expect(outcome.lines == [])
        let shown = settings.maskedYAML
        #expect(shown.contains("leaseDuration: 15s"))
        #expect(shown.contains("renewDeadline: 10s"))
        #expect(shown.contains("retryPeriod: 2s"))
    }

    @Test func `everything can be said`() throws {
        let outcome = read(
            "{lease: a.b-1, namespace: here, identity: pod-1, leaseDuration: 60s,"
                + " renewDeadline: 40s, retryPeriod: 5s}")
        var expected = LeaderElectionSettings(lease: "a.b-1")
        expected.namespace = "here"
        expected.identity = "pod-1"
        expected.leaseDuration = .seconds(60)
        expected.renewDeadline = .seconds(40)
        expected.retryPeriod = .seconds(5)
        #expect(outcome.settings?.leaderElection == expected, "\(outcome.lines)")
    }

    @Test(arguments: [
        ("{}", "the key 'lease' is missing"),
        ("{lease: Veer}", "'Veer' is not the name of an object"),
        ("{lease: a, namespace: a.b}", "'a.b' is not a namespace"),
        ("{lease: a, identity: 'a b'}", "'a b' is not 1 to 200 visible characters"),
        (
            "{lease: a, leaseDuration: 3500ms, renewDeadline: 3s, retryPeriod: 1s}",
            "no whole number"
        ),
        ("{lease: a, renewDeadline: 15s}", "renewDeadline must be shorter than leaseDuration"),
        ("{lease: a, retryPeriod: 5s}", "retryPeriod must be shorter than half of renewDeadline"),
        ("{lease: a, leaseDuration: 1s}", "1s is too small"),
        ("{lease: a, other: b}", "unknown key 'other'"),
    ])
    func `what makes no sense is told`(section: String, sentence: String) throws {
        let outcome = read(section)
        #expect(outcome.settings == nil)
        #expect(
            outcome.lines.contains { $0.contains(sentence) }, "\(outcome.lines)")
    }

    @Test func `a vCenter's name must be one of an annotation`() {
        let sources = Self.vcenter.replacing("name: vc,", with: "name: vc-,")
        #expect(read("{lease: a}", sources: sources).codes == [.conflict])
    }

    @Test func `where no vCenter is read, nobody need lead`() {
        let text = Gateway(rest: "leaderElection: {lease: a}\n").text
        #expect(ConfigurationTests.read(text).codes.contains(.unused))
    }
}
