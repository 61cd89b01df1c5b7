extension Settings {
    /// The rules of `veer/v1` as a JSON Schema, made of the tables that the reader uses.
    ///
    /// It knows keys, types and words; what only several values together get wrong it can't say.
    public static var jsonSchema: String {
        let head: [(String, Tree)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text("veer/v1 Gateway")),
        ]
        let definitions = Tree.mapping(
            SchemaReference.definitions.map { ($0.name, .mapping($0.shape)) })
        return Tree.mapping(head + schema.entries + [("$defs", definitions)]).json() + "\n"
    }
}

/// The shapes that many keys share, defined once in the schema.
enum SchemaReference {
    static let name = reference(to: "name")
    static let names: [(String, Tree)] = [
        ("type", .text("array")), ("minItems", .literal("1")), ("uniqueItems", .literal("true")),
        ("items", .mapping(name)),
    ]
    static let address = reference(to: "address")
    static let addressBlock = reference(to: "addressBlock")
    static let bytes = reference(to: "bytes")
    static let duration = reference(to: "duration")
    static let secret = reference(to: "secret")

    static var definitions: [(name: String, shape: [(String, Tree)])] {
        [
            ("name", text(pattern: "^[a-z0-9-]{1,63}$")),
            ("address", text(pattern: #"^(unix:.+|[0-9.]+:[0-9]+|\[[0-9A-Fa-f:.]+\]:[0-9]+)$"#)),
            ("addressBlock", text(pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$")),
            (
                "bytes",
                [
                    (
                        "anyOf",
                        .list([
                            .mapping([("type", .text("integer")), ("minimum", .literal("0"))]),
                            .mapping(text(pattern: "^[0-9]+([KMG]iB)?$")),
                        ])
                    )
                ]
            ),
            (
                "duration",
                text(
                    pattern: "^([0-9]+(ms|s|m|h)"
                        + #"|P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]{1,9})?S)?)?)$"#)
            ),
            ("filter", filter),
            ("attributes", attributes),
            ("secret", [("oneOf", .list([plainSecret, reference("file"), reference("env")]))]),
        ]
    }

    /// A password may look like a number to YAML.
    private static let plainSecret = Tree.mapping([
        ("type", .list(["string", "number", "boolean"].map(Tree.text))),
        ("minLength", .literal("1")),
    ])

    private static func reference(_ key: String) -> Tree {
        .mapping([
            ("type", .text("object")), ("additionalProperties", .literal("false")),
            ("required", .list([.text(key)])),
            (
                "properties",
                .mapping([
                    (key, .mapping([("type", .text("string")), ("minLength", .literal("1"))]))
                ])
            ),
        ])
    }

    static func reference(to name: String) -> [(String, Tree)] {
        [("$ref", .text("#/$defs/\(name)"))]
    }

    private static func text(pattern: String) -> [(String, Tree)] {
        [("type", .text("string")), ("pattern", .text(pattern))]
    }
}
