/// Which Veer this is.
enum Version {
    /// The number that docs/CHANGELOG.md explains.
    static let number = "0.1.0"

    /// As `/version` and `veer version --output json` tell it.
    static var json: String { "{\"name\":\"veer\",\"version\":\"\(number)\"}\n" }
}
