/// Where a sink is, and how it proves that.
public struct SinkAddress: Sendable, Equatable {
    /// An absolute `http` or `https` URL.
    public var url: String
    /// The authorities that vouch for it, as PEM; nil where the object names none.
    public var authorities: String?
    /// Whom a token must be for, where one is wanted.
    public var audience: String?

    /// An address in clear, or one that the system's authorities vouch for.
    public init(url: String) { self.url = url }
}

/// What was found out of a sink.
public struct DestinationNews: Sendable, Equatable {
    /// What is new.
    public enum Content: Sendable, Equatable {
        /// It's here from now on.
        case address(SinkAddress)
        /// Nothing can be sent to it, for this reason.
        case obstacle(String)
        /// It's to be shown this token from now on; nil for none.
        case token(String?)
        /// There is no token for it, for this reason, and it wants one.
        case tokenObstacle(String)
    }

    /// The sink's place in the settings.
    public var sink: Int
    /// What is new.
    public var content: Content
}
