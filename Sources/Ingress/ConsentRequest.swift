/// A sender that waits for somebody to open an address before it sends.
public struct ConsentRequest: Sendable, Equatable {
    /// Who it is.
    public enum Sender: Sendable, Hashable {
        /// A system, by the name that it gives itself, and how often it may send in a minute.
        case origin(String, rate: Int?)
        /// A topic of Amazon SNS.
        case topic(String)
    }

    /// The source's place in the settings.
    public var source: Int
    /// Who it is.
    public var sender: Sender
    /// What is to be opened.
    public var address: String
    /// Whether the operator has said beforehand that it's to be opened.
    public var isAutomatic: Bool
    /// From where it asked.
    public var peer: String

    /// A request of a sender.
    public init(
        source: Int, sender: Sender, address: String, isAutomatic: Bool, peer: String
    ) {
        self.source = source
        self.sender = sender
        self.address = address
        self.isAutomatic = isAutomatic
        self.peer = peer
    }
}
