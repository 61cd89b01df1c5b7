import Outbound
import Testing

@testable import Kubernetes

@Suite struct AdviceTests {
    static let rule = RoleRule(
        apiVersion: "v1", resource: "serviceaccounts/token", name: "veer", verbs: ["create"],
        namespace: "here")

    @Test(
        arguments: [
            (nil, "check its address and the network"), (.untrusted, "have its authority's"),
            (.authorities, "have its authority's"), (.wrongName, "use a name in its certificate"),
            (.expired, "renew its certificate"), (.notYetValid, "or correct the clocks"),
            (.certificate, "the kubeconfig's client certificate"),
            (.refused, "the kubeconfig's client certificate"),
        ] as [(TLSFault?, String)])
    func `who can't be reached is told how to be`(fault: TLSFault?, remedy: String) {
        var error = CurlError(kind: .connect, text: "no")
        error.tlsFault = fault
        let advice = KubernetesFailure.unreachable(error).advice(needing: nil)
        #expect(advice.hasPrefix("the API server can't be reached: no; "))
        #expect(advice.contains(remedy))
    }

    @Test func `a right that is missing is named as a Role has it`() {
        let failure = KubernetesFailure(status: 403, body: [])
        #expect(
            failure.advice(needing: Self.rule).hasSuffix(
                "; the account needs a Role in the namespace here with the rule {apiGroups: [\"\"],"
                    + " resources: [serviceaccounts/token], resourceNames: [veer],"
                    + " verbs: [create]}"))
        #expect(failure.advice(needing: nil).contains("system:discovery"))
    }

    @Test func `a server that says itself what is wrong is left alone`() {
        let failure = KubernetesFailure(status: 503, body: [])
        #expect(failure.advice(needing: Self.rule) == "\(failure)")
    }
}
