/// How a sink does, for operators.
public struct SinkStatus: Sendable, Equatable {
    /// Where it is; nil where it has no URI, or that isn't found yet.
    public var address: String?
    /// Whether its last attempt was no failure that is tried again.
    public var isUp: Bool
    /// How many events it holds in memory; more may wait in the journal.
    public var queueEvents: Int
    /// How many attempts are under way.
    public var underWay: Int
    /// Why nothing can be sent to it now, where nothing can.
    public var obstacle: String?
    /// Whether it answered 410, and so is sent nothing until it's enabled.
    public var isDisabled: Bool
}
