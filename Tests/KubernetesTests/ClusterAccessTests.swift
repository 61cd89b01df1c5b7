import Testing

@testable import Kubernetes

@Suite struct ClusterAccessTests {
    @Test func `a pod finds its server, its token and its namespace`() throws {
        let access = try #require(
            try ClusterAccess.inCluster(
                environment: environment, readFile: { Array("\($0)\n".utf8) }))
        #expect(access.server == "https://10.0.0.1:6443")
        #expect(access.token == .file("/var/run/secrets/kubernetes.io/serviceaccount/token"))
        #expect(
            access.authorities == .file("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"))
        #expect(access.namespace == "/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    }

    @Test func `an IPv6 address stands in brackets, and there is a port without one`() throws {
        let access = try ClusterAccess.inCluster(
            environment: { $0 == "KUBERNETES_SERVICE_HOST" ? "fd00::1" : nil },
            readFile: { _ in [] })
        #expect(access?.server == "https://[fd00::1]:443")
        #expect(access?.namespace == "default")
    }

    @Test func `outside of a cluster there is none`() throws {
        #expect(
            try ClusterAccess.inCluster(environment: { _ in nil }, readFile: { _ in [] }) == nil)
    }

    @Test func `a pod without its account's files is told what to do`() {
        struct Missing: Error {}
        let failure = #expect(throws: ClusterAccess.Unusable.self) {
            try ClusterAccess.inCluster(environment: environment) { _ in throw Missing() }
        }
        #expect(failure?.description.contains("automountServiceAccountToken") == true)
    }

    @Test func `a kubeconfig's current context counts`() throws {
        let access = try read(
            """
            apiVersion: v1
            kind: Config
            current-context: two
            contexts:
            - {name: one, context: {cluster: other, user: other}}
            - name: two
              context: {cluster: here, user: me, namespace: mine}
            clusters:
            - name: other
              cluster: {server: "https://other"}
            - name: here
              cluster: {server: "https://here:6443/k8s/", certificate-authority: ca.crt}
            users:
            - {name: other, user: {token: secret}}
            - {name: me, user: {tokenFile: /run/token, token: old}}
            """)
        #expect(access.server == "https://here:6443/k8s")
        #expect(access.authorities == .file("/home/me/.kube/ca.crt"))
        #expect(access.token == .file("/run/token"))
        #expect(access.namespace == "mine")
        #expect(access.warnings.isEmpty)
    }

    @Test func `what stands in a kubeconfig itself goes first`() throws {
        let access = try read(
            user: "client-certificate-data: YQ==, client-key-data: Yg==, client-key: k",
            cluster: "certificate-authority-data: Yw==, certificate-authority: ca")
        #expect(access.authorities == .octets(Array("c".utf8)))
        #expect(access.certificate?.certificate == .octets(Array("a".utf8)))
        #expect(access.certificate?.key == .octets(Array("b".utf8)))
        #expect(access.token == nil)
    }

    @Test func `a JSON file is a kubeconfig, too`() throws {
        let access = try read(
            """
            {"current-context": "c", "contexts": [{"name": "c", "context":
            {"cluster": "c", "user": "u"}}], "clusters": [{"name": "c", "cluster":
            {"server": "http://127.0.0.1:8001"}}], "users": [{"name": "u", "user": {}}]}
            """)
        #expect(access.server == "http://127.0.0.1:8001")
        #expect(access.warnings.count == 1)
    }

    @Test func `a certificate that nobody verifies is warned of`() throws {
        let access = try read(user: "token: t", cluster: "insecure-skip-tls-verify: true")
        #expect(access.isInsecure)
        #expect(access.warnings.count == 1)
    }

    @Test(arguments: [
        ("exec: {command: aws}", "", "exec is not supported"),
        ("auth-provider: {name: gcp}", "", "auth-provider is not supported"),
        ("username: u, password: p", "", "username is not supported"),
        ("as: admin, token: t", "", "as is not supported"),
        ("client-certificate: c", "", "one of client-certificate and client-key"),
        ("token: t", "certificate-authority-data: '*'", "no base64"),
        ("token: t", "proxy-url: 'http://p'", "proxy-url is not supported"),
        (
            "token: t", "certificate-authority: c, insecure-skip-tls-verify: true",
            "names authorities and has insecure-skip-tls-verify"
        ),
    ])
    func `what isn't supported says so`(user: String, cluster: String, sentence: String) {
        let failure = #expect(throws: ClusterAccess.Unusable.self) {
            try read(user: user, cluster: cluster)
        }
        #expect(failure?.description.contains(sentence) == true, "\(failure as Any)")
        #expect(failure?.description.contains("/home/me/.kube/config") == true)
    }

    @Test(arguments: [
        ("", "isn't YAML"), ("[", "isn't YAML"), ("{}", "no current-context"),
        ("{current-context: c}", "no context is named \"c\""),
        ("{current-context: c, contexts: [{name: c, context: {user: u}}]}", "has no cluster"),
    ])
    func `a file that is no kubeconfig says why`(text: String, sentence: String) {
        let failure = #expect(throws: ClusterAccess.Unusable.self) { try read(text) }
        #expect(failure?.description.contains(sentence) == true, "\(failure as Any)")
    }

    private func environment(_ name: String) -> String? {
        ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"][name]
    }

    private func read(_ text: String) throws(ClusterAccess.Unusable) -> ClusterAccess {
        try ClusterAccess(kubeconfig: Array(text.utf8), path: "/home/me/.kube/config")
    }

    private func read(
        user: String, cluster: String
    ) throws(ClusterAccess.Unusable) -> ClusterAccess {
        try read(
            """
            current-context: c
            contexts: [{name: c, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://here", \(cluster)}}]
            users: [{name: u, user: {\(user)}}]
            """)
    }
}
