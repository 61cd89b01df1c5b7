public import HTTP

/// What a server does with the requests it reads.
///
/// Belongs to the server's loop, which makes all calls.
public protocol RequestHandler: AnyObject {
    /// Looks at a head before the body is read.
    ///
    /// - Returns: a response that refuses the request, or nothing to read on.
    func admit(_ head: RequestHead, _ message: Span<UInt8>, from peer: Peer) -> Response?

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - message: the octets that the head's ranges and `body` count in; gone after the call.
    ///   - exchange: what to give an answer to that isn't ready yet.
    /// - Returns: the response, or nothing if it will come by ``Exchange/complete(with:)``.
    func answer(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>, from peer: Peer,
        _ exchange: Exchange
    ) -> Response?

    /// Learns that the server itself refused a request, which is counted and logged.
    func refused(_ problem: Problem, from peer: Peer)
}

/// One request that waits for its answer.
///
/// Belongs to the server's loop. The peer may be gone by the time the answer comes; then it's
/// dropped.
public struct Exchange {
    let connection: Connection
    /// Of the connection's requests, or the stream.
    let number: Int
    /// Nanoseconds, as the loop has them.
    let began: Int

    /// Answers.
    public func complete(with response: Response) { connection.complete(self, with: response) }
}
