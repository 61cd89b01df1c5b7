extension Key {
    private typealias Action = DeliverySettings.StatusAction

    /// What statuses come to: a mapping of numbers to words.
    static func statuses(
        _ name: String, _ about: String,
        _ path: WritableKeyPath<Target, [Int: DeliverySettings.StatusAction]>
    ) -> Key {
        let words = Action.allCases.map(\.rawValue)
        return Key(
            name: name, about: about, isRequired: false,
            shape: [
                ("type", .text("object")), ("additionalProperties", .literal("false")),
                (
                    "patternProperties",
                    .mapping([
                        ("^[1-5][0-9][0-9]$", .mapping([("enum", .list(words.map(Tree.text)))]))
                    ])
                ),
            ],
            read: { node, target, reader in target[keyPath: path] = reader.statuses(node, words) },
            show: { target, _ in
                let statuses = target[keyPath: path].sorted { $0.key < $1.key }
                return .mapping(statuses.map { ("\($0.key)", .text($0.value.rawValue)) })
            })
    }
}

extension Reader {
    fileprivate func statuses(
        _ node: Node, _ words: [String]
    ) -> [Int: DeliverySettings.StatusAction] {
        var statuses: [Int: DeliverySettings.StatusAction] = [:]
        for entry in mapping(node) ?? [] {
            guard entry.key.utf8.count == 3, let status = Int(entry.key), 100...599 ~= status
            else {
                error(
                    .invalidValue, at: entry.keyPlace, "\(quoted(entry.key)) is not a status",
                    hint: "write 100 to 599")
                continue
            }
            statuses[status] = value(entry.value) { (scalar) throws(Complaint) in
                guard let action = DeliverySettings.StatusAction(rawValue: scalar.text) else {
                    throw Complaint(
                        "\(quoted(scalar.text)) is not one of \(words.joined(separator: ", "))",
                        hint: suggestion(for: scalar.text, among: words))
                }
                return action
            }
        }
        return statuses
    }
}
