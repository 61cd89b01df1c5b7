/// What the API server says of a kind: guessing its plural would go wrong for some.
struct Discovery: Decodable {
    struct Resource: Decodable {
        var name: String
        var kind: String
        var namespaced: Bool
    }

    var resources: [Resource]

    /// The resource that is the kind itself, and not a part of it such as `brokers/status`.
    func resource(ofKind kind: String) -> Resource? {
        resources.first { $0.kind == kind && !$0.name.contains("/") }
    }
}
