/// What may stand in a place of a `RouterConfig`.
///
/// The original's reader was strict about keys and loose about the rest: any scalar is a text,
/// nothing is the same as a missing key, and no key is required by it.
indirect enum RouterShape: Sendable {
    case text
    case boolean
    case texts
    case labels
    case section([String: RouterShape])

    static let file = RouterShape.section([
        "apiVersion": .text, "kind": .text,
        "metadata": .section(["name": .text, "labels": .labels]),
        "certificates": .section(["rootCAs": .texts]),
        "eventProvider": provider, "eventProcessor": processor, "metricsProvider": metrics,
    ])

    private static let provider = RouterShape.section([
        "type": .text, "name": .text,
        "vcenter": .section([
            "address": .text, "insecureSSL": .boolean, "checkpoint": .boolean,
            "checkpointDir": .text, "auth": auth,
        ]),
        "vcsim": .section(["address": .text, "insecureSSL": .boolean, "auth": auth]),
        "horizon": .section(["address": .text, "insecureSSL": .boolean, "auth": auth]),
        "webhook": .section(["bindAddress": .text, "path": .text, "auth": auth]),
    ])

    private static let processor = RouterShape.section([
        "type": .text, "name": .text,
        "knative": .section([
            "destination": .section(["ref": reference, "uri": uri]), "encoding": .text,
            "insecureSSL": .boolean, "auth": auth,
        ]),
        "openfaas": .section(["address": .text, "async": .boolean, "auth": auth]),
        "awsEventBridge": .section([
            "region": .text, "eventBus": .text, "ruleARN": .text, "auth": auth,
        ]),
    ])

    private static let metrics = RouterShape.section([
        "type": .text, "name": .text, "default": .section(["bindAddress": .text, "auth": auth]),
    ])

    private static let reference = RouterShape.section([
        "apiVersion": .text, "kind": .text, "name": .text, "namespace": .text, "group": .text,
    ])

    /// The fields of a parsed URI in lower case; the user has none that could be set.
    private static let uri = RouterShape.section([
        "scheme": .text, "opaque": .text, "user": .section([:]), "host": .text, "path": .text,
        "rawpath": .text, "omithost": .boolean, "forcequery": .boolean, "rawquery": .text,
        "fragment": .text, "rawfragment": .text,
    ])

    private static let auth = RouterShape.section([
        "type": .text, "basicAuth": .section(["username": .text, "password": .text]),
        "awsAccessKeyAuth": .section(["accessKey": .text, "secretKey": .text]),
        "activeDirectoryAuth": .section([
            "domain": .text, "username": .text, "password": .text,
        ]),
    ])
}

extension Reader {
    /// Reports unknown keys and wrong types everywhere, also where nobody will look.
    func check(_ node: Node, has shape: RouterShape) {
        if let scalar = node.scalar, scalar.isNull { return }
        switch shape {
        case .text:
            if node.scalar == nil { wrongType(node, expected: "a text") }
        case .boolean:
            let words = ["true", "True", "TRUE", "false", "False", "FALSE"]
            guard let scalar = node.scalar else { return wrongType(node, expected: "a boolean") }
            if !scalar.isPlain || !words.contains(scalar.text) {
                error(
                    .wrongType, at: node.place, "\(quoted(scalar.text)) is not a boolean",
                    hint: "write true or false, without quotes")
            }
        case .texts:
            guard case .list(let items) = node.content else {
                return wrongType(node, expected: "a list")
            }
            for item in items { check(item, has: .text) }
        case .labels:
            for entry in mapping(node) ?? [] { check(entry.value, has: .text) }
        case .section(let keys):
            for entry in mapping(node) ?? [] {
                if let shape = keys[entry.key] {
                    check(entry.value, has: shape)
                } else {
                    unknownKey(entry, in: node.place, candidates: keys.keys)
                }
            }
        }
    }
}

extension Node {
    /// A text of a `RouterConfig`: as it is written, so `0123` stays `0123`; nothing is empty.
    var routerText: String {
        guard let scalar, !scalar.isNull else { return "" }
        return scalar.text
    }

    /// A section of a `RouterConfig`; one with nothing under its key is the same as none.
    func routerSection(_ key: String) -> Node? {
        guard let node = self[key], case .mapping = node.content else { return nil }
        return node
    }

    /// A boolean of a `RouterConfig`.
    func routerFlag(_ key: String) -> Bool { self[key]?.routerText.lowercased() == "true" }
}
