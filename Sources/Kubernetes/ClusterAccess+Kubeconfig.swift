internal import FoundationEssentials

extension ClusterAccess {
    /// The access that a kubeconfig's current context gives.
    ///
    /// What would run a program or ask somebody else for credentials is refused.
    ///
    /// - Parameters:
    ///   - kubeconfig: the file's octets.
    ///   - path: the file's own path, for messages and for the paths in it.
    public init(kubeconfig octets: [UInt8], path: String) throws(Unusable) {
        guard let tree = YAMLTree(octets) else {
            throw Unusable(sentence: "\(path) is no kubeconfig: it isn't YAML, or too large")
        }
        let file = Kubeconfig(tree: tree, path: path)
        let context = try file.part("contexts", "context", named: try file.currentContext)
        let cluster = try file.part(
            "clusters", "cluster", named: try file.required("cluster", of: context, "context"))
        let user = try file.part(
            "users", "user", named: try file.required("user", of: context, "context"))
        let server = try file.required("server", of: cluster, "cluster")
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw file.wrong("the server is no http or https URL", "write https://…")
        }
        self.init(server: server)
        try file.refuse(["tls-server-name", "proxy-url"], in: cluster)
        try file.refuse(
            [
                "exec", "auth-provider", "username", "password", "as", "as-uid", "as-groups",
                "as-user-extra",
            ], in: user)
        authorities = try file.material("certificate-authority", of: cluster)
        if cluster.text("insecure-skip-tls-verify") == "true" {
            guard authorities == nil else {
                throw file.wrong(
                    "it names authorities and has insecure-skip-tls-verify", "remove one")
            }
            isInsecure = true
            warnings.append("the API server's certificate is not verified, as \(path) says")
        }
        if server.hasPrefix("http://") {
            warnings.append("the API server is asked without encryption, as \(path) says")
        }
        token = file.token(of: user)
        let certificate = try file.material("client-certificate", of: user)
        let key = try file.material("client-key", of: user)
        guard (certificate == nil) == (key == nil) else {
            throw file.wrong("it has one of client-certificate and client-key", "give both")
        }
        if let certificate, let key { self.certificate = (certificate, key) }
        namespace = context.text("namespace") ?? namespace
    }
}

/// A kubeconfig, and what to say of it.
private struct Kubeconfig {
    let tree: YAMLTree
    let path: String

    func wrong(_ sentence: String, _ remedy: String) -> ClusterAccess.Unusable {
        ClusterAccess.Unusable(sentence: "\(path): \(sentence); \(remedy)")
    }

    var currentContext: String {
        get throws(ClusterAccess.Unusable) {
            guard let name = tree.text("current-context") else {
                throw wrong("there is no current-context", "choose one: kubectl config use-context")
            }
            return name
        }
    }

    func part(
        _ list: String, _ key: String, named name: String
    ) throws(ClusterAccess.Unusable) -> YAMLTree {
        guard let part = tree[list]?.item(named: name)?[key] else {
            throw wrong("no \(key) is named \"\(name)\"", "add it to \(list)")
        }
        return part
    }

    func required(
        _ key: String, of part: YAMLTree, _ name: String
    ) throws(ClusterAccess.Unusable) -> String {
        guard let text = part.text(key) else {
            throw wrong("the \(name) has no \(key)", "add it")
        }
        return text
    }

    func refuse(_ keys: [String], in part: YAMLTree) throws(ClusterAccess.Unusable) {
        guard let key = keys.first(where: { part[$0] != nil }) else { return }
        throw wrong(
            "\(key) is not supported",
            "use a token, a tokenFile or a client certificate; a service account's token comes from"
                + " kubectl create token")
    }

    /// A key that names a file, or the same with `-data` and base64, which goes first.
    func material(
        _ key: String, of part: YAMLTree
    ) throws(ClusterAccess.Unusable) -> ClusterAccess.Material? {
        if let text = part.text(key + "-data") {
            guard let data = Data(base64Encoded: text) else {
                throw wrong("\(key)-data is no base64", "write the file again")
            }
            return .octets(Array(data))
        }
        return part.text(key).map { .file(resolved($0)) }
    }

    /// A file goes first, as it does for kubectl.
    func token(of user: YAMLTree) -> ClusterAccess.Material? {
        if let file = user.text("tokenFile") { return .file(resolved(file)) }
        return user.text("token").map { .octets(Array($0.utf8)) }
    }

    /// Paths are relative to the file they stand in.
    private func resolved(_ other: String) -> String {
        guard !other.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return other }
        return path[...slash] + other
    }
}
