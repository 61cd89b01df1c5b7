internal import HTTP

/// What a connection reads its requests with; lent to it by the server, so that a connection that
/// waits for its next request needs no memory for it.
final class Intake {
    /// The octets of a buffer that wasn't made larger for a body.
    static let bufferBytes = 16 * 1024

    /// Both together, because they are always changed together.
    struct Parts {
        var buffer: ReadBuffer
        var reader: RequestReader
    }

    var parts: Parts

    /// Whether it can be lent again: nothing is left in it, and it's of the usual size.
    var isAsNew: Bool { parts.buffer.isEmpty && parts.buffer.octets.count == Self.bufferBytes }

    init(_ limits: ServerLimits) {
        parts = Parts(
            buffer: ReadBuffer(bytes: Self.bufferBytes),
            reader: RequestReader(
                limits: limits.head, bodyBytesLimit: limits.bodyBytes,
                chunkOverheadBytesLimit: limits.chunkOverheadBytes))
    }
}
