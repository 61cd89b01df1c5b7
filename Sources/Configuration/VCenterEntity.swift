/// What a vCenter's events must be of to be wanted.
public struct VCenterEntity: Sendable, Equatable {
    /// Which entities count.
    public enum Recursion: String, Sendable, CaseIterable {
        /// It and all below it.
        case all
        /// Those directly below it.
        case children
        /// It alone.
        case itself = "self"
    }

    /// The entity's type: `Datacenter`.
    public var type: String
    /// Its identifier, as vCenter has it: `datacenter-2`.
    public var id: String
    /// Which entities count.
    public var recursion = Recursion.all

    /// An entity and all below it.
    public init(type: String, id: String) {
        self.type = type
        self.id = id
    }
}

extension VCenterEntity: Section {
    static var blank: Self { Self(type: "", id: "") }

    static var keys: [Key<Self>] {
        [
            .text("type", "its type, such as Datacenter", \.type, isRequired: true, parse: word),
            .text(
                "id", "its identifier, such as datacenter-2", \.id, isRequired: true, parse: word),
            .choice("recursion", "whether what is below it counts", \.recursion),
        ]
    }
}

/// Reads a type or an identifier, as references to vCenter's objects have them.
private func word(_ text: String) throws(Complaint) -> String {
    let isWord =
        1...128 ~= text.utf8.count
        && text.utf8.allSatisfy { $0.isLetterOrDigit || "-_.".utf8.contains($0) }
    guard isWord else {
        throw Complaint(
            "\(quoted(text)) is no reference to an object of vCenter's",
            hint: "write it as in Datacenter and datacenter-2")
    }
    return text
}
