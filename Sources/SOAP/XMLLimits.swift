/// The most that a document may hold; each is inclusive.
public struct XMLLimits: Sendable {
    /// Octets of the document.
    public var bytes = 16 * 1024 * 1024
    /// Elements within elements.
    public var depth = 256
    /// Attributes of one element.
    public var attributes = 256
    /// Elements of the document.
    public var elements = 1_000_000

    /// The defaults, which suit a page of a thousand events.
    public init() {}
}

/// Why a document was refused.
public enum XMLFailure: Error, Equatable, Sendable {
    /// It isn't well-formed XML in UTF-8.
    case malformed(String, line: Int)
    /// It has a document type, and so could have entities; SOAP has neither.
    ///
    /// Spec: SOAP §3
    case documentType
    /// It has a processing instruction.
    ///
    /// Spec: SOAP §3
    case processingInstruction
    /// It is larger than a limit: `bytes`, `depth`, `attributes` or `elements`.
    case tooLarge(String)
}
