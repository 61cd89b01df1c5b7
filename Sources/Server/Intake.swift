internal import HTTP

/// What a connection reads its requests with; lent to it by the server, so that a connection that
/// waits for its next request needs no memory for it.
final class Intake {
    /// Both together, because they are always changed together.
    struct Parts {
        var buffer: ReadBuffer
        var reader: RequestReader
    }

    var parts: Parts
    private let bytes: Int

    /// Whether it can be lent again: nothing is left in it, and it wasn't made larger for a body.
    var isAsNew: Bool { parts.buffer.isEmpty && parts.buffer.octets.count == bytes }

    /// - Parameter bytes: the buffer's size.
    init(_ limits: ServerLimits, bytes: Int) {
        self.bytes = bytes
        parts = Parts(
            buffer: ReadBuffer(bytes: bytes),
            reader: RequestReader(
                limits: limits.head, bodyBytesLimit: limits.bodyBytes,
                chunkOverheadBytesLimit: limits.chunkOverheadBytes))
    }
}
