extension OIDCSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .path("file", "a file with a token, which a projected volume keeps new", \.file),
            .optional(
                "serviceAccount", "in whose name the cluster is asked for tokens",
                \.serviceAccount, parse: objectName),
            .optional(
                "audience", "whom these are for; whom the sink's object says, if left out",
                \.audience),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(of: node, "oidc", known: ["file", "serviceAccount"], later: [])
        guard file != nil, let entry = node.entry("audience") else { return }
        reader.error(
            .conflict, at: entry.keyPlace, "whom a file's token is for was decided by who made it",
            hint: "remove 'audience'")
    }
}
